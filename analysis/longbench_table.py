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
import sys

from score_table import cells_of, labels, method_settings, print_table, read_results, task_score

TASKS = ["narrativeqa", "qasper", "multifieldqa_en", "hotpotqa", "2wikimqa", "musique", "gov_report", "qmsum",
         "multi_news", "trec", "triviaqa", "samsum", "passage_count", "passage_retrieval_en", "lcc", "repobench-p"]


def read(paths):
    """Results by method, task and item: {method_id: {task: {item: result}}}. The last of a kind counts."""
    methods = {}
    for result in read_results(paths, "longbench"):
        tasks = methods.setdefault(result["method_id"], {})
        tasks.setdefault(result["dataset"], {})[result["item"]] = result
    return methods


def score_of(result, levenshtein=False):
    """0 to 1; None for an item with an error."""
    return result.get("score_levenshtein" if levenshtein else "score", result.get("score"))


def settings(tasks):
    """What one method was, in words."""
    first = next(result for items in tasks.values() for result in items.values())
    return {**method_settings(first), "max length": first["max_length"] or "any"}


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
        yield [*cells[method], *cells_of([task_score(each) for each in scores]),
               str(sum(map(len, scores))), str(n_errors)]


def main(arguments):
    options = {each for each in arguments if each.startswith("--")}
    paths = [each for each in arguments if not each.startswith("--")]
    if not paths or options - {"--csv", "--latex", "--common", "--levenshtein"}:
        sys.exit(__doc__.strip())
    methods = read(paths)
    names, cells = labels({method: settings(tasks) for method, tasks in methods.items()})
    if "--common" in options:
        keep_common(methods)
    warn_of_other_items(methods)
    print_table(list(rows(methods, names, cells, "--levenshtein" in options)), options)


if __name__ == "__main__":
    main(sys.argv[1:])
