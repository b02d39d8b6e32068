"""What the scripts beside this one share: reading the JSONL of `infinipot eval`, and tables."""
import csv
import json
import sys


def read(paths, task):
    """The results of one experiment, such as "needle", in their order; of equal ids the last counts."""
    results = {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    result = json.loads(line)
                    if result["task"] == task:
                        results[result["id"]] = result
                except (json.JSONDecodeError, KeyError, TypeError):
                    sys.exit(f"{path}, line {number}: this is no result of infinipot eval {task}")
    if not results:
        sys.exit(f"there are no results of infinipot eval {task} in " + ", ".join(paths))
    return list(results.values())


def method(result):
    """All that a method can differ in, as columns of a table."""
    budget = result["budget"]
    return {"model": result["model"],
            "policy": result["policy"],
            "mode": result.get("mode", ""),
            "catalyst": result["catalyst"],
            "schedule": result["schedule"],
            "positions": result["positions"],
            "framing": result["framing"],
            "capacity": budget["capacity"],
            "retain": budget["retain"],
            "reserve": budget["reserve"],
            "first": budget["protect_first"],
            "recent": budget["protect_recent"],
            "cache": result.get("kv_type", "f16")}


def differing(methods, always=("policy", "mode")):
    """The columns that are always shown, and those whose values differ."""
    names = list(methods[0])
    return [name for name in names
            if name in always or len({str(each[name]) for each in methods}) > 1]


def markdown(table):
    lines = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def latex(table):
    escaped = str.maketrans({each: "\\" + each for each in "_%&#$"})
    lines = [" & ".join(cell.translate(escaped) for cell in row) + " \\\\" for row in table]
    body = "\n".join([lines[0], "\\midrule", *lines[1:]])
    return f"\\begin{{tabular}}{{{'l' * len(table[0])}}}\n\\toprule\n{body}\n\\bottomrule\n\\end{{tabular}}"


def print_table(table, form=""):
    """As Markdown, or as "--csv" or "--latex" (booktabs)."""
    if form == "--csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(table)
    else:
        print(latex(table) if form == "--latex" else markdown(table))


def pyplot():
    """matplotlib's, set up so that the same data give the same file."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("matplotlib is missing; on Debian install python3-matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "infinipot"
    from matplotlib import pyplot as plot

    return plot
