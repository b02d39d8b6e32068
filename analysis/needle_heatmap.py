#!/usr/bin/env python3
"""Heat maps of the results of `infinipot eval needle` or `eval passkey`, as in InfiniPot's Figures 4 and 5, and their table.

usage: analysis/needle_heatmap.py [--csv | --latex] RESULTS.jsonl... [FIGURE.svg]

A map for each method and haystack: lengths from left to right, depths from top to bottom, in each cell the mean
score in per cent. The table has a row for each map, with a column for each length (the mean over its depths).
Texts with several needles have no depth; they are in the table alone.
"""
import collections
import json
import sys

from figures import pyplot, save
from score_table import labels, method_settings, print_table, read_results


def task_of(path):
    with open(path, encoding="utf-8") as lines:
        return json.loads(lines.readline())["task"]


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
    values = list(values)
    return sum(values) / len(values)


def table(names, maps):
    lengths = sorted({length for cells in maps.values() for length, _ in cells})
    yield [*names, "haystack", *map(str, lengths)]
    for (row, haystack), cells in maps.items():
        by_length = {length: [each for (l, _), scores in cells.items() if l == length for each in scores]
                     for length in lengths}
        yield [*row, haystack, *(f"{100 * mean(each):.1f}" if each else "" for each in by_length.values())]


def draw(axes, cells):
    lengths = sorted({length for length, _ in cells})
    depths = sorted({depth for _, depth in cells})
    grid = [[100 * mean(cells.get((length, depth), [float("nan")])) for length in lengths] for depth in depths]
    image = axes.imshow(grid, vmin=0, vmax=100, cmap="RdYlGn", aspect="auto")
    axes.set_xticks(range(len(lengths)), [f"{length:,}" for length in lengths], rotation=45, fontsize=7)
    axes.set_yticks(range(len(depths)), [f"{depth:g}" for depth in depths], fontsize=7)
    return image


def plot(names, maps, file):
    maps = {key: cells for key, cells in maps.items() if all(depth is not None for _, depth in cells)}
    if not maps:
        sys.exit("there are no depths to draw")
    figure, all_axes = pyplot().subplots(len(maps), 1, figsize=(8, 2.2 * len(maps) + 0.6), squeeze=False,
                                         layout="constrained")
    for axes, ((row, haystack), cells) in zip(all_axes.flat, maps.items()):
        image = draw(axes, cells)
        axes.set_title(", ".join([*row, haystack]), fontsize=8)
        axes.set_ylabel("depth", fontsize=8)
    all_axes[-1, 0].set_xlabel("tokens", fontsize=8)
    figure.colorbar(image, ax=all_axes, label="score, %")
    save(figure, file)


def main(arguments):
    form = next((each for each in arguments if each in ("--csv", "--latex")), "")
    paths = [each for each in arguments if not each.startswith("--")]
    figure = paths.pop() if paths and paths[-1].endswith(".svg") else None
    if not paths or {each for each in arguments if each.startswith("--")} - {form}:
        sys.exit(__doc__.strip())
    results = {result["id"]: result for result in read_results(paths, task_of(paths[0]), ("id", "length"))}
    names, maps = maps_of(results.values())
    print_table(list(table(names, maps)), [form])
    if figure:
        plot(names, maps, figure)


if __name__ == "__main__":
    main(sys.argv[1:])
