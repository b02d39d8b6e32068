#!/usr/bin/env python3
"""Prints a table of a folder of experiments/compare-policies.

A row is a method: keys found of keys hidden per length and depth, perplexity of the last tokens of the book, speed of
reading the beginning of that book and of writing, memory of the KV cache. Empty cells were not measured.
"""
import collections
import pathlib

from score_table import print_table, table_command_line, whole_results


def read(folder):
    """{experiment: {method: [result]}}, and the methods in the order of their files."""
    results, names = collections.defaultdict(dict), []
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        name, kind = path.name.rsplit(".", 2)[:2]
        results[kind][name] = list(whole_results(path))
        if name not in names:
            names.append(name)
    return results, names


def table(results, names):
    columns = sorted({(r["length"], r["depth"]) for rs in results["passkey"].values() for r in rs})
    yield ["method", *(f"{length // 1024}K @ {depth}" for length, depth in columns),
           "perplexity", "read tokens/s", "write tokens/s", "KV MiB"]
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
        yield [name, *cells]


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="folder of METHOD.EXPERIMENT.jsonl files")
    arguments = parser.parse_args()
    print_table(table(*read(arguments.folder)), arguments.form)


if __name__ == "__main__":
    main()
