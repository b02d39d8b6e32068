#!/usr/bin/env python3
"""One Markdown table of the results that experiments/compare-policies leaves in a folder.

usage: analysis/policies_table.py FOLDER

A row per method: keys found of keys hidden per length and depth, perplexity of the last tokens of the book,
speed of reading the beginning of that book and of writing, memory of the pot. Empty cells were not run.
"""
import collections
import json
import pathlib
import sys


def lines(path):
    for line in path.open(encoding="utf-8"):
        if line.endswith("\n"):
            yield json.loads(line)


def main(folder):
    results, names = collections.defaultdict(dict), []
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        name, kind = path.name.rsplit(".", 2)[:2]
        results[kind][name] = list(lines(path))
        if name not in names:
            names.append(name)
    columns = sorted({(r["length"], r["depth"]) for rs in results["passkey"].values() for r in rs})
    heads = ["method", *(f"{length // 1024}K @ {depth}" for length, depth in columns),
             "perplexity", "read tokens/s", "write tokens/s", "KV MiB"]
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for name in names:
        keys, book, speed = (results[kind].get(name, []) for kind in ("passkey", "perplexity", "speed"))
        if not keys and not book and not speed:
            continue
        hidden = collections.Counter((r["length"], r["depth"]) for r in keys)
        found = collections.Counter((r["length"], r["depth"]) for r in keys if r["found"])
        cells = [f"{found[c]}/{hidden[c]}" if hidden[c] else "" for c in columns]
        cells.append(f'{book[0]["perplexity_of_last"]:.2f}' if book else "")
        for rate in ("prefill_tokens_per_second", "decode_tokens_per_second"):
            cells.append(f"{speed[0][rate]:.1f}" if speed else "")
        pots = sorted({round(r["pot_bytes"] / 2**20) for r in keys + book or speed if "pot_bytes" in r})
        cells.append(" to ".join(str(pot) for pot in [pots[0], pots[-1]][: len(pots)]))
        print("| " + " | ".join([name, *cells]) + " |")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    main(sys.argv[1])
