#!/usr/bin/env bash
# Texts and budgets that a valid model must refuse, and unusual ones that it must accept.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 500 >"$work/text.txt"
ask=(ask -m "$model" --quiet --max-tokens 4 --threads 1)

: >"$work/empty.txt"
refuses 6 'nothing to read in ".*empty.txt"' "${ask[@]}" --file "$work/empty.txt" "Who?"
printf ' \n\t\r\n ' >"$work/blank.txt"
refuses 6 'nothing to read in ".*blank.txt"' "${ask[@]}" --file "$work/blank.txt" "Who?"
refuses 6 'nothing to read in the standard input' "${ask[@]}" --file - "Who?"

printf 'caf\xe9 au lait' >"$work/latin1.txt"
refuses 6 'latin1.txt" is not UTF-8 at byte 3;' "${ask[@]}" --file "$work/latin1.txt" "Who?"
refuses 6 'latin1.txt" is not UTF-8 at byte 3;' \
    "${ask[@]}" --file "$work/text.txt" --file "$work/latin1.txt" "Who?"
printf 'half a letter \xc3' >"$work/half.txt"
refuses 6 'half.txt" is not UTF-8 at byte 14;' "${ask[@]}" --file "$work/half.txt" "Who?"
printf 'a surrogate \xed\xa0\x80 is none' >"$work/surrogate.txt"
refuses 6 'surrogate.txt" is not UTF-8 at byte 12;' "${ask[@]}" --file "$work/surrogate.txt" "Who?"
refuses 6 'is not UTF-8' "${ask[@]}" --file "$work/text.txt" $'caf\xe9?'

refuses '2|7' . "${ask[@]}" --file "$work/text.txt" --capacity 2 "Who?"
refuses '2|7' . "${ask[@]}" --file "$work/text.txt" --memory 1KiB "Who?"
refuses '2|7' 'retain' "${ask[@]}" --file "$work/text.txt" --retain 1000000 "Who?"
refuses '2|7' 'window' "${ask[@]}" --file "$work/text.txt" --capacity 1000000 "Who?"
words 20000 >"$work/long.txt"
refuses 7 'longer than the KV cache' "${ask[@]}" --file "$work/long.txt" --policy full "Who?"
refuses '2|7' 'question' "${ask[@]}" --file "$work/text.txt" "$(words 20000)"

# One line of 331,000 bytes, with a letter of two bytes across the border of a chunk.
python3 -c 'print("x" + "é" * 65535 + "word " * 40000, end="")' >"$work/line.txt"
succeeds "${ask[@]}" --file "$work/line.txt" --policy streaming_llm "Who?"

# A byte order mark is no text.
printf '\xef\xbb\xbf \n' >"$work/mark.txt"
refuses 6 'nothing to read' "${ask[@]}" --file "$work/mark.txt" "Who?"

refuses 3 /proc/out.gguf requantize "$model" /proc/out.gguf
refuses 2 q9_9 requantize "$model" "$work/out.gguf" --type q9_9
[[ -z $(find "$work" -name 'out.gguf*') ]] || fail "a partial model is left behind"
