#!/usr/bin/env bash
# experiments/bench-vs-llama with a stand-in for llama-bench: its commands, its table, and resuming.
source "$(dirname "$0")/support/expect.bash"
needs_model
export INFINIPOT_BIN=$infinipot LLAMA_BENCH=$work/llama-bench
cat >"$LLAMA_BENCH" <<END
#!/bin/sh
echo "\$@" >>"$work/asked"
echo '[{"avg_ts": 100}]'
END
chmod +x "$LLAMA_BENCH"

compare() { # compare OPTION...: leaves $status, $work/out and $work/err
    status=0
    "$source_dir/experiments/bench-vs-llama" "$work/measured" --model "$model" --threads 1 --capacity 512 --tg 4 \
        --prefill-depths "0 600" --decode-depths 500 "$@" >"$work/out" 2>"$work/err" || status=$?
}

compare --repeat 1
[[ $status == 0 ]] || fail "exit status $status"
[[ $(grep -Ec '^\| (reading \| (0|600)|writing \| 500) \| 100 \| [0-9.]+ \| [0-9.]+ \|' "$work/out") == 3 ]] ||
    fail "no table"
cmp "$work/out" "$work/measured/table.md" || fail "the table is not kept"
grep -q -- '-fa on .*-d 600 -p 192 -n 0' "$work/asked" || fail "llama-bench was asked for something else"
cp "$work/measured/prefill.600.infinipot.1.json" "$work/out"
[[ $(json 'j[0]["distillations"]') == 1 ]] || fail "not one distillation in the time of reading"
cp "$work/measured/decode.500.infinipot.1.json" "$work/out"
[[ $(json '430 < j[0]["n_kv"] <= 448') == True ]] || fail "the pot is not filled when writing begins"

# It goes on where it was, in rounds, one after the other.
compare --repeat 2 --full-depths 500
[[ $(grep '^==' "$work/err" | head -2 | tr '\n' ' ') == "== prefill.0.llama.2 == prefill.0.infinipot.2 " ]] ||
    fail "it does not go on"
[[ $(wc -l <"$work/asked") == 6 ]] || fail "something was measured twice"
[[ -f $work/measured/decode.500.full.2.json ]] || fail "not measured without eviction"

compare --repeat 3 --minutes 0
grep -q 'not measured, since 0 minutes were over: prefill.0.llama.3 ' "$work/err" || fail "it goes on after its time"
compare --pp 64
[[ $status == 1 ]] && grep -q 'holds measurements with other settings' "$work/err" || fail "two settings in one folder"
compare --pp some
grep -q '"some" is no whole number' "$work/err" || fail "it takes a word for a number"

# Models requantised, before and beside.
"$source_dir/experiments/bench-vs-llama" "$work/types" --model "$model" --type q8_0 --beside q4_0 --threads 1 \
    --capacity 512 --tg 4 --prefill-depths 0 --decode-depths "" --repeat 1 >"$work/out" 2>"$work/err" ||
    fail "exit status $?"
grep -q 'other type tokens/s' "$work/out" || fail "no column of the other type"
grep -q -- "-m $work/types/.*-q8_0.gguf" "$work/asked" || fail "llama-bench was asked for the model as it is"
[[ -f $work/types/prefill.0.beside.1.json ]] || fail "not measured beside"
