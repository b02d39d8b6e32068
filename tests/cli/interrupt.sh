#!/usr/bin/env bash
# Ctrl-C while reading a text without end, and while waiting for one.
source "$(dirname "$0")/support/expect.bash"
needs_model

# interrupted SECONDS ARGUMENT...: runs it and presses Ctrl-C then. timeout sends the signal twice,
# to its child and to the group, which must count as one press.
interrupted() {
    local seconds=$1
    shift
    status=0
    timeout --preserve-status --signal=INT --kill-after=60 "$seconds" \
        "$infinipot" "$@" >"$work/out" 2>"$work/err" || status=$?
}
ask=(ask -m "$model" --quiet --threads 1 --file -)

interrupted 2 "${ask[@]}" "Who?" < <(yes 'the pot is full')
refused 130 'interrupted after [0-9,]+ tokens' "while reading"
interrupted 1 "${ask[@]}" "Who?" < <(echo 'the pot is full'; sleep 5)
refused 130 'interrupted after [0-9,]+ tokens' "while waiting"
interrupted 2 eval passkey -m "$model" --threads 1 --length 2000000 --out "$work/results.jsonl"
refused 130 'interrupted after 0 of 9; the same command goes on from there' "while evaluating"
mkdir -p "$work/data/config" "$work/data/data"
echo '{"qasper": "{context} {input}"}' >"$work/data/config/dataset2prompt.json"
echo '{"qasper": 8}' >"$work/data/config/dataset2maxlen.json"
python3 -c '
import json
print(json.dumps({"_id": "a", "input": "Who?", "answers": ["Ann"], "length": 1,
                  "context": "the pot is full " * 500000}))' >"$work/data/data/qasper.jsonl"
interrupted 3 eval longbench -m "$model" --threads 1 --data "$work/data" --out "$work/longbench.jsonl"
refused 130 'interrupted after 0 of 1; the same command goes on from there' "while reading a prompt"
