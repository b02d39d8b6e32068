"""Shared by the scripts that print tables: command lines, results by method, and the forms of a table."""
import argparse
import csv
import json
import sys


def command_line(documentation):
    """A parser whose help is a script's documentation."""
    return argparse.ArgumentParser(description=documentation.strip(), formatter_class=argparse.RawDescriptionHelpFormatter)


def table_command_line(documentation):
    """A parser with the forms of a table that print_table() knows."""
    parser = command_line(documentation)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", default="markdown",
                      help="print comma-separated values instead of Markdown")
    form.add_argument("--latex", dest="form", action="store_const", const="latex",
                      help="print a LaTeX tabular (booktabs) instead of Markdown")
    parser.add_argument("--transpose", action="store_true", help="a column per method instead of a row")
    return parser


def lines_of(path):
    """The lines of a text file and their numbers, from 1."""
    try:
        with open(path, encoding="utf-8") as lines:
            yield from enumerate(lines, 1)
    except OSError as error:
        sys.exit(f"cannot read {path}: {error.strerror}")
    except UnicodeDecodeError:
        sys.exit(f"{path} is not UTF-8")


def whole_results(path):
    """The JSON object of each line, without a last line that was cut off."""
    for number, line in lines_of(path):
        if line.endswith("\n"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                sys.exit(f"{path}, line {number}: this is not JSON")


def read_results(paths, *experiments, keys=("method_id", "dataset", "item")):
    """The results of `infinipot eval EXPERIMENT` in the files, in their order, all of which have the keys."""
    wanted = "infinipot eval " + " or ".join(experiments)
    n_results = 0
    for path in paths:
        for number, line in lines_of(path):
            try:
                result = json.loads(line)
                if result["task"] not in experiments:
                    continue
                for key in keys:
                    result[key]
            except (json.JSONDecodeError, KeyError, TypeError):
                sys.exit(f"{path}, line {number}: this is no result of {wanted}")
            n_results += 1
            yield result
    if n_results == 0:
        sys.exit(f"there are no results of {wanted} in " + ", ".join(paths))


def method_settings(result):
    """What the method of a result was, in words."""
    asked = result.get("asked", result.get("budget"))
    return {"model": result["model"],
            "policy": result["policy"],
            "mode": result.get("mode", ""),
            "catalyst": result["catalyst"],
            "schedule": result["schedule"],
            "positions": result["positions"],
            "framing": asked.get("framing", result.get("framing")),
            "capacity": asked["capacity"],
            "retain": asked["retain"],
            "reserve": asked.get("reserve"),
            "end": "filled" if asked.get("fill") else "",
            "focus": result.get("focus", 0),
            "protected": f'{asked.get("protect_first")}, {asked.get("protect_recent")}',
            "cache": result.get("kv_type", "f16")}


def labels(words):
    """Given the settings of each method, the names of the first columns, and for each method what stands in them:
    policy, mode, and what else the methods differ in."""
    names = ["policy", "mode"]
    names += [name for name in next(iter(words.values()))
              if name not in names and len({str(each[name]) for each in words.values()}) > 1]
    cells = {method: [str(each[name]) for name in names] for method, each in words.items()}
    if len({tuple(each) for each in cells.values()}) < len(cells):
        names.append("method")
        cells = {method: each + [method] for method, each in cells.items()}
    return names, cells


def task_score(scores):
    """The mean in per cent; None of none."""
    return round(100 * sum(scores) / len(scores), 2) if scores else None


def cells_of(task_scores):
    """The scores of all tasks and their average, which is left out where a task has none."""
    average = None if None in task_scores else sum(task_scores) / len(task_scores)
    return ["" if score is None else f"{score:.2f}" for score in [*task_scores, average]]


def markdown(table):
    lines = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def latex(table):
    escaped = str.maketrans({each: "\\" + each for each in "_%&#$"})
    lines = [" & ".join(cell.translate(escaped) for cell in row) + " \\\\" for row in table]
    body = "\n".join([lines[0], "\\midrule", *lines[1:]])
    return f"\\begin{{tabular}}{{{'l' * len(table[0])}}}\n\\toprule\n{body}\n\\bottomrule\n\\end{{tabular}}"


def print_table(table, form="markdown", transpose=False):
    """Prints rows of cells, the heading first; `form` is markdown, csv or latex."""
    table = list(table)
    if transpose:
        table = list(zip(*table))
    if form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(table)
    else:
        print({"markdown": markdown, "latex": latex}[form](table))
