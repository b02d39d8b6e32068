#!/usr/bin/env python3
"""Prints the table of a folder of experiments/efficiency and draws FOLDER/efficiency.svg.

A row is a method and a length, with means and standard deviations over the runs: wall clock of reading, question and
answer; TTFT, from the question to the first token of its answer; tokens read and written per second; bytes of the KV
cache; peak memory of the program.
"""
import collections
import json
import pathlib
import statistics
import sys

from figures import pyplot, save
from score_table import lines_of, print_table, table_command_line

MIB = 2**20

MEASURES = {
    "wall s": lambda r: r["prefill_seconds"] + r["ttft_seconds"] + r["tokens_written"] / r["decode_tokens_per_second"],
    "TTFT s": lambda r: r["ttft_seconds"],
    "read/s": lambda r: r["prefill_tokens_per_second"],
    "write/s": lambda r: r["decode_tokens_per_second"],
    "KV MiB": lambda r: r["pot_bytes"] / MIB,
    "peak MiB": lambda r: r["peak_rss_bytes"] / MIB,
}


def read(folder):
    """{method: {length: [result of each run]}}"""
    methods = collections.defaultdict(lambda: collections.defaultdict(list))
    for file in sorted(pathlib.Path(folder).glob("*.jsonl")):
        name = file.name.split(".")[0]
        for number, line in lines_of(file):
            try:
                result = json.loads(line)
                methods[name][result["length"]].append({each: of(result) for each, of in MEASURES.items()})
            except (json.JSONDecodeError, KeyError, TypeError):
                sys.exit(f"{file}, line {number}: this is no row of infinipot bench")
    if not methods:
        sys.exit(f"there are no rows of infinipot bench in {folder}")
    return methods


def mean_and_deviation(values):
    """Mean and standard deviation, which is 0 for a single run."""
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def cell(values):
    mean, deviation = mean_and_deviation(values)
    digits = 0 if mean >= 100 else 1 if mean >= 10 else 2
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}" if deviation else f"{mean:.{digits}f}"


def table(methods):
    yield ["method", "tokens", "runs", *MEASURES]
    for name, lengths in methods.items():
        for length, runs in sorted(lengths.items()):
            yield [name, f"{length:,}", str(len(runs)), *(cell([run[each] for run in runs]) for each in MEASURES)]


def draw(methods, file):
    figure, axes = pyplot().subplots(2, 3, figsize=(12, 6), layout="constrained")
    for measure, axis in zip(MEASURES, axes.flat):
        for name, lengths in methods.items():
            points = sorted(lengths)
            means, deviations = zip(*(mean_and_deviation([run[measure] for run in lengths[each]])
                                      for each in points))
            axis.errorbar(points, means, deviations, marker="o", markersize=3, label=name)
        axis.set(title=measure, xlabel="tokens", xscale="log", ylim=(0, None))
        axis.set_xticks(sorted({each for lengths in methods.values() for each in lengths}))
        axis.xaxis.set_major_formatter(lambda value, _: f"{value / 1024:g}K")
        axis.minorticks_off()
    axes[0, 0].legend(fontsize=8)
    save(figure, file)


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="folder of METHOD.RUN.jsonl files")
    arguments = parser.parse_args()
    methods = read(arguments.folder)
    print_table(table(methods), arguments.form, arguments.transpose)
    draw(methods, pathlib.Path(arguments.folder) / "efficiency.svg")


if __name__ == "__main__":
    main()
