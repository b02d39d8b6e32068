#!/usr/bin/env bash
# The example program does what it says.
source "$(dirname "$0")/support/expect.bash"
needs_model
infinipot=${INFINIPOT_EXAMPLES:-$(dirname "$infinipot")/examples}/read_and_ask
[[ -x $infinipot ]] || { echo "skipped: no example was built"; exit 77; }
words 3000 >"$work/text.txt"

succeeds "$model" "$work/text.txt" "Who reads?"
[[ $(wc -c <"$work/out") -gt 1 ]] || fail "no answer"
grep -q 'tokens read' "$work/err" || fail "no progress"
refuses 2 '^usage: read_and_ask MODEL.gguf TEXT QUESTION' "$model"
refuses 1 'cannot read .*nowhere.txt' "$model" "$work/nowhere.txt" "Who?"
refuses 1 'text.txt' "$work/text.txt" "$work/text.txt" "Who?"
