#!/usr/bin/env bash
# The output of ask, for people and for programs.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 2000 >"$work/a.txt"
words 500 >"$work/b.txt"
ask=(ask -m "$model" --max-tokens 4 --threads 1)

succeeds "${ask[@]}" --file "$work/a.txt" --json "Who?" "Why?"
python3 -m json.tool "$work/out" >/dev/null || fail "not one JSON object"
grep -qv "^reading: " "$work/err" && fail "--json says more than how far it is"
[[ $(json '[a["question"] for a in j["answers"]]') == "['Who?', 'Why?']" ]] || fail "questions"
[[ $(json 'j["policy"]') == infinipot:novelty=0.5,carried=yes,probe=catalyst,share=layers,pool=sentence,novelty_pool=sentence,value_norm=none ]] || fail "policy"
[[ $(json 'j["stats"]["bytes_read"]') == $(wc -c <"$work/a.txt") ]] || fail "bytes_read"
[[ $(json 'min(j["peak_rss_bytes"], *[v for k, v in j["budget"].items() if "_" not in k]) > 0') == True ]] ||
    fail "budget or peak memory is missing"
json 'j["answers"]' >"$work/from_file"

# The same bytes through the standard input, and the same text in two files, are the same text.
succeeds "${ask[@]}" --file - --json "Who?" "Why?" <"$work/a.txt"
json 'j["answers"]' >"$work/from_stdin"
diff <(sed 's/.ttft_seconds.: [0-9.e-]*//g' "$work/from_file") \
    <(sed 's/.ttft_seconds.: [0-9.e-]*//g' "$work/from_stdin") || fail "stdin differs from a file"
succeeds "${ask[@]}" --file "$work/a.txt" --file "$work/b.txt" --json "Who?"
json '[j["stats"]["tokens_read"], j["answers"][0]["answer"]]' >"$work/two"
cat "$work/a.txt" "$work/b.txt" >"$work/ab.txt"
succeeds "${ask[@]}" --file "$work/ab.txt" --json "Who?"
json '[j["stats"]["tokens_read"], j["answers"][0]["answer"]]' >"$work/one"
diff "$work/two" "$work/one" || fail "two files differ from one"

# A budget in bytes is kept, and the preset is the paper's.
succeeds "${ask[@]}" --file "$work/a.txt" --json --memory 1MiB --paper "Who?"
[[ $(json 'j["stats"]["pot_bytes"] <= 2**20') == True ]] || fail "more than 1 MiB"
[[ $(json 'j["budget"]["protect_first"], j["budget"]["protect_recent"], "fill" in j["budget"]') == "(0, 0, False)" ]] ||
    fail "--paper protects or fills something"
[[ $(json 'j["answer_budget"]') == 0 ]] || fail "--paper answers from a part"

# An answer is generated from all entries, from as many as the user says, or from a part that the
# program tries.
succeeds "${ask[@]}" --file "$work/a.txt" --json "Who?"
[[ $(json 'j["answer_budget"], j["answers"][0]["answer_budget"]') == "(0, 0)" ]] || fail "not from all entries"
succeeds "${ask[@]}" --file "$work/a.txt" --json --answer-budget 100 "Who?"
[[ $(json 'j["answer_budget"], j["answers"][0]["answer_budget"]') == "(100, 100)" ]] || fail "another answer budget"
succeeds "${ask[@]}" --file "$work/a.txt" --json --answer-budget auto "Who?"
[[ $(json 'j["answer_budget"], j["answers"][0]["answer_budget"] in (0, j["budget"]["capacity"] // 2, j["budget"]["capacity"] // 8)') == \
    "('automatic', True)" ]] || fail "no automatic answer budget"

# The same bytes hold more entries of a smaller type: 6, 6, 3.2 and 1.7 bytes per number, and tags.
entries=()
for type in f16 bf16 q8_0 q4_0; do
    succeeds "${ask[@]}" --file "$work/a.txt" --json --memory 100KiB --kv-type "$type" "Who?"
    [[ $(json 'j["kv_type"]') == "$type" ]] || fail "--json does not say the type"
    [[ $(json 'j["stats"]["pot_bytes"] <= 100 * 1024') == True ]] || fail "$type: more than 100 KiB"
    entries+=("$(json 'j["budget"]["capacity"]')")
done
[[ ${entries[*]} == "123 123 216 365" ]] || fail "entries of each type: ${entries[*]}"
if command -v "${INFINIPOT_MAKE_TINY_MODEL:-}" >/dev/null; then
    "$INFINIPOT_MAKE_TINY_MODEL" "$work/narrow.gguf" 16
    refuses 2 'a KV cache of q8_0 needs heads of a multiple of 32 numbers, and this model.s have 16' \
        ask -m "$work/narrow.gguf" --file "$work/a.txt" --kv-type q8_0 "Who?"
fi

succeeds "${ask[@]}" --file "$work/a.txt" "Who?" "Why?"
grep -qx 'Who?' "$work/out" && grep -qx 'Why?' "$work/out" || fail "questions are not shown"
grep -Eq 'read [0-9,]+ tokens at .* distillations; TTFT .* peak memory' "$work/err" ||
    fail "no closing line"
succeeds "${ask[@]}" --file "$work/a.txt" --quiet "Who?"
[[ ! -s $work/err ]] || fail "--quiet says something"

: >"$work/out"
status=0
"$infinipot" "${ask[@]}" --quiet --file "$work/b.txt" "Who?" >/dev/full 2>"$work/err" || status=$?
refused 3 'standard output: No space left' "a full disk"

# A chat template that cannot be parsed costs one line, which --quiet omits, but not the answer.
LC_ALL=C sed 's/{% if loop.last and/{% xx loop.last and/' "$model" >"$work/broken.gguf"
cmp -s "$model" "$work/broken.gguf" && fail "the template is not broken"
broken=(ask -m "$work/broken.gguf" --max-tokens 4 --threads 1 --file "$work/b.txt")
succeeds "${broken[@]}" "Who?"
[[ $(grep -c "^no chat template is used: .*cannot be parsed" "$work/err") == 1 ]] || fail "no reason"
succeeds "${broken[@]}" --quiet "Who?"
[[ ! -s $work/err ]] || fail "--quiet says something"
succeeds "${broken[@]}" --raw "Who?"
if grep -q "template" "$work/err"; then fail "--raw wants no template"; fi
