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

settings='[j[k] for k in ("budget", "policy", "schedule", "positions", "focus")]'
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
    succeeds "${ask[@]}" -n 4 -c 128 $old "Who?"
    local before
    before=$(json "$settings, [a['answer'] for a in j['answers']]")
    succeeds "${ask[@]}" -n 4 -c 128 $new "Who?"
    [[ $(json "$settings, [a['answer'] for a in j['answers']]") == "$before" ]] || fail "$old is not $new"
}
same --no-fill '--end retain'
same '--preset paper' --paper
same --preset=paper --paper
same '--schedule one-by-one --policy streaming_llm' '--schedule per-token --policy streaming_llm'
same '--schedule=one-by-one --policy streaming_llm' '--schedule per-token --policy streaming_llm'

refuses 2 'no option --capcity; did you mean --capacity\?' "${ask[@]}" --capcity 5 "Who?"
refuses 2 'no option --ctx-siz; did you mean --ctx-size\?' "${ask[@]}" --ctx-siz 5 "Who?"
refuses 2 '--capacity wants a whole number of at least 1, not "0"' "${ask[@]}" --ctx-size 0 "Who?"
refuses 2 '--end wants fill or retain, not "never"' "${ask[@]}" --end never "Who?"
