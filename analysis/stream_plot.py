#!/usr/bin/env python3
"""Plots perplexity along a stream, a line per policy, from the JSONL that experiments/stream-perplexity leaves.

usage: analysis/stream_plot.py FOLDER [PLOT.svg]

Points are means of up to ten buckets. Writes FOLDER/stream.svg unless another file is named, and prints the figures as a Markdown table.
"""
import json
import math
import pathlib
import sys

from figures import pyplot, save


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


def smooth(perplexities, width=10):
    """The geometric mean of each point and those before it, at most `width` of them."""
    logs = [math.log(p) for p in perplexities]
    near = (logs[max(0, i - width + 1) : i + 1] for i in range(len(logs)))
    return [math.exp(sum(part) / len(part)) for part in near]


def draw(curves, file):
    plot = pyplot()
    figure, axes = plot.subplots(figsize=(9, 5))
    colours = plot.get_cmap("tab20").colors
    for colour, (name, r) in zip(colours, curves.items()):
        bucket, points = r["bucket"], smooth(r["perplexity_of_buckets"])
        ends = [bucket * (i + 1) for i in range(len(points))]
        style = "-" if name.endswith("-ccd") else "--"
        axes.plot(ends, points, style, label=name, linewidth=3 if name == "full" else 1.2, color=colour)
    axes.set(xlabel="tokens read", ylabel="perplexity", yscale="log")
    axes.legend(fontsize=7, ncol=2)
    figure.tight_layout()
    save(figure, file)


def main(folder, file=None):
    curves = dict(results(folder))
    print_table(curves)
    draw(curves, file or pathlib.Path(folder) / "stream.svg")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
