#!/usr/bin/env python3
"""Prints a table of a folder of experiments/bench-vs-llama.

A row is a depth, of reading or of writing: medians of tokens/s over all rounds, and their ratio to llama.cpp's. n_kv
is the number of entries when InfiniPot had read; GB/s and GFLOP/s are InfiniPot's own. With --beside, two more columns
have InfiniPot's speed with the other type of weights, and the ratio of the model's own to it. The line above the table
has the fastest that the machine was measured to be. Empty cells were not measured.
"""
import collections
import json
import pathlib
import statistics

from figures import pyplot, save
from score_table import print_table, table_command_line

HEADS = ["", "depth", "llama.cpp tokens/s", "InfiniPot tokens/s", "ratio", "n_kv", "GFLOP/s or GB/s",
         "without eviction tokens/s", "ratio", "rounds"]
SPEED = {"prefill": "prefill_tokens_per_second", "decode": "decode_tokens_per_second"}
BESIDE_HEADS = ["other type tokens/s", "ratio"]
PROGRAMS = {"llama": "llama.cpp", "infinipot": "InfiniPot", "full": "InfiniPot without eviction"}
WORK = {"prefill": "prefill_gflops", "decode": "decode_gb_per_second"}


def measurements(folder):
    """{(what, depth, program): [the one object of each round's file]}"""
    found = collections.defaultdict(list)
    for path in sorted(pathlib.Path(folder).glob("*.*.*.*.json")):
        what, depth, program, _ = path.name.split(".", 3)
        found[what, int(depth), program] += json.loads(path.read_text(encoding="utf-8"))
    return found


def median(rows, key):
    return statistics.median(row[key] for row in rows) if rows else None


def number(value, digits=3):
    return "" if value is None else f"{value:.{digits}g}" if value < 1000 else f"{value:.0f}"


def ratio(value, base):
    return "" if value is None or not base else f"{value / base:.2f}"


def machine_line(rows):
    """The fastest of all measurements: what the machine can do when nothing else runs."""
    if not rows:
        return ""
    best = {name: max(row["machine"][name] for row in rows) for name in rows[0]["machine"]}
    text = (f'Threads of this machine: {rows[0]["threads"]}; triad {number(best["triad_gb_per_second"])} GB/s, '
            f'matrix product in F32 {number(best["f32_gflops"])} GFLOP/s')
    return text + (f', in Q8_0 {number(best["q8_0_gflops"])} GFLOP/s.\n' if best["q8_0_gflops"] else ".\n")


def name_of(what):
    return "reading" if what == "prefill" else "writing"


def table(found):
    is_beside = any(program == "beside" for _, _, program in found)
    yield HEADS + (BESIDE_HEADS if is_beside else [])
    cases = sorted({(what, depth) for what, depth, _ in found}, key=lambda case: (case[0] == "decode", case[1]))
    for what, depth in cases:
        llama, pot, full = (found[what, depth, program] for program in PROGRAMS)
        base, speed, whole = median(llama, "avg_ts"), median(pot, SPEED[what]), median(full, SPEED[what])
        yield [name_of(what), f"{depth:,}", number(base), number(speed), ratio(speed, base),
               number(median(pot, "n_kv"), 4), number(median(pot, WORK[what])), number(whole), ratio(whole, base),
               f"{min(len(llama), len(pot))}", *(beside(found, what, depth, speed) if is_beside else [])]


def beside(found, what, depth, speed):
    other = median(found[what, depth, "beside"], SPEED[what])
    return [number(other), ratio(speed, other)]


def plot(found, file):
    figure, panels = pyplot().subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for panel, what in zip(panels, SPEED):
        for program, label in PROGRAMS.items():
            rows = {depth: rows for (kind, depth, name), rows in found.items()
                    if rows and (kind, name) == (what, program)}
            key = "avg_ts" if program == "llama" else SPEED[what]
            depths = sorted(rows)
            if depths:
                panel.plot(depths, [median(rows[depth], key) for depth in depths], marker="o", label=label)
        panel.set(title=name_of(what), xlabel="tokens before", ylabel="tokens/s", ylim=(0, None))
        panel.legend()
    save(figure, file)


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="folder of WHAT.DEPTH.PROGRAM.ROUND.json files")
    parser.add_argument("--plot", metavar="FILE.svg", help="draw tokens/s against the depth")
    arguments = parser.parse_args()
    found = measurements(arguments.folder)
    print(machine_line([row for (_, _, program), rows in found.items() if program != "llama" for row in rows]))
    print_table(table(found), arguments.form, arguments.transpose)
    if arguments.plot:
        plot(found, arguments.plot)


if __name__ == "__main__":
    main()
