#!/usr/bin/env python3
"""Prints a table of the results of `infinipot eval longbench`: a row per method, a column per task.

A task's score is the mean of its items' scores in per cent. The average is the mean of the tasks' scores; it is left
out if a method lacks a task that another one has. Items with an error have no score and are counted in a column of
their own. The first columns name the settings in which the methods differ.
"""
import sys

from score_table import cells_of, labels, method_settings, print_table, read_results, table_command_line, task_score

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


def main():
    parser = table_command_line(__doc__)
    parser.add_argument("results", metavar="RESULTS.jsonl", nargs="+", help="files of infinipot eval longbench --out")
    parser.add_argument("--common", action="store_true", help="only items for which every method has a score")
    parser.add_argument("--levenshtein", action="store_true",
                        help="compare code as python-Levenshtein does instead of difflib")
    arguments = parser.parse_args()
    methods = read(arguments.results)
    names, cells = labels({method: settings(tasks) for method, tasks in methods.items()})
    if arguments.common:
        keep_common(methods)
    warn_of_other_items(methods)
    print_table(rows(methods, names, cells, arguments.levenshtein), arguments.form, arguments.transpose)


if __name__ == "__main__":
    main()
