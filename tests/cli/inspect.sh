#!/usr/bin/env bash
# The survivors of a text: the table, the JSON, the page, and errors.
source "$(dirname "$0")/support/expect.bash"
needs_model
words 300 >"$work/text"
inspect=(inspect -m "$model" --threads 1 --capacity 256 --retain 96 --file "$work/text")

# For people, not on a terminal: passages and a row for each distillation, without colours.
succeeds "${inspect[@]}"
grep -q 'best kept passages' "$work/out" || fail "no best kept passages"
grep -q 'least kept passages' "$work/out" || fail "no least kept passages"
n=$(sed -nE 's/^read [0-9,]+ tokens, ([0-9]+) distillations to 96 entries, the last to [0-9]+, of 4 heads .*/\1/p' "$work/out")
((n > 3)) || fail "no totals"
[[ $(grep -Ec '^ +[0-9]+ +[0-9,]+ \|( +[0-9.]+%){4} \|( +[0-9.]+){2} \|( +[0-9.]+%){2}$' "$work/out") == "$n" ]] ||
    fail "not a row for each distillation"
grep -q $'\x1b' "$work/out" && fail "escape sequences in a file"

# For programs: pieces are the text, and what left adds up.
paper=infinipot:share=none,pool=1,novelty_pool=1
succeeds "${inspect[@]}" --json --policy "$paper"
[[ $(wc -l <"$work/out") == 1 ]] || fail "not one line"
python3 - "$work/out" "$work/text" <<'PYTHON' || fail "the JSON does not add up"
import json, sys
j = json.load(open(sys.argv[1]))
tokens, read = j["tokens"], j["tokens_read_at"]
assert [t["position"] for t in tokens] == list(range(j["stats"]["tokens_read"]))
assert "".join(t["piece"] for t in tokens).endswith(open(sys.argv[2]).read())
assert len(read) == j["stats"]["distillations"] == len(j["summaries"]) > 3
assert len(j["left_at"]) == j["n_layer"] == 2 and len(j["left_at"][0]) == j["n_head_kv"] == 2
heads = [head for layer in j["left_at"] for head in layer]
assert all(len(head) == len(tokens) for head in heads)
for k, n in enumerate(read, 1):
    held = {sum(left == 0 or left > k for left in head[:n]) for head in heads}
    assert len(held) == 1 and (held == {96} if n != read[-1] else min(held) > 96)
    last_n = min(held)
for i, token in enumerate(tokens):
    held = sum(head[i] == 0 for head in heads) / len(heads)
    assert token["survival"] == (held if i < read[-1] else None), token
assert tokens[0]["surprisal"] == 0 and all(t["surprisal"] > 0 for t in tokens[1:])
last = j["summaries"][-1]
assert abs(last["kept_by_one"] - last_n / read[-1]) < 1e-9
assert 0 < last["kept_by_all"] < last["kept_by_one"] < last["kept_by_any"] <= 1
PYTHON

# By default all heads of all layers keep the same.
succeeds "${inspect[@]}" --json
[[ $(json 'j["summaries"][-1]["overlap_of_layers"], j["summaries"][-1]["overlap_of_heads"]') == '(1.0, 1.0)' ]] ||
    fail "layers or heads differ"
cp "$work/out" "$work/general.json"

# A page: whole, alone, and unharmed by what is in the text.
printf 'a </script><script>alert(1)</script> & <!-- "quoted" \\ 你好 🙂 \x1b[31m' >"$work/hostile"
words 400 >>"$work/hostile"
succeeds "${inspect[@]}" --file "$work/hostile" --html "$work/page.html" --json
[[ ! -e $work/page.html.partial ]] || fail "something unfinished is left"
grep -q "^wrote $work/page.html, " "$work/err" || fail "it does not say what was written"
python3 - "$work/page.html" "$work/out" <<'PYTHON' || fail "the page does not hold what the JSON says"
import base64, json, re, struct, sys
page, j = open(sys.argv[1]).read(), json.load(open(sys.argv[2]))
assert page.count("<script") == page.count("</script>") == 2
assert not re.search(r'(src|href)=|https?://|@import|url\(', page)
data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
assert data["pieces"] == [t["piece"] for t in j["tokens"]]
assert "</script><script>alert(1)</script> & <!--" in "".join(data["pieces"]) and "你好 🙂" in "".join(data["pieces"])
assert data["tokens_read"] == j["tokens_read_at"] and data["left_bytes"] == 1
assert list(base64.b64decode(data["left"])) == [x for layer in j["left_at"] for head in layer for x in head]
nats = struct.unpack(f"<{len(j['tokens'])}f", base64.b64decode(data["nats"]))
assert list(nats) == [t["surprisal"] for t in j["tokens"]]
PYTHON

# One by one: a number of a distillation takes more bytes, and the table stays short.
succeeds "${inspect[@]}" --policy h2o --html "$work/one.html"
grep -Eq '"left_bytes":2' "$work/one.html" || fail "numbers above 255 in one byte"
[[ $(grep -Ec '^ +[0-9,]+ +[0-9,]+ \|' "$work/out") == 12 ]] || fail "not a dozen rows"

# A question is answered from what survived, and may decide it.
question='What is the pot full of?'
succeeds "${inspect[@]}" --policy "$paper" --catalyst question --question "$question" --max-tokens 5 --json
[[ $(json '[j["answers"][0]["question"], j["answers"][0]["n_tokens"] <= 5]') == "['$question', True]" ]] ||
    fail "no answer"
