#!/usr/bin/env bash
# Ctrl-C while reading a text without end, and while waiting for one.
source "$(dirname "$0")/support/expect.bash"
needs_model

# interrupted SECONDS: asks about the standard input and presses Ctrl-C then.
interrupted() {
    status=0
    timeout --preserve-status --signal=INT --kill-after=60 "$1" \
        "$infinipot" ask -m "$model" --quiet --threads 1 --file - "Who?" >"$work/out" 2>"$work/err" || status=$?
}

interrupted 2 < <(yes 'the pot is full')
refused 130 'interrupted after [0-9,]+ tokens' "while reading"
interrupted 1 < <(echo 'the pot is full'; sleep 5)
refused 130 'interrupted after [0-9,]+ tokens' "while waiting"
