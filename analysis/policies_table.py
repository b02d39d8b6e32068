#!/usr/bin/env python3
"""Prints a table of a folder of experiments/compare-policies.

A row is a method: keys found of keys hidden per length, perplexity of the last tokens of the book, speed of
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


def place_of(result, depths):
    """The length, and if depths are told apart the depth."""
    return (result["length"], result["depth"]) if depths else (result["length"],)


def table(results, names, depths):
    columns = sorted({place_of(r, depths) for rs in results["passkey"].values() for r in rs})
    yield ["method", *(" @ ".join([f"{place[0] // 1024}K", *map(str, place[1:])]) for place in columns),
           "perplexity", "read/s", "write/s", "KV MiB"]
    for name in names:
        keys, book, speed = (results[kind].get(name, []) for kind in ("passkey", "perplexity", "speed"))
        if not keys and not book and not speed:
            continue
        hidden = collections.Counter(place_of(r, depths) for r in keys)
        found = collections.Counter(place_of(r, depths) for r in keys if r["found"])
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
    parser.add_argument("--depths", action="store_true", help="a column for each length and depth")
    arguments = parser.parse_args()
    print_table(table(*read(arguments.folder), arguments.depths), arguments.form, arguments.transpose)


if __name__ == "__main__":
    main()
