#!/usr/bin/env python3
"""Plots perplexity along a stream, a line per policy, from the JSONL that scripts/stream-perplexity leaves.

usage: analysis/stream_plot.py FOLDER [PLOT.svg]

Writes FOLDER/stream.svg unless another file is named, and prints the figures as a Markdown table.
"""
import json
import pathlib
import sys


def results(folder):
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            if line.endswith("\n"):
                yield path.stem, json.loads(line)


def print_table(curves):
    print("| policy | tokens | perplexity | of the last 2,000 | read tokens/s |")
    print("|---|---|---|---|---|")
    for name, r in sorted(curves.items(), key=lambda item: item[1]["perplexity_of_last"]):
        speed = r["tokens_read"] / r["prefill_seconds"]
        print(f'| {name} | {r["tokens_read"]:,} | {r["perplexity"]:.0f} | {r["perplexity_of_last"]:.0f} '
              f"| {speed:.0f} |")


def plot(curves, file):
    try:
        import matplotlib
    except ImportError:
        sys.exit("stream_plot.py: matplotlib is missing; on Debian install python3-matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "infinipot"  # the same data give the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5))
    for name, r in curves.items():
        bucket = r["bucket"]
        ends = [bucket * (i + 1) for i in range(len(r["perplexity_of_buckets"]))]
        style = "-" if name.endswith("-ccd") else "--"
        axes.plot(ends, r["perplexity_of_buckets"], style, label=name, linewidth=1)
    axes.set(xlabel="tokens read", ylabel="perplexity of 1,000 tokens", yscale="log", xscale="log")
    axes.legend(fontsize=7, ncol=2)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main(folder, file=None):
    curves = dict(results(folder))
    print_table(curves)
    plot(curves, file or pathlib.Path(folder) / "stream.svg")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
