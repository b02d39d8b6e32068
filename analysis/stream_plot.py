#!/usr/bin/env python3
"""Prints a table of a folder of experiments/stream-perplexity and plots perplexity along the stream, a line per policy.

Points of the plot are geometric means of up to ten buckets.
"""
import math
import pathlib

from figures import pyplot, save
from score_table import print_table, table_command_line, whole_results


def results(folder):
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        for result in whole_results(path):
            yield path.stem, result


def table(curves):
    yield ["policy", "tokens", "perplexity", "of the last 2,000", "read tokens/s"]
    for name, r in sorted(curves.items(), key=lambda item: item[1]["perplexity_of_last"]):
        speed = r["tokens_read"] / r["prefill_seconds"]
        yield [name, f'{r["tokens_read"]:,}', f'{r["perplexity"]:.0f}', f'{r["perplexity_of_last"]:.0f}', f"{speed:.0f}"]


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


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="folder of POLICY.jsonl files")
    parser.add_argument("plot", metavar="PLOT.svg", nargs="?", help="where to draw [FOLDER/stream.svg]")
    arguments = parser.parse_args()
    curves = dict(results(arguments.folder))
    print_table(table(curves), arguments.form, arguments.transpose)
    draw(curves, arguments.plot or pathlib.Path(arguments.folder) / "stream.svg")


if __name__ == "__main__":
    main()
