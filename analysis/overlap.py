#!/usr/bin/env python3
"""Compares the tokens that heads keep, as in Figures 2 and 3 of the paper.

  analysis/overlap.py hits GLOBAL.json RUN.json... [--plot FILE.svg]
  analysis/overlap.py novelty WITHOUT.json WITH.json [--plot FILE.svg]

The files are of `infinipot inspect --json`; all files of one call have the same text, model and --retain.

hits     Figure 2: the share of the globally kept tokens that each head holds after its last distillation. Only tokens
         that had been read by then count: later ones are in the KV cache in any case.
         GLOBAL is a reading that evicts nothing before its end: --schedule at-end with a capacity that the text fits.
         Its heads vote, and the tokens with most votes are the globally kept ones. The plot has the hit rate of each
         layer, and the positions that the heads of the first and the last layer keep.
novelty  Figure 3: after each distillation, the share of the tokens of a head with novelty that the head holds without
         novelty as well, and the sum of their surprisal compared with the largest that as many tokens can have.

For instance, with a text of 1,500 tokens:

  infinipot inspect -f TEXT --capacity 512 --retain 256 --end retain --question Q --json > ccd.json
  infinipot inspect -f TEXT --capacity 2048 --retain 256 --schedule at-end --question Q --json > global.json \\
      --catalyst question --policy infinipot:novelty=0
"""
import json
import pathlib
import sys

from figures import pyplot, save
from score_table import command_line, print_table

BINS = 50  # of the plot of positions


def mean(values):
    values = list(values)
    return sum(values) / len(values)


