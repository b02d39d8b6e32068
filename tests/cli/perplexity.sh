#!/usr/bin/env bash
# Perplexity of a stream: its line of results, which is measured only once, and errors.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 2000 >"$work/text"
perplexity=(eval perplexity -m "$model" --threads 1 --capacity 256 --file "$work/text")
results=$work/results.jsonl

succeeds "${perplexity[@]}" --length 1500 --last 200 --bucket 500 --out "$results"
grep -Eqx 'perplexity [0-9.]+ over all, [0-9.]+ over the last 200 tokens' "$work/out" || fail "no result"
cp "$work/out" "$work/first"
head -1 "$results" >"$work/out"
[[ $(json 'len(j["perplexity_of_buckets"])') -ge 3 ]] || fail "no curve"
[[ $(json '1400 < j["tokens_read"] < 1600') == True ]] || fail "another number of tokens"
[[ $(json 'j["tokens_generated"]') == 64 ]] || fail "nothing was written to see how fast"
[[ $(json 'j["peak_n_kv"] <= 256') == True ]] || fail "the cap was not kept"

succeeds "${perplexity[@]}" --length 1500 --last 200 --bucket 500 --out "$results"
cmp "$work/out" "$work/first" || fail "the second time says something else"
grep -qx 'this was measured before' "$work/err" || fail "it was measured twice"
[[ $(wc -l <"$results") == 1 ]] || fail "a second line"
for policy in streaming_llm h2o tova sirllm keydiff expected_attention truncate; do
    succeeds "${perplexity[@]}" --length 600 --policy "$policy" --generate 0 --out "$results"
done
[[ $(wc -l <"$results") == 8 ]] || fail "not a line for each policy"
for type in f16 q8_0 q4_0; do  # the first is what was measured above
    succeeds "${perplexity[@]}" --length 1500 --last 200 --bucket 500 --kv-type "$type" --out "$results"
done
[[ $(wc -l <"$results") == 10 ]] || fail "not a line for each type"
tail -1 "$results" >"$work/out"
[[ $(json 'j["kv_type"]') == q4_0 ]] || fail "the type is not written down"

succeeds "${perplexity[@]}" --length 600 --policy truncate

# A short text is its own end, and one that fits is the same to every policy.
succeeds "${perplexity[@]}" --length 100 --generate 0 --policy full
grep -Eqx 'perplexity ([0-9.]+) over all, \1 over the last 2000 tokens' "$work/out" || fail "all is not last"
cp "$work/out" "$work/full"
succeeds "${perplexity[@]}" --length 100 --generate 0 --policy streaming_llm
cmp "$work/out" "$work/full" || fail "a text that fits is told apart by policies"

refuses 2 'there is no --file to read' eval perplexity -m "$model"
refuses 2 'nothing is asked here' "${perplexity[@]}" --catalyst question
refuses 3 'cannot read "/nowhere"' eval perplexity -m "$model" --file /nowhere
refuses 7 'longer than the KV cache' "${perplexity[@]}" --policy full
refuses 2 'a schedule is when-full' "${perplexity[@]}" --schedule never
refuses 2 'positions are reset' "${perplexity[@]}" --positions here
refuses 2 'use when-full' "${perplexity[@]}" --schedule per-token
refuses 2 'choose one after another; use when-full' "${perplexity[@]}" --schedule per-token --policy infinipot:probe=last
refuses 2 'infinipot:probe=last' "${perplexity[@]}" --catalyst none
: >"$work/empty"
refuses 6 'there is no text' eval perplexity -m "$model" --file "$work/empty"
