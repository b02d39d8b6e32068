#!/usr/bin/env python3
"""Prints a table of a folder of experiments/ablations.

A row is a method; a column is an experiment and a length or task. Scores are means in per cent. An item with an
error has no score; the last column counts these items.
"""
import collections
import json
import pathlib
import sys

from score_table import lines_of, print_table, table_command_line


def column(result):
    where = result.get("length") if result["task"] != "longbench" else result["dataset"]
    return result["task"], where


def score(result):
    return float(result["found"]) if "found" in result else result.get("score")


def read(folder):
    """{method: {(experiment, length or task): {id: score}}}, methods as their files were written."""
    methods = collections.defaultdict(lambda: collections.defaultdict(dict))
    files = sorted(pathlib.Path(folder).glob("*.jsonl"), key=lambda file: file.name)
    for file in files:
        name = file.name.rsplit(".", 2)[0]
        for number, line in lines_of(file):
            try:
                result = json.loads(line)
                methods[name][column(result)][result["id"]] = score(result)
            except (json.JSONDecodeError, KeyError, TypeError):
                sys.exit(f"{file}, line {number}: this is no result of an experiment")
    if not methods:
        sys.exit(f"there are no results in {folder}")
    return methods


def table(methods):
    columns = sorted({each for results in methods.values() for each in results}, key=lambda each: (each[0], str(each[1])))
    yield ["method", *(f"{experiment} {where}" for experiment, where in columns), "items", "errors"]
    for name, results in methods.items():
        cells = []
        for each in columns:
            scores = [value for value in results.get(each, {}).values() if value is not None]
            cells.append(f"{100 * sum(scores) / len(scores):.1f}" if scores else "")
        values = [value for each in results.values() for value in each.values()]
        yield [name, *cells, str(len(values) - values.count(None)), str(values.count(None))]


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="folder of NAME.EXPERIMENT.jsonl files")
    arguments = parser.parse_args()
    print_table(table(read(arguments.folder)), arguments.form, arguments.transpose)


if __name__ == "__main__":
    main()