python3 -c '
import json, sys
a, b = (json.load(open(path))["left_at"] for path in sys.argv[1:])
sys.exit(a == b)' "$work/general.json" "$work/out" || fail "the question decides nothing"
head -c 600 "$work/text" >"$work/short"
succeeds inspect -m "$model" --threads 1 --capacity 400 --retain 96 --file "$work/short" --policy snapkv --schedule at-end \
    --question "$question" --max-tokens 5
grep -q '1 distillation to 96 entries' "$work/out" || fail "at-end does not distil"
grep -qx "$question" "$work/out" || fail "no answer"

# What a question sees is not what is left.
succeeds "${inspect[@]}" --question "$question" --max-tokens 1 --answer-budget 40 --json
python3 -c 'import json, sys
j = json.load(sys.stdin)
assert j["answers"][0]["answer_budget"] == 40
assert j["stats"]["distillations"] == len(j["summaries"]) == len(j["tokens_read_at"])' <"$work/out" ||
    fail "a question counts as a distillation"

# The paper's Figures 2 and 3, from such files alone.
overlap=$source_dir/analysis/overlap.py
succeeds "${inspect[@]}" --policy "$paper,novelty=0" --json
cp "$work/out" "$work/without.json"
python3 "$overlap" novelty "$work/without.json" "$work/general.json" >"$work/out" || fail "no Figure 3"
awk -F '[|%]' 'NR > 2 && ($4 <= 0 || $4 >= 100 || $6 >= $7 || $7 > $8) { exit 1 }' "$work/out" ||
    fail "Figure 3 does not add up"
[[ $(tail -n +3 "$work/out" | wc -l) == "$n" ]] || fail "not a row for each distillation of Figure 3"
python3 "$overlap" novelty "$work/general.json" "$work/general.json" >"$work/out"
[[ $(grep -c '| 100.0% |' "$work/out") == "$n" ]] || fail "a reading differs from itself"
at_short=(inspect -m "$model" --threads 1 --retain 96 --file "$work/short" --question "$question" --max-tokens 1 --json)
succeeds "${at_short[@]}" --capacity 500 --reserve 20 --policy tova --schedule at-end
cp "$work/out" "$work/global.json"
succeeds "${at_short[@]}" --capacity 256 --end retain
cp "$work/out" "$work/ccd.json"
python3 "$overlap" hits "$work/global.json" "$work/ccd.json" >"$work/out" || fail "no Figure 2"
[[ $(grep -Ec '^\| (global|ccd) \|( [0-9.]+% \|){3}$' "$work/out") == 2 ]] || fail "no hit rates"
succeeds "${at_short[@]}" --capacity 256
cp "$work/out" "$work/filled.json"
python3 "$overlap" hits "$work/global.json" "$work/filled.json" >"$work/out" 2>"$work/err" && fail "one keeps more"
grep -q 'filled holds [0-9]* entries after its last distillation and not 96; it wants --end retain' "$work/err" ||
    fail "it does not say who keeps more"
python3 "$overlap" hits "$work/ccd.json" "$work/global.json" >"$work/out" 2>"$work/err" && fail "another global"
grep -q 'ccd distilled before all was read' "$work/err" || fail "it does not say what is wrong"

# Nothing to tell is told.
succeeds inspect -m "$model" --threads 1 --file "$work/short"
grep -q '0 distillations: all of it is in the KV cache' "$work/out" || fail "it does not say that all is kept"

status=0
timeout --preserve-status --signal=INT --kill-after=60 2 "$infinipot" "${inspect[@]}" --file - --quiet \
    --html "$work/interrupted.html" < <(yes 'the pot is full') >"$work/out" 2>"$work/err" || status=$?
refused 130 'interrupted after [0-9,]+ tokens; nothing was written' "while reading"
compgen -G "$work/interrupted*" && fail "a page of an interrupted reading"

# Without a text: what a memory budget buys with the model.
succeeds inspect -m "$model"
grep -Eq '^16\.0 MiB( +512){4}$' "$work/out" || fail "16 MiB do not buy the window of 512 entries"
grep -Eq '^one entry( +[0-9.]+ (B|KiB)){4}$' "$work/out" || fail "no bytes of an entry"
grep -q 'takes .* for 512 entries of type f16,$' "$work/out" || fail "nothing about the default budget"
refuses 7 'a capacity of 1 entry is too small to read with' inspect -m "$model" --capacity 1
succeeds inspect -m "$model" --capacity 256 --json
[[ $(json 'j["budget"]["capacity"], j["budget"]["retain"]') == "(256, 128)" ]] || fail "not the budget that was asked for"
succeeds inspect -m "$model" --json
[[ $(json 'j["n_ctx_train"]') == 512 && $(json 'j["entry_bytes"]["f16"] > j["entry_bytes"]["q8_0"] > 0') == True ]] ||
    fail "the JSON says something else"

refuses 2 'there is no text to read' inspect -m "$model" --question "Who?"
refuses 2 '--catalyst question wants a --question' "${inspect[@]}" --catalyst question
refuses 2 'schedule at-end distils when a question has been read' "${inspect[@]}" --schedule at-end
refuses 2 'leaves out the middle of a text' "${inspect[@]}" --policy truncate
refuses 2 'did you mean --html\?' "${inspect[@]}" --htlm x
refuses 3 'cannot write /nowhere/page.html' "${inspect[@]}" --html /nowhere/page.html
refuses 3 'cannot write /dev/null: it is no file' "${inspect[@]}" --html /dev/null
refuses 3 'cannot read "/nowhere"' inspect -m "$model" --file /nowhere
refuses 6 'nothing to read' inspect -m "$model" --file <(echo)
refuses 7 'does not fit|longer than the KV cache' "${inspect[@]}" --policy full
