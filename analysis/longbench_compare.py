#!/usr/bin/env python3
"""Whether one method of `infinipot eval longbench` is better than another, on the items that both have answered.

usage: analysis/longbench_compare.py A.jsonl B.jsonl [--methods ID_A ID_B] [--resamples N] [--seed N]

For each task, and for the mean of the tasks, the difference of the scores, B - A, in points of a hundred, and the
interval that 95 % of bootstrap samples of the paired items fall into: an interval without 0 speaks for a difference
that is not chance. Items are paired by task and id; those without a score in both are left out.

  --methods ID_A ID_B  the method_id of each, where a file has several
  --resamples N        bootstrap samples [10000]
  --seed N             of the bootstrap [1]
"""
import argparse
import random
import sys

from longbench_table import TASKS, read, settings


def method_of(path, wanted):
    methods = read([path])
    if wanted is None and len(methods) == 1:
        wanted = next(iter(methods))
    if wanted not in methods:
        known = "\n".join(f"  {method}  {each['policy']}, {each['mode']}, capacity {each['capacity']}"
                          for method, each in ((m, settings(tasks)) for m, tasks in methods.items()))
        sys.exit(f"{path} has these methods; choose one with --methods\n{known}")
    return methods[wanted]


def paired(a, b):
    """Scores of both by task: {task: [(score of A, score of B)]}, in points of a hundred."""
    pairs = {}
    for task in TASKS:
        for item, result in a.get(task, {}).items():
            other = b.get(task, {}).get(item)
            if other is None or "score" not in result or "score" not in other:
                continue
            if result["prompt"] != other["prompt"]:
                sys.exit(f"{task} {item} had another prompt in B than in A")
            pairs.setdefault(task, []).append((100 * result["score"], 100 * other["score"]))
    return pairs


def mean(values):
    return sum(values) / len(values)


def interval(samples):
    """Between the percentiles 2.5 and 97.5."""
    ordered = sorted(samples)
    last = len(ordered) - 1
    return ordered[round(0.025 * last)], ordered[round(0.975 * last)]


def bootstrap(differences, n, seed):
    """For each task the means of n samples of its differences, drawn with replacement. A task's samples do not
    depend on which other tasks there are."""
    samples = {}
    for task, values in differences.items():
        draw = random.Random(f"{seed} {task}")
        samples[task] = [mean(draw.choices(values, k=len(values))) for _ in range(n)]
    return samples


def line(name, n_items, a, b, difference, bounds):
    return f"| {name} | {n_items} | {a:.2f} | {b:.2f} | {difference:+.2f} | {bounds[0]:+.2f} to {bounds[1]:+.2f} |"


def main():
    parser = argparse.ArgumentParser(usage=argparse.SUPPRESS, description=__doc__.strip(),
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("b")
    parser.add_argument("--methods", nargs=2, default=(None, None))
    parser.add_argument("--resamples", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    a, b = (method_of(path, method) for path, method in zip((options.a, options.b), options.methods))
    pairs = paired(a, b)
    if not pairs:
        sys.exit("the two methods have no item in common")
    differences = {task: [y - x for x, y in each] for task, each in pairs.items()}
    samples = bootstrap(differences, options.resamples, options.seed)

    print("| task | items | A | B | B - A | 95 % |")
    print("|---|---|---|---|---|---|")
    for task, each in pairs.items():
        print(line(task, len(each), mean([x for x, _ in each]), mean([y for _, y in each]),
                   mean(differences[task]), interval(samples[task])))
    of_tasks = [(mean([x for x, _ in each]), mean([y for _, y in each])) for each in pairs.values()]
    print(line("mean of the tasks", sum(map(len, pairs.values())), mean([x for x, _ in of_tasks]),
               mean([y for _, y in of_tasks]), mean([y - x for x, y in of_tasks]),
               interval([mean(each) for each in zip(*samples.values())])))


if __name__ == "__main__":
    main()
