#!/usr/bin/env python3
"""One Markdown table of the results that scripts/compare-policies leaves in a folder.

usage: analysis/policies_table.py FOLDER

A row per method: keys found of keys hidden per length and depth, perplexity of the last tokens of the book,
speed of reading (that book's) and of writing, memory of the pot. Empty cells were not run.
"""
import collections
import json
import pathlib
import sys


def lines(path):
    for line in path.open(encoding="utf-8"):
        if line.endswith("\n"):
            yield json.loads(line)


def rate(count, seconds):
    return f"{count / seconds:.3g}" if seconds > 0 else ""


def main(folder):
    passkeys, perplexities, names = {}, {}, []
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        name, kind = path.name.rsplit(".", 2)[:2]
        (passkeys if kind == "passkey" else perplexities)[name] = list(lines(path))
        if name not in names:
            names.append(name)
    columns = sorted({(r["length"], r["depth"]) for rs in passkeys.values() for r in rs})
    heads = ["method", *(f"{length // 1024}K @ {depth}" for length, depth in columns),
             "perplexity", "read tokens/s", "write tokens/s", "KV MiB"]
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for name in names:
        keys = passkeys.get(name, [])
        book = perplexities.get(name, [])
        if not keys and not book:
            continue
        hidden = collections.Counter((r["length"], r["depth"]) for r in keys)
        found = collections.Counter((r["length"], r["depth"]) for r in keys if r["found"])
        timed = book or [r for r in keys if r.get("decode_seconds")]
        cells = [f"{found[c]}/{hidden[c]}" if hidden[c] else "" for c in columns]
        cells.append(f'{book[0]["perplexity_of_last"]:.2f}' if book else "")
        cells.append(rate(sum(r["tokens_read"] for r in timed), sum(r["prefill_seconds"] for r in timed)))
        cells.append(rate(sum(r["tokens_generated"] for r in timed), sum(r["decode_seconds"] for r in timed)))
        pots = sorted({round(r["pot_bytes"] / 2**20) for r in keys + book if "pot_bytes" in r})
        cells.append(" to ".join(str(pot) for pot in [pots[0], pots[-1]][: len(pots)]))
        print("| " + " | ".join([name, *cells]) + " |")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    main(sys.argv[1])
