#!/usr/bin/env bash
# A requantised model answers, and an interrupted conversion leaves no file.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 200 >"$work/text.txt"

for type in q8_0 f32 q4_0; do
    succeeds requantize "$model" "$work/out.gguf" --type "$type" --threads 1
    grep -Eq "^wrote $work/out.gguf, [0-9.]+ [KM]iB$" "$work/err" || fail "no size is told"
    succeeds ask -m "$work/out.gguf" --quiet --threads 1 --max-tokens 2 --file "$work/text.txt" "Who?"
done
rm "$work/out.gguf"

nothing_left() { [[ -z $(find "$work" -name 'out.gguf*') ]] || fail "$1 leaves a file behind"; }

# A limit on the size of files ends the writing as a full disk does.
for kib in 1 40 200 400; do
    : >"$work/out"
    status=0
    (trap '' XFSZ && ulimit -f "$kib" && exec "$infinipot" requantize "$model" "$work/out.gguf" --type f32) \
        2>"$work/err" || status=$?
    refused 3 "cannot write $work/out.gguf" "a disk that is full after $kib KiB"
    nothing_left "a full disk"
done

# Ctrl-C. The pipe takes the place of the unfinished file: writing waits for a reader.
mkfifo "$work/out.gguf.partial"
: >"$work/out"
status=0
set -m  # or SIGINT would be ignored
"$infinipot" requantize "$model" "$work/out.gguf" 2>"$work/err" &
set +m
# Before exec it is a copy of this shell, which would do at Ctrl-C what this shell does at its end.
until [[ $(readlink "/proc/$!/exe") == "$(readlink -f "$infinipot")" ]]; do sleep 0.1; done
until (( 0x$(sed -n 's/^SigCgt:\s*//p' "/proc/$!/status") & 2 )); do sleep 0.1; done
while kill -INT $! 2>/dev/null; do sleep 0.2; done
wait $! || status=$?
refused 130 '^infinipot: interrupted$' "Ctrl-C"
nothing_left "Ctrl-C"
