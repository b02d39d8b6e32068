#!/usr/bin/env python3
"""Prints the scores of `infinipot eval needle` or `eval passkey`, and draws heat maps as in Figures 4 and 5 of the paper.

A row is a method and a haystack; a column is a length, or with --depths a length and a depth. A cell has the sum of
the scores (the number of keys found) and the number of texts. The figure has a map for each row, lengths from left to
right and depths from top to bottom, of mean scores in per cent. Texts with several needles have no depth and are in
the table alone.
"""
import collections
import json
import sys
import textwrap

from figures import pyplot, save
from score_table import labels, method_settings, print_table, read_results, table_command_line


def score(result):
    return result["score"] if "score" in result else float(result["found"])


def maps_of(results):
    """{(words of the method, haystack): {(length, depth): [scores]}}, and what the words are."""
    settings = {json.dumps(method_settings(result)): method_settings(result) for result in results}
    names, words = labels(settings)
    maps = collections.defaultdict(lambda: collections.defaultdict(list))
    for result in results:
        if "error" in result:
            continue
        row = tuple(words[json.dumps(method_settings(result))])
        haystack = result.get("haystack", result.get("format", ""))
        if result.get("needles", 1) > 1:
            haystack += f', {result["needles"]} needles'
        maps[row, haystack][result["length"], result.get("depth")].append(score(result))
    return names, maps


def mean(values):
    return sum(values) / len(values)


def table(names, maps, with_depths):
    def heading(place):
        length, depth = place
        return f"{length} @ {depth:g}" if with_depths and depth is not None else str(length)

    places = {place for cells in maps.values() for place in cells}
    columns = dict.fromkeys(map(heading, sorted(places, key=lambda place: (place[0], place[1] or 0))))
    yield [*names, "haystack", *columns]
    for (row, haystack), cells in maps.items():
        below = {column: [] for column in columns}
        for place, scores in cells.items():
            below[heading(place)] += scores
        yield [*row, haystack, *(f"{sum(each):.3g}/{len(each)}" if each else "" for each in below.values())]


def draw(axes, cells, lengths, depths):
    """What was found at each length and depth, with the number of texts in it; grey where nothing was hidden."""
    grid = [[100 * mean(cells.get((length, depth), [float("nan")])) for length in lengths] for depth in depths]
    image = axes.imshow(grid, vmin=0, vmax=100, cmap="RdYlGn", aspect="auto")
    axes.set_facecolor("lightgrey")
    for (length, depth), scores in cells.items():
        axes.text(lengths.index(length), depths.index(depth), f"{sum(scores):.3g}/{len(scores)}", fontsize=7,
                  horizontalalignment="center", verticalalignment="center")
    axes.set_xticks(range(len(lengths)), [f"{length:,}" for length in lengths], fontsize=7)
    axes.set_yticks(range(len(depths)), [f"{depth:g}" for depth in depths], fontsize=7)
    return image


def title(names, row, haystack):
    """The method, of whose settings those are named that say nothing by themselves."""
    words = [word if name in ("policy", "mode", "end") else f"{name} {word}" for name, word in zip(names, row) if word]
    return textwrap.fill(", ".join([*words, haystack]), 110, break_on_hyphens=False)


def plot(names, maps, file):
    maps = {key: cells for key, cells in maps.items() if all(depth is not None for _, depth in cells)}
    if not maps:
        sys.exit("there are no depths to draw")
    lengths, depths = (sorted(set(each)) for each in zip(*(place for cells in maps.values() for place in cells)))
    figure, all_axes = pyplot().subplots(len(maps), 1, figsize=(8, (0.9 + 0.3 * len(depths)) * len(maps) + 0.4),
                                         squeeze=False, sharex=True, layout="constrained")
    for axes, ((row, haystack), cells) in zip(all_axes.flat, maps.items()):
        image = draw(axes, cells, lengths, depths)
        axes.set_title(title(names, row, haystack), fontsize=8)
        axes.set_ylabel("depth", fontsize=8)
    all_axes[-1, 0].set_xlabel("tokens", fontsize=8)
    figure.colorbar(image, ax=all_axes, label="score, %")
    save(figure, file)


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("files", metavar="FILE", nargs="+",
                        help="RESULTS.jsonl of infinipot eval --out; a last file named *.svg is the figure to write")
    parser.add_argument("--depths", action="store_true", help="a column for each length and depth")
    arguments = parser.parse_args()
    paths = arguments.files
    figure = paths.pop() if paths[-1].endswith(".svg") else None
    if not paths:
        parser.error("there are no RESULTS.jsonl")
    results = {result["id"]: result for result in read_results(paths, "needle", "passkey", keys=("id", "length"))}
    names, maps = maps_of(results.values())
    print_table(table(names, maps, arguments.depths), arguments.form, arguments.transpose)
    if figure:
        plot(names, maps, figure)


if __name__ == "__main__":
    main()
