#!/usr/bin/env bash
# Wrong arguments give one sentence and exit status 2.
source "$(dirname "$0")/support/expect.bash"
words 100 >"$work/text.txt"
ask=(ask -m "$work/model.gguf" --file "$work/text.txt")

refuses 2 'infinipot --help'
refuses 2 'no command "akk"; did you mean ask\?' akk
refuses 2 'no command "summarise"; see infinipot --help' summarise
refuses 2 'no option --verbose; see infinipot --help' --verbose
refuses 2 'there is no policy "more"' policies more
refuses 2 'IN and OUT' requantize "$work/model.gguf"

refuses 2 'no text to read' ask
refuses 2 'no question' "${ask[@]}"
refuses 2 'a question is empty' "${ask[@]}" " "
refuses 2 'no option --capcity; did you mean --capacity\?' "${ask[@]}" --capcity=512 "Who?"
refuses 2 'no option --fil; did you mean --file\?' ask --fil "$work/text.txt" "Who?"
refuses 2 '--capacity is given more than once' "${ask[@]}" -c 512 --capacity 256 "Who?"
refuses 2 '--capacity wants a whole number of at least 1, not "many"' \
    "${ask[@]}" --capacity many "Who?"
refuses 2 '--capacity wants' "${ask[@]}" --capacity -1 "Who?"
refuses 2 '--capacity wants' "${ask[@]}" --capacity 99999999999 "Who?"
refuses 2 '--capacity' "${ask[@]}" "Who?" --capacity
refuses 2 '--memory wants an amount of memory such as 64MiB' "${ask[@]}" --memory 64Mx "Who?"
refuses 2 '--memory wants' "${ask[@]}" --memory -1MiB "Who?"
refuses 2 'positions are reset, keep or grouped:.*, not "forget"' "${ask[@]}" --positions forget "Who?"
refuses 2 '--kv-type wants f16, bf16, q8_0 or q4_0, not "q5_0"; see infinipot ask --help' \
    "${ask[@]}" --kv-type q5_0 "Who?"
refuses 2 '--top-p wants a number from 0 to 1, not "nan"' "${ask[@]}" --top-p nan "Who?"
refuses 2 '--seed wants' "${ask[@]}" --seed -1 "Who?"
refuses 2 'policy infinipot has no option "novelity"; did you mean "novelty"\?' \
    "${ask[@]}" --policy infinipot:novelity=0.3 "Who?"
refuses 2 'no policy "infinitpot"; did you mean "infinipot"\?' \
    "${ask[@]}" --policy infinitpot "Who?"
refuses 2 'a number from 0 to 1 for novelty, not "2"' "${ask[@]}" --policy infinipot:novelty=2 "Who?"
refuses 2 'no policy "two lines"' "${ask[@]}" --policy $'two\nlines' "Who?"
