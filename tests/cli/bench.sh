#!/usr/bin/env bash
# The grid of speeds: its table, its lines of results, resuming from them, and its errors.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 2000 >"$work/text"
echo 'the pot is full' >"$work/short"
tiny=(bench -m "$model" --threads 1)
bench=("${tiny[@]}" --capacity 256 --file "$work/text")
results=$work/results.jsonl
rows() { tail -n +4 "$work/out"; } # of the table, below the machine's line, a blank and the titles

# Every combination is a row, in the order of the options.
succeeds "${bench[@]}" --policy infinipot --policy streaming_llm --length 100,300 --depth 0 --depth 200 \
    --generate 4 --out "$results"
grep -Eqx '1 thread of this machine: triad [0-9.]+ GB/s, matrix product in F32 [0-9.]+ GFLOP/s.*' "$work/out" ||
    fail "the machine is not measured"
[[ $(rows | wc -l) == 8 ]] || fail "not eight rows"
rows | awk '{ print $2, $3 }' | head -4 | diff - <(printf '0 100\n0 300\n200 100\n200 300\n') ||
    fail "another order"
[[ $(grep -Ec '^[1-7] of 8: .* depth (0|200), length [13]00, .*: read .*; wrote .* left$' "$work/err") == 7 ]] ||
    fail "no line with the time left for each row"
cp "$work/out" "$work/table"

# A line for each: what was asked for, what was read, and that memory is the row's own.
[[ $(wc -l <"$results") == 8 ]] || fail "not a line for each row"
sed -n 4p "$results" >"$work/out"
[[ $(json '[j["task"], j["depth"], j["length"], j["threads"], j["budget"]["capacity"]]') == \
    "['bench', 200, 300, 1, 256]" ]] || fail "other settings"
[[ $(json 'abs(j["tokens_read"] - 300) < 8 and abs(j["tokens_before"] - 200) < 16') == True ]] ||
    fail "another number of tokens"
[[ $(json 'j["distillations"] > 0 and 0 < sum(j[k + "_share"] for k in
    ("catalyst", "surprisal", "select", "gather")) < 1') == True ]] || fail "no shares of distillation"
[[ $(json 'j["tokens_written"]') == 4 ]] || fail "not as many tokens written as asked for"
[[ $(json 'all(j[k] > 0 for k in ("prefill_tokens_per_second", "prefill_gflops", "ttft_seconds",
    "decode_tokens_per_second", "decode_gb_per_second", "pot_bytes", "peak_rss_bytes"))') == True ]] ||
    fail "something was not measured"
[[ $(json 'j["machine"]["triad_gb_per_second"] > 0 and j["machine"]["f32_gflops"] > 0') == True ]] ||
    fail "the machine is not in the row"

# What is there is not measured again; what was cut off is.
cp "$results" "$work/before"
succeeds "${bench[@]}" --policy infinipot --policy streaming_llm --length 100,300 --depth 0 --depth 200 \
    --generate 4 --out "$results"
cmp "$results" "$work/before" || fail "the second run wrote something"
cmp "$work/out" "$work/table" || fail "the second run has another table"
grep -qx '8 of 8 were done before' "$work/err" || fail "it does not say what was done before"
head -c -40 "$work/before" >"$results"
succeeds "${bench[@]}" --policy infinipot --policy streaming_llm --length 100,300 --depth 0 --depth 200 \
    --generate 4 --out "$results"
grep -qx '7 of 8 were done before' "$work/err" || fail "a line that was cut off stays"

# A short text is read again and again; nothing need be written; JSON is an array of rows.
succeeds "${tiny[@]}" --file "$work/short" --length 150 --generate 0 --json
[[ $(json 'abs(j[0]["tokens_read"] - 150) < 8 and "ttft_seconds" not in j[0]') == True ]] || fail "not as asked"
succeeds "${bench[@]}" --length 100 --generate 0 --repeat 2
rows | grep -Eq ' - +- +- ' || fail "numbers of what was not written"

# What does not fit is left out and said; if nothing fits, that is the error.
succeeds "${bench[@]}" --policy full --length 100,400
[[ $(rows | wc -l) == 1 ]] || fail "a row that does not fit"
grep -q '2 of 2: .*, length 400, .*: skipped: the text is longer than the KV cache' "$work/err" || fail "not said"
run "${bench[@]}" --policy full --length 400
[[ $status == 7 && ! -s $work/out ]] || fail "nothing fits: exit status $status"

status=0
timeout --preserve-status --signal=INT --kill-after=60 3 "$infinipot" "${bench[@]}" --length 3000000 \
    --out "$work/interrupted.jsonl" >"$work/out" 2>"$work/err" || status=$?
refused 130 'interrupted after 0 of 1; the same command goes on from there' "while measuring"

refuses 2 '--length wants a whole number of at least 1, not "x"; see infinipot bench --help' "${bench[@]}" --length 100,x
refuses 2 '--depth wants a whole number of at least 0, not "-1"' "${bench[@]}" --depth -1
refuses 2 '--capacity wants' "${tiny[@]}" --capacity 0
refuses 2 '--threads wants' bench -m "$model" --threads none
refuses 2 '--batch wants' "${bench[@]}" --batch 0
refuses 2 '--repeat wants' "${bench[@]}" --repeat 0
refuses 2 'did you mean' "${bench[@]}" --policy infinipod
refuses 2 'beyond the 512 positions' "${tiny[@]}" --file "$work/text" --capacity 256,1024
refuses 2 'did you mean --length\?' "${bench[@]}" --lenght 5
refuses 3 'cannot read "/nowhere"' "${tiny[@]}" --file /nowhere
refuses 3 'cannot write results to /nowhere/' "${bench[@]}" --out /nowhere/results.jsonl
echo '{"id": "of another experiment"}' >"$work/other.jsonl"
refuses 3 'other.jsonl, line 1: this is not a result' "${bench[@]}" --out "$work/other.jsonl"
refuses 7 'too small' "${tiny[@]}" --file "$work/text" --capacity 20
