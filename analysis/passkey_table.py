#!/usr/bin/env python3
"""One Markdown table from the JSONL files of `infinipot eval passkey`.

usage: analysis/passkey_table.py RESULTS.jsonl...

A row per policy, catalyst and pot, a column per length and depth, in each cell keys found of keys hidden.
"""
import collections
import json
import sys


def method(result):
    pot = f'{result["budget"]["capacity"]} / {result["budget"]["retain"]}'
    if "kv_type" in result:  # f16 where nothing is said
        pot += f' {result["kv_type"]}'
    catalyst = result["catalyst"] if "infinipot" in result["policy"] else "-"
    return (result["policy"], catalyst, result["positions"], result["framing"], pot)


def main(paths):
    found = collections.Counter()
    hidden = collections.Counter()
    seen = set()
    for path in paths:
        for line in open(path, encoding="utf-8"):
            result = json.loads(line)
            if result["task"] != "passkey" or result["id"] in seen:
                continue
            seen.add(result["id"])
            cell = (method(result), (result["length"], result["depth"]))
            hidden[cell] += 1
            found[cell] += result["found"]
    columns = sorted({where for _, where in hidden})
    heads = ["policy", "catalyst", "positions", "framing", "pot / retain"]
    heads += [f"{length} @ {depth}" for length, depth in columns]
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in dict.fromkeys(name for name, _ in hidden):
        cells = [f"{found[row, c]}/{hidden[row, c]}" if hidden[row, c] else "" for c in columns]
        print("| " + " | ".join([*row, *cells]) + " |")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    main(sys.argv[1:])
