#!/usr/bin/env bash
# The passkey experiment: its table, resuming from a file of results, and errors.
source "$(dirname "$0")/support/expect.bash"
needs_model
passkey=(eval passkey -m "$model" --threads 1 --capacity 256 --length 300)
once=("${passkey[@]}" --depth 0.5 --items 1)
results=$work/results.jsonl

succeeds "${once[@]}" --out "$results"
grep -Eqx ' +300 +0\.50 +[01] of 1' "$work/out" || fail "no table"
grep -Eqx '1 of 1: length 300, depth 0\.50, key [0-9]+: (not )?found, [0-9,]+ tokens at [0-9.]+ tokens/s' "$work/err" ||
    fail "no line for the key"
[[ $(wc -l <"$results") == 1 ]] || fail "not one result"
grep -q '"ttft_seconds".*"commit".*"model_fingerprint"' "$results" || fail "it does not say what made the result"
cp "$results" "$work/before"
cp "$work/out" "$work/table"

# What is there is not computed again, and what was cut off is.
succeeds "${once[@]}" --out "$results"
cmp "$results" "$work/before" || fail "the second run wrote something"
cmp "$work/out" "$work/table" || fail "the second run has another table"
succeeds "${passkey[@]}" --depth 0.5 --depth 0.9 --items 1 --out "$results"
grep -qx '1 of 2 were done before' "$work/err" || fail "it does not say what was done before"
[[ $(wc -l <"$results") == 2 ]] || fail "not one result more"
head -c -40 "$results" >"$work/cut.jsonl"
succeeds "${passkey[@]}" --depth 0.5 --depth 0.9 --items 1 --out "$work/cut.jsonl"
drop_time() { sed -E 's/"(prefill|decode|ttft)_seconds":[0-9.e-]*//g' "$1"; }
diff <(drop_time "$results") <(drop_time "$work/cut.jsonl") || fail "a line that was cut off stays"

succeeds "${passkey[@]}" --depth 0 --depth 1 --items 2
[[ $(grep -Ec '[1-3] of 4: .* tokens/s, .* left$' "$work/err") == 3 ]] || fail "no time left"
[[ $(grep -Ec '4 of 4: .* tokens/s$' "$work/err") == 1 ]] || fail "time left at the end"

# Files that hold something else stay as they are.
spoilt() {
    printf '%b' "$1" >"$work/spoilt.jsonl"
    cp "$work/spoilt.jsonl" "$work/before"
    refuses 3 "$2" "${once[@]}" --out "$work/spoilt.jsonl"
    cmp "$work/spoilt.jsonl" "$work/before" || fail "it changed $1"
}
{ cat "$results" && echo '{"id": 7}'; } >"$work/third.jsonl"
refuses 3 'third.jsonl, line 3: this is not a result' "${once[@]}" --out "$work/third.jsonl"
spoilt 'not JSON\n' 'spoilt.jsonl, line 1: this is not a result'
spoilt 'a text without a newline' 'spoilt.jsonl, line 1: this is not a result'
spoilt '{"a": "document"}' 'spoilt.jsonl, line 1: this is not a result'
spoilt '{"id": "without what is read back"}\n' 'spoilt.jsonl, line 1: this is not a result'
spoilt '{"id": "x", "found": "yes"}\n' 'spoilt.jsonl, line 1: this is not a result'
refuses 3 "cannot write results to $work" "${once[@]}" --out "$work"
refuses 3 'cannot write results to /nowhere/' "${once[@]}" --out /nowhere/results.jsonl

refuses 2 'eval wants an experiment, such as passkey; see infinipot eval --help' eval
refuses 2 'no command "passky"; did you mean passkey\?' eval passky
refuses 2 'there is no --length' eval passkey
refuses 2 'no option --dept; did you mean --depth\?' "${passkey[@]}" --dept 1
refuses 2 '--length wants a whole number of at least 1, not "long"; see infinipot eval passkey --help' \
    eval passkey --length long
refuses 2 '--length wants' "${passkey[@]}" --length -5
refuses 2 '--depth wants a number from 0 to 1, not "2"' "${passkey[@]}" --depth 2
refuses 2 '--depth wants a number from 0 to 1, not "nan"' "${passkey[@]}" --depth 0.5 nan
refuses 2 '--items wants a whole number of at least 1, not "0"' "${passkey[@]}" --items 0
refuses 2 '--item-seed wants' "${passkey[@]}" --item-seed one
refuses 2 '--format wants landmark, llama.cpp or infinitebench, not "prose"' "${passkey[@]}" --format prose
refuses 6 'catalyst prompt is not UTF-8 at byte 3' "${passkey[@]}" --catalyst $'caf\xe9'

# What does not fit is written down, and the others are measured.
succeeds "${passkey[@]}" --length 100 --policy full --depth 0.5 --items 1 --out "$work/full.jsonl"
grep -Eqx ' +100 +0\.50 +[01] of 1' "$work/out" || fail "no row for what fits"
grep -Eqx ' +300 +0\.50 +0 of 1, 1 error' "$work/out" || fail "no error in the table"
[[ $(grep -c '"error":"the text is longer than the KV cache' "$work/full.jsonl") == 1 ]] || fail "no error"
succeeds "${passkey[@]}" --length 100 --policy full --depth 0.5 --items 1 --out "$work/full.jsonl"
grep -qx '2 of 2 were done before' "$work/err" || fail "the error was run again"

# Several at one time find the same.
all=(eval passkey -m "$model" --threads 1 --length 200 --length 300 --depth 0.2 --depth 0.8 --items 3)
succeeds "${all[@]}" --out "$work/alone.jsonl"
cp "$work/out" "$work/alone.table"
succeeds "${all[@]}" --out "$work/together.jsonl" --parallel 4
diff "$work/alone.table" "$work/out" || fail "another table"
python3 - "$work/alone.jsonl" "$work/together.jsonl" <<'PYTHON' || fail "other answers"
import json, sys
alone, together = ({j["id"]: j["answer"] for j in map(json.loads, open(path))} for path in sys.argv[1:])
assert len(alone) == 12 and alone == together
PYTHON
succeeds "${all[@]}" --parallel 1000000 # no more threads than items
refuses 2 '--parallel wants a whole number of at least 1, not "0"' "${all[@]}" --parallel 0