class Reading:
    """One file of `infinipot inspect --json`."""

    def __init__(self, path):
        self.name = pathlib.Path(path).stem
        try:
            data = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
            self.ids = [token["id"] for token in data["tokens"]]
            self.nats = [token["surprisal"] for token in data["tokens"]]
            self.read_at, self.layers, self.retain = data["tokens_read_at"], data["left_at"], data["budget"]["retain"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.exit(f"{path} is no file of infinipot inspect --json: {error}")
        if not self.read_at:
            sys.exit(f"{path}: nothing was distilled")

    @property
    def last(self):
        return len(self.read_at)

    def held(self, left, k):
        """Positions that a head holds right after the k-th distillation."""
        return {at for at, gone in enumerate(left[:self.read_at[k - 1]]) if gone == 0 or gone > k}

    def heads(self, k):
        return [self.held(left, k) for layer in self.layers for left in layer]


def require_alike(readings):
    first = readings[0]
    for other in readings[1:]:
        if other.ids != first.ids:
            sys.exit(f"{other.name} is of another text than {first.name}")
        if len(other.layers) != len(first.layers) or len(other.layers[0]) != len(first.layers[0]):
            sys.exit(f"{other.name} is of another model than {first.name}")
        if other.retain != first.retain:
            sys.exit(f"{other.name} retains {other.retain} entries, {first.name} {first.retain}")


def globally_kept(reading):
    if reading.last != 1 or reading.read_at[0] < len(reading.ids):
        sys.exit(f"{reading.name} distilled before all was read; it wants --schedule at-end")
    votes = [0] * len(reading.ids)
    for held in reading.heads(1):
        for at in held:
            votes[at] += 1
    n = round(mean(len(held) for held in reading.heads(1)))
    return set(sorted(range(len(votes)), key=lambda at: (votes[at], at))[-n:])


def hit_rates(reading, wanted):
    """[layer][head]"""
    wanted = {at for at in wanted if at < reading.read_at[-1]}
    if not wanted:
        sys.exit(f"global scoring keeps nothing of what {reading.name} distilled")
    return [[len(reading.held(left, reading.last) & wanted) / len(wanted) for left in layer]
            for layer in reading.layers]


def hits_table(rates):
    yield ["reading", "hit rate", "lowest head", "highest head"]
    for name, layers in rates.items():
        heads = [rate for layer in layers for rate in layer]
        yield [name, f"{mean(heads):.1%}", f"{min(heads):.1%}", f"{max(heads):.1%}"]


def finish(figure, all_axes, file):
    for axes in all_axes:
        axes.legend(fontsize=8)
    figure.tight_layout()
    save(figure, file)


def plot_hits(readings, rates, file):
    figure, (top, first, last) = pyplot().subplots(3, 1, figsize=(9, 9))
    for name, layers in rates.items():
        top.plot(range(len(layers)), [mean(layer) for layer in layers], marker="o", markersize=3, label=name)
    top.set(xlabel="layer", ylabel="hit rate", ylim=(0, 1))
    for axes, il in ((first, 0), (last, len(readings[0].layers) - 1)):
        for reading in readings:
            at = [at for left in reading.layers[il] for at in reading.held(left, reading.last)]
            axes.hist(at, BINS, (0, len(reading.ids)), histtype="step", label=reading.name)
        axes.set(xlabel="position", ylabel=f"entries kept in layer {il}")
    finish(figure, (top, first, last), file)


def require_retained(reading):
    """Whoever keeps more hits more."""
    most = max(len(held) for held in reading.heads(reading.last))
    if most > reading.retain:
        sys.exit(f"{reading.name} holds {most} entries after its last distillation and not {reading.retain}; "
                 "it wants --end retain")


def hits(files, file):
    readings = [Reading(path) for path in files]
    require_alike(readings)
    for reading in readings:
        require_retained(reading)
    wanted = globally_kept(readings[0])
    rates = {reading.name: hit_rates(reading, wanted) for reading in readings}
    print_table(hits_table(rates))
    if file:
        plot_hits(readings, rates, file)


def sum_of_nats(reading, k):
    """Mean over heads."""
    return mean(sum(reading.nats[at] for at in held if at < len(reading.nats)) for held in reading.heads(k))


def largest_sum(reading, k):
    return sum(sorted(reading.nats[:reading.read_at[k - 1]])[-reading.retain:])


def novelty_rows(without, with_novelty):
    for k in range(1, without.last + 1):
        pairs = zip(without.heads(k), with_novelty.heads(k))
        yield (k, without.read_at[k - 1], mean(len(a & b) / len(b) for a, b in pairs), sum_of_nats(without, k),
               sum_of_nats(with_novelty, k), largest_sum(without, k))


def novelty_table(rows, names):
    yield ["distillation", "tokens read", "overlap", f"nats, {names[0]}", f"nats, {names[1]}", "nats, global"]
    for k, n_read, overlap, *sums in rows:
        yield [str(k), f"{n_read:,}", f"{overlap:.1%}", *(f"{nats:.0f}" for nats in sums)]


def plot_novelty(rows, names, file):
    figure, (top, bottom) = pyplot().subplots(2, 1, figsize=(9, 7), sharex=True)
    columns = list(zip(*rows))
    top.plot(columns[0], columns[2], marker="o", label=f"{names[0]} and {names[1]}")
    top.set(ylabel="share kept by both", ylim=(0, 1))
    for name, sums in zip((*names, "global"), columns[3:]):
        bottom.plot(columns[0], sums, marker="o", markersize=3, label=name)
    bottom.set(xlabel="distillation", ylabel="nats kept, sum", ylim=(0, None))
    finish(figure, (top, bottom), file)


def novelty(files, file):
    if len(files) != 2:
        sys.exit("novelty wants two files, WITHOUT.json and WITH.json")
    readings = [Reading(path) for path in files]
    require_alike(readings)
    if readings[0].read_at != readings[1].read_at:
        sys.exit("the two readings distilled at different places")
    rows, names = list(novelty_rows(*readings)), [reading.name for reading in readings]
    print_table(novelty_table(rows, names))
    if file:
        plot_novelty(rows, names, file)


def main():
    parser = command_line(__doc__)
    parser.add_argument("figure", choices=("hits", "novelty"), help="what to compare")
    parser.add_argument("files", metavar="FILE.json", nargs="+", help="files of infinipot inspect --json")
    parser.add_argument("--plot", metavar="FILE.svg", help="draw the comparison")
    arguments = parser.parse_args()
    {"hits": hits, "novelty": novelty}[arguments.figure](arguments.files, arguments.plot)


if __name__ == "__main__":
    main()
