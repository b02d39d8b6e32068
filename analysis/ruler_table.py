#!/usr/bin/env python3
"""Prints a table of the results of `infinipot eval ruler`: a row per method and length, a column per task.

A task's score is the mean of its items' scores in per cent. The average is the mean of the tasks' scores; it is left
out if a row lacks a task that another one has. Items with an error have no score and are counted in a column of their
own. The first columns name the settings in which the methods differ. Tasks named stand_in are not RULER's, so averages
with them are not RULER's either.
"""
import sys

from score_table import cells_of, labels, method_settings, print_table, read_results, table_command_line, task_score

TASKS = ["niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2", "niah_multikey_3",
         "niah_multivalue", "niah_multiquery", "vt", "cwe", "fwe", "qa_1_stand_in", "qa_2_stand_in"]
DATA = ["haystack", "questions"]


def read(paths):
    """Results by method and length, by task, and by item: {(method_id, length): {task: {id: result}}}. The last of an
    id counts."""
    rows = {}
    for result in read_results(paths, "ruler"):
        tasks = rows.setdefault((result["method_id"], result["length"]), {})
        tasks.setdefault(result["dataset"], {})[result["id"]] = result
    return rows


def warn_of_other_data(rows):
    """A score means little beside one of another haystack."""
    for task in TASKS:
        results = [result for tasks in rows.values() for result in tasks.get(task, {}).values()]
        for kind in DATA:
            names = sorted({result[kind] for result in results if kind in result})
            if len(names) > 1:
                print(f"the scores of {task} are of different {kind}: {', '.join(names)}", file=sys.stderr)


def table_of(rows):
    first = {method: next(iter(next(iter(tasks.values())).values())) for (method, _), tasks in rows.items()}
    names, cells = labels({method: method_settings(result) for method, result in first.items()})
    columns = [task for task in TASKS if any(tasks.get(task) for tasks in rows.values())]
    yield [*names, "length", *columns, "average", "items", "errors"]
    order = list(first)
    for method, length in sorted(rows, key=lambda row: (order.index(row[0]), row[1])):
        results = [list(rows[method, length].get(task, {}).values()) for task in columns]
        scores = [[result["score"] for result in each if "score" in result] for each in results]
        n_scores = sum(map(len, scores))
        yield [*cells[method], str(length), *cells_of([task_score(each) for each in scores]),
               str(n_scores), str(sum(map(len, results)) - n_scores)]


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("results", metavar="RESULTS.jsonl", nargs="+", help="files of infinipot eval ruler --out")
    arguments = parser.parse_args()
    rows = read(arguments.results)
    warn_of_other_data(rows)
    print_table(table_of(rows), arguments.form, arguments.transpose)


if __name__ == "__main__":
    main()
