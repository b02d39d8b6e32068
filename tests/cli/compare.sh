#!/usr/bin/env bash
# Comparing two methods: figures worked out by hand, the choice among several, JSON, errors.
source "$(dirname "$0")/support/expect.bash"

python3 - "$work" <<'END'
import json, sys
for name, scores in (("x", [0, 0, 0, 0]), ("y", [0.5, 0.5, 0, 1])):
    with open(f"{sys.argv[1]}/{name}.jsonl", "w") as lines:
        for i, score in enumerate(scores):
            lines.write(json.dumps({"task": "longbench", "method_id": name, "policy": name, "mode": "query-aware",
                                    "dataset": ["qasper", "trec"][i // 2], "item": str(i), "prompt": str(i),
                                    "score": score}) + "\n")
END
# Differences 0.5, 0.5 and 0, 1 in two tasks; the interval of the first is a point.
succeeds eval compare "$work/x.jsonl" "$work/y.jsonl"
grep -qx 'A: x, query-aware' "$work/out" || fail "no name"
grep -qx '| qasper | 2 | 0.00 | 50.00 | +50.00 | +50.00 to +50.00 |' "$work/out" || fail "other figures of qasper"
grep -qx '| trec | 2 | 0.00 | 50.00 | +50.00 | +0.00 to +100.00 |' "$work/out" || fail "other figures of trec"
grep -qx '| mean | 4 | 0.00 | 50.00 | +50.00 | +25.00 to +75.00 |' "$work/out" || fail "another mean"
cp "$work/out" "$work/first"
succeeds eval compare "$work/x.jsonl" "$work/y.jsonl"
cmp "$work/out" "$work/first" || fail "another comparison"

cat "$work/x.jsonl" "$work/y.jsonl" >"$work/both.jsonl"
refuses 2 'both.jsonl has several methods, choose one with --method-b; 1: x, query-aware; 2: y, query-aware' \
    eval compare "$work/x.jsonl" "$work/both.jsonl"
succeeds eval compare "$work/both.jsonl" "$work/both.jsonl" --method-a 2 --method-b 1 --json
[[ $(json 'j["groups"][2]["group"], j["groups"][2]["difference"]') == "('mean', -0.5)" ]] || fail "another difference in JSON"

refuses 2 'there are no two files A and B' eval compare "$work/x.jsonl"
refuses 3 'cannot read /nowhere' eval compare /nowhere "$work/x.jsonl"
: >"$work/empty.jsonl"
refuses 3 'there are no results in .*empty.jsonl' eval compare "$work/empty.jsonl" "$work/x.jsonl"
sed 's/"item": "/&other /' "$work/y.jsonl" >"$work/other.jsonl"
refuses 2 'no item in common' eval compare "$work/x.jsonl" "$work/other.jsonl"
echo '{"task": "perplexity", "policy": "x"}' >"$work/perplexity.jsonl"
refuses 3 'perplexity.jsonl, line 1: this is no result' eval compare "$work/x.jsonl" "$work/perplexity.jsonl"
