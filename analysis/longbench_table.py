#!/usr/bin/env python3
"""One table of the results of `infinipot eval longbench`: a row per method, a column per task.

usage: analysis/longbench_table.py [--csv | --latex] [--common] [--levenshtein] RESULTS.jsonl...

A task's score is the mean of its items' in per cent. The average is the mean of the tasks' scores; it is left out
where a method lacks a task that another one has. Items with an error have no score and are counted apart. The
first columns name what the methods differ in.

  --csv          comma-separated values instead of Markdown
  --latex        a LaTeX tabular (booktabs)
  --common       only items that every method has a score for
  --levenshtein  code is compared with python-Levenshtein instead of difflib
"""
import json
import sys

from results import print_table

TASKS = ["narrativeqa", "qasper", "multifieldqa_en", "hotpotqa", "2wikimqa", "musique", "gov_report", "qmsum",
         "multi_news", "trec", "triviaqa", "samsum", "passage_count", "passage_retrieval_en", "lcc", "repobench-p"]


def read(paths):
    """Results by method, task and item: {method_id: {task: {item: result}}}. The last of a kind counts."""
    methods = {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    result = json.loads(line)
                    if result["task"] != "longbench":
                        continue
                    tasks = methods.setdefault(result["method_id"], {})
                    tasks.setdefault(result["dataset"], {})[result["item"]] = result
                except (json.JSONDecodeError, KeyError, TypeError):
                    sys.exit(f"{path}, line {number}: this is no result of infinipot eval longbench")
    if not methods:
        sys.exit("there are no results of infinipot eval longbench in " + ", ".join(paths))
    return methods


def score_of(result, levenshtein=False):
    """0 to 1; None for an item with an error."""
    return result.get("score_levenshtein" if levenshtein else "score", result.get("score"))


def settings(tasks):
    """What one method was, in words."""
    first = next(result for items in tasks.values() for result in items.values())
    asked = first["asked"]
    return {"model": first["model"],
            "policy": first["policy"],
            "mode": first["mode"],
            "catalyst": first["catalyst"],
            "schedule": first["schedule"],
            "positions": first["positions"],
            "framing": asked["framing"],
            "capacity": asked["capacity"],
            "retain": asked["retain"],
            "max length": first["max_length"] or "any",
            "cache": first.get("kv_type", "f16")}


def labels(methods):
    """The names of the first columns, and for each method what stands in them."""
    words = {method: settings(tasks) for method, tasks in methods.items()}
    names = ["policy", "mode"]
    names += [name for name in next(iter(words.values()))
              if name not in names and len({str(each[name]) for each in words.values()}) > 1]
    cells = {method: [str(each[name]) for name in names] for method, each in words.items()}
    if len({tuple(each) for each in cells.values()}) < len(cells):
        names.append("method")
        cells = {method: each + [method] for method, each in cells.items()}
    return names, cells


def keep_common(methods):
    """Takes out what not every method has a score for."""
    for task in TASKS:
        scored = [{item for item, result in tasks.get(task, {}).items() if "score" in result}
                  for tasks in methods.values()]
        common = set.intersection(*scored)
        for tasks in methods.values():
            tasks[task] = {item: result for item, result in tasks.get(task, {}).items() if item in common}


def warn_of_other_items(methods):
    for task in TASKS:
        items = {frozenset(item for item, result in tasks[task].items() if "score" in result)
                 for tasks in methods.values() if tasks.get(task)}
        if len(items) > 1:
            print(f"the scores of {task} are not of the same items: see --common", file=sys.stderr)


def rows(methods, names, cells, levenshtein):
    columns = [task for task in TASKS if any(tasks.get(task) for tasks in methods.values())]
    yield [*names, *columns, "average", "items", "errors"]
    for method, tasks in methods.items():
        scores = [[score_of(result, levenshtein) for result in tasks.get(task, {}).values()] for task in columns]
        n_errors = sum(each.count(None) for each in scores)
        scores = [[score for score in each if score is not None] for each in scores]
        of_tasks = [round(100 * sum(each) / len(each), 2) if each else None for each in scores]
        average = None if None in of_tasks else sum(of_tasks) / len(of_tasks)
        yield [*cells[method], *("" if score is None else f"{score:.2f}" for score in [*of_tasks, average]),
               str(sum(map(len, scores))), str(n_errors)]


def main(arguments):
    options = {each for each in arguments if each.startswith("--")}
    paths = [each for each in arguments if not each.startswith("--")]
    if not paths or options - {"--csv", "--latex", "--common", "--levenshtein"}:
        sys.exit(__doc__.strip())
    methods = read(paths)
    names, cells = labels(methods)
    if "--common" in options:
        keep_common(methods)
    warn_of_other_items(methods)
    table = list(rows(methods, names, cells, "--levenshtein" in options))
    print_table(table, next(iter(options & {"--csv", "--latex"}), ""))


if __name__ == "__main__":
    main(sys.argv[1:])
