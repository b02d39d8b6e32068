#!/usr/bin/env bash
# Rules at the start of a long text: rows, table, number of distillations, errors.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 300 >"$work/book.txt"
instructions=(eval instructions -m "$model" --threads 1 --capacity 256 -f "$work/book.txt")
results=$work/results.jsonl

succeeds "${instructions[@]}" --distillations 0,3 --out "$results"
[[ $(wc -l <"$results") == 10 ]] || fail "not a line for each rule and number"
python3 - "$results" <<'END' || fail "other results"
import json, sys
for line in open(sys.argv[1]):
    j = json.loads(line)
    assert j["distillations"] == j["distillations_wanted"] and j["peak_n_kv"] <= 256, line
    assert len(j["answers"]) == len(j["obeyed"]) == 3 and abs(j["score"] - sum(j["obeyed"]) / 3) < 1e-9, line
END
grep -Eqx 'distillations +captain +done +banana +capitals +one-word +mean' "$work/out" || fail "no table"
[[ $(grep -Ecx ' +[03]( +[01]\.[0-9]{2}){6}' "$work/out") == 2 ]] || fail "not a row for each number"
cp "$results" "$work/before"
succeeds "${instructions[@]}" --distillations 0,3 --out "$results"
cmp "$results" "$work/before" || fail "the second run wrote something"

refuses 2 'nothing is distilled while the text is read' "${instructions[@]}" --policy truncate
refuses 2 '--distillations wants a whole number' "${instructions[@]}" --distillations -1
refuses 3 'nowhere.txt' eval instructions -m "$model" -f nowhere.txt
gives_up 7 'none of 5 items could be measured; the first: the text is longer than the KV cache' \
    "${instructions[@]}" --distillations 1 --policy full --out "$work/full.jsonl"
[[ $(grep -c '"error":"the text is longer than the KV cache' "$work/full.jsonl") == 5 ]] || fail "no errors"
