#!/usr/bin/env bash
# Letters and aliases that llama.cpp's users type, and the spellings of release 0.1.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 300 >"$work/text.txt"
ask=(ask -m "$model" -f "$work/text.txt" --json -q)

# equal EXPRESSION VALUE ARGUMENT...: of the JSON that ask prints.
equal() {
    local expression=$1 expected=$2
    shift 2
    succeeds "${ask[@]}" "$@" "Who?"
    [[ $(json "$expression") == "$expected" ]] || fail "$*: $expression is $(json "$expression"), not $expected"
}

settings='[j[k] for k in ("budget", "policy", "schedule", "positions", "answer_budget")]'
capacity='j["budget"]["capacity"]'
for name in -c --capacity --ctx-size; do equal "$capacity" 128 "$name" 128 -n 2; done
for name in -n --max-tokens --n-predict; do equal 'j["answers"][0]["n_tokens"]' 2 "$name" 2; done
for name in -b --batch --batch-size; do succeeds "${ask[@]}" -n 1 "$name" 16 "Who?"; done
for name in -t --threads; do succeeds "${ask[@]}" -n 1 "$name" 1 "Who?"; done
for name in -s --seed; do succeeds "${ask[@]}" -n 1 "$name" 7 "Who?"; done
for name in --temp --temperature; do succeeds "${ask[@]}" -n 1 "$name" 0.5 "Who?"; done

# same OLD NEW: both give one answer with the same settings.
same() {
    local old=$1 new=$2
    succeeds "${ask[@]}" -n 4 -c 256 $old "Who?"
    local before
    before=$(json "$settings, [a['answer'] for a in j['answers']]")
    succeeds "${ask[@]}" -n 4 -c 256 $new "Who?"
    [[ $(json "$settings, [a['answer'] for a in j['answers']]") == "$before" ]] || fail "$old is not $new"
}
same --no-fill '--end retain'
same '--preset paper' --paper
same --preset=paper --paper
same '--focus 40' '--answer-budget 40'
same '--focus 0' '--answer-budget all'
same '--schedule one-by-one --policy streaming_llm' '--schedule per-token --policy streaming_llm'
same '--schedule=one-by-one --policy streaming_llm' '--schedule per-token --policy streaming_llm'

# same_items COMMAND OLD NEW: of an experiment, whose items have one identity.
same_items() {
    local out=$work/results.jsonl
    rm -f "$out"
    succeeds $1 -m "$model" -t 1 -c 256 $2 --out "$out"
    succeeds $1 -m "$model" -t 1 -c 256 $3 -o "$out"
    [[ $(wc -l <"$out") == 1 ]] || fail "$1: $2 is not $3"
}
same_items 'eval passkey --length 300 --depth 0.5' '--keys 1 --key-seed 3' '--items 1 --item-seed 3'
same_items "eval needle -f filler --length 300 --depth 0.5" '--keys=1 --key-seed=3' '--items 1 --item-seed 3'
same_items "eval perplexity -f $work/text.txt --last 50 --generate 0" '--tokens 300' '--length 300'
for old in '--limit 2 --seed 3' '--items 2 --item-seed 3'; do refuses 2 'no --data' eval longbench $old; done
for old in '--seed 3' '--item-seed 3'; do refuses 2 'no --data' eval ruler --items 2 $old; done

refuses 2 'no option --capcity; did you mean --capacity\?' "${ask[@]}" --capcity 5 "Who?"
refuses 2 'no option --ctx-siz; did you mean --ctx-size\?' "${ask[@]}" --ctx-siz 5 "Who?"
refuses 2 '--capacity wants a whole number of at least 1, not "0"' "${ask[@]}" --ctx-size 0 "Who?"
refuses 2 '--end wants fill or retain, not "never"' "${ask[@]}" --end never "Who?"
