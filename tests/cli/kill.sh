#!/usr/bin/env bash
# A killed program leaves the old pot or the new one: a short version of experiments/kill-snapshot.
source "$(dirname "$0")/support/expect.bash"
needs_model
"$source_dir/experiments/kill-snapshot" --kills 10 --words 200000 --infinipot "$infinipot" \
    --save-again "$INFINIPOT_SAVE_AGAIN" --model "$model"
