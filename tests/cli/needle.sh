#!/usr/bin/env bash
# Needles in a book: rows, table, several needles in one text, resuming, the figure, errors.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 400 >"$work/book.txt"
book=(eval needle -m "$model" --threads 1 --haystack "$work/book.txt")
needle=("${book[@]}" --capacity 256 --length 300)
results=$work/results.jsonl

succeeds "${needle[@]}" --haystack filler --depth 0.5 --items 2 --out "$results"
grep -Eqx ' +300 +0\.50 +[0-9.]+ +2  book\.txt' "$work/out" || fail "no row of the book"
grep -Eqx ' +300 +0\.50 +[0-9.]+ +2  filler' "$work/out" || fail "no row of the filler"
[[ $(grep -Ec '^[1-3] of 4: .*, length 300, depth 0\.50, key [01]: score [01]\.[0-9]+, .* left$' "$work/err") == 3 ]] ||
    fail "no lines that say what was found"
cp "$results" "$work/before"
succeeds "${needle[@]}" --haystack filler --depth 0.5 --items 2 --out "$results"
cmp "$results" "$work/before" || fail "the second run wrote something"

# all EXPRESSION: whether it is true of every object `j` in the results.
all() {
    python3 -c 'import json, sys
for line in open(sys.argv[1]):
    j = json.loads(line)
    assert eval(sys.argv[2]), line' "$results" "$1" || fail "not true of all: $1"
}
all 'j["mode"] == "query-agnostic" and j["haystack"] in ("book.txt", "filler") and len(j["scores"]) == 1'
all 'abs(j["tokens_read"] - 300) < 60 and j["peak_n_kv"] <= 256 and j["distillations"] > 0'

results=$work/many.jsonl
succeeds "${book[@]}" --capacity 512 --length 900 --kind magic-number --needles 2 --items 2 --catalyst question --out "$results"
all 'j["mode"] == "query-aware" and len(set(j["wanted"])) == len(j["scores"]) == 2 and "depth" not in j'
grep -Eq '^in the order of the questions:( +[0-9.]+){2}$' "$work/out" || fail "no scores by the order of questions"
results=$work/sandwich.jsonl
succeeds "${needle[@]}" --kind sandwich --depth 1 --items 1 --out "$results"
all '0 <= j["score"] < 1 and j["wanted"][0].startswith("The best thing")'

# The table and its heat map come from the lines alone.
draws() { python3 "$source_dir/analysis/needle_table.py" "$@" >"$work/out" 2>"$work/err" || fail "no table of needles"; }
draws "$work/before"
grep -Eq '^\| .* \| book.txt \| [0-2]/2 \|$' "$work/out" || fail "no table"
draws --depths "$work/before"
grep -Eq '^\| .* \| haystack \| 300 @ 0.5 \|$' "$work/out" || fail "no column for the depth"
if python3 -c 'import matplotlib' 2>"$work/err"; then
    draws "$work/before" "$work/map.svg"
    grep -q '</svg>' "$work/map.svg" || fail "not a figure"
fi

refuses 2 'there is no --length' eval needle -m "$model"
refuses 2 'several needles in one text must be magic numbers' "${needle[@]}" --needles 2
refuses 2 'there are names for 256 magic numbers, not for 300' "${needle[@]}" --kind magic-number --needles 300
refuses 2 '--kind wants pass-key, magic-number or sandwich, not "pin"' "${needle[@]}" --kind pin
refuses 2 'there are two haystacks named book.txt' "${needle[@]}" --haystack "$work/book.txt"
refuses 3 'nowhere.txt' "${needle[@]}" --haystack nowhere.txt
succeeds "${needle[@]}" --length 5 --depth 0.5 --items 1 --out "$work/short.jsonl"
grep -q '"error":"the needles alone take more than 5 tokens' "$work/short.jsonl" || fail "no error of a text that is too short"
