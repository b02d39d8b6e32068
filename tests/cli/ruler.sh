#!/usr/bin/env bash
# RULER with few words and a short haystack: rows, table, resuming, both modes, errors, and the script
# that reads its results.
source "$(dirname "$0")/support/expect.bash"
needs_model
data=$work/words
results=$work/results.jsonl
mkdir -p "$data" "$work/longbench/data"

python3 - "$data" "$work" <<'END'
import json, sys
folder, work = sys.argv[1:]
for kind in ("adjective", "noun", "verb"):
    with open(f"{folder}/wonderwords_{kind}list.txt", "w") as words:
        words.writelines(f"{kind[:2]}{i}\n" for i in range(60))
with open(f"{work}/essay.txt", "w") as essay:
    essay.writelines(f"Here stands sentence {i} of the pot.\n" for i in range(40))
with open(f"{work}/longbench/data/hotpotqa.jsonl", "w") as lines:
    for i in range(2):
        passages = "\n".join(f"Passage {j + 1}:\nTown {i}{j}\nIt is old." for j in range(2))
        lines.write(json.dumps({"input": "Which town?", "answers": ["Town"], "context": passages}) + "\n")
END

ruler=(eval ruler -m "$model" --threads 1 --capacity 1024 --beyond-window --data "$data" --haystack "$work/essay.txt")
eleven=(niah_single_{1,2,3} niah_multikey_{1,2,3} niah_multivalue niah_multiquery vt cwe fwe)
# all EXPRESSION: whether it is true of every object `j` in the results.
all() {
    python3 -c 'import json, sys
for line in open(sys.argv[1]):
    j = json.loads(line)
    assert eval(sys.argv[2]), line' "$results" "$1" || fail "not true of all: $1"
}

succeeds "${ruler[@]}" --length 3000 --items 1 --out "$results"
[[ $(wc -l <"$results") == 11 ]] || fail "not a line for each task"
grep -Eqx 'query-agnostic +3000' "$work/out" || fail "no head"
for task in "${eleven[@]}" mean; do
    grep -Eqx "$task +[0-9]+\.[0-9]{2}" "$work/out" || fail "no score of $task"
done
[[ $(grep -Ec '^[0-9]+ of 11: .*, length 3000, query-agnostic, item 0: score [01]\.[0-9]+, .* left$' "$work/err") == 10 ]] || fail "no progress"
all 'j["task"] == "ruler" and 0 <= j["score"] <= 1 and j["mode"] == "query-agnostic" and j["peak_n_kv"] <= 1024'
all 'j["prompt_tokens"] + j["max_tokens"] <= j["length"] == 3000 and j["tokens_read"] > 1024'
all 'j["tokens_generated"] <= j["max_tokens"] and j["stop_reason"] != "pot_full"'
all '("haystack" in j) == (j["dataset"] in ("niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multivalue",
                                            "niah_multiquery")) and j.get("haystack", "essay.txt") == "essay.txt"'
all 'all(key in j for key in ("commit", "version", "model_fingerprint", "ttft_seconds", "budget", "data", "prompt"))'

# What is there is not answered again, what was cut off is, and is the same.
cp "$results" "$work/before"
cp "$work/out" "$work/table"
succeeds "${ruler[@]}" --length 3000 --items 1 --out "$results"
cmp "$results" "$work/before" || fail "the second run wrote something"
cmp "$work/out" "$work/table" || fail "the second run has another table"
head -c -40 "$work/before" >"$results"
succeeds "${ruler[@]}" --length 3000 --items 1 --out "$results"
drop_time() { sed -E 's/"(prefill|decode|ttft)_seconds":[0-9.e-]*//g' "$1"; }
diff <(drop_time "$results") <(drop_time "$work/before") || fail "a line that was cut off stays"

# Both modes, two lengths; a policy that knows one mode alone.
results=$work/both.jsonl
succeeds "${ruler[@]}" --tasks niah_single_1,vt --length 2500,3000 --items 2 --mode both --out "$results"
[[ $(wc -l <"$results") == 16 ]] || fail "not a line for each item"
grep -Eqx 'query-agnostic +2500 +3000' "$work/out" || fail "no query-agnostic table"
grep -Eqx 'query-aware +2500 +3000' "$work/out" || fail "no query-aware table"
all 'j["catalyst"] == ("question" if j["mode"] == "query-aware" else "general")'
[[ $(python3 -c 'import json, sys
print(len({json.loads(line)["prompt"] for line in open(sys.argv[1])}))' "$results") == 8 ]] || fail "other prompts in another mode"
succeeds "${ruler[@]}" --tasks niah_single_1 --items 1 --policy streaming_llm --mode both
grep -c 'query-' "$work/out" >"$work/n"
[[ $(cat "$work/n") == 1 ]] || fail "a mode that the policy has not"

# The stand-ins are named so, and name their file; what does not fit is an error of its item.
results=$work/questions.jsonl
succeeds "${ruler[@]}" --longbench "$work/longbench" --tasks qa_2_stand_in --length 2000 --items 5 --out "$results"
[[ $(wc -l <"$results") == 2 ]] || fail "not a line for each question"
all 'j["questions"] == "hotpotqa.jsonl" and j["references"] == ["Town"]'
results=$work/errors.jsonl
short=("${ruler[@]}" --tasks niah_single_1,fwe --length 200 --items 1 --out "$results")
gives_up 7 'none of 2 items could be measured; the first: the shortest prompt has' "${short[@]}"
cat "$work/before" >>"$results"
succeeds "${short[@]}" --length 3000
grep -Eqx 'niah_single_1 +- +[0-9.]+' "$work/out" || fail "a score of an error"
grep -Eqx '2 items with an error and no score' "$work/out" || fail "no word of errors"
grep -q '"error":"the shortest prompt has' "$results" || fail "no error in a line"

# The script.
table=$source_dir/analysis/ruler_table.py
python3 "$table" "$work/both.jsonl" >"$work/out" 2>"$work/err"
[[ $(wc -l <"$work/out") == 6 && ! -s $work/err ]] || fail "not a row for each method and length"
python3 - "$work" <<'END'
import json, sys
method = {"task": "ruler", "method_id": "a", "model": "m", "policy": "p", "mode": "query-aware", "catalyst": "question",
          "schedule": "when-full", "positions": "reset", "asked": {"framing": "raw", "capacity": 8, "retain": 4}}
with open(f"{sys.argv[1]}/made.jsonl", "w") as lines:
    for i, (length, dataset, score) in enumerate([(8192, "vt", 1), (4096, "fwe", 1), (4096, "vt", 0.2), (4096, "vt", 0.4),
                                                  (4096, "vt", None)]):
        result = {**method, "id": str(i), "length": length, "dataset": dataset, "item": i, "haystack": f"{length}.txt"}
        lines.write(json.dumps({**result, **({} if score is None else {"score": score})}) + "\n")
END
python3 "$table" "$work/made.jsonl" >"$work/out" 2>"$work/err"
grep -qx '| policy | mode | length | vt | fwe | average | items | errors |' "$work/out" || fail "another head"
grep -qx '| p | query-aware | 4096 | 30.00 | 100.00 | 65.00 | 3 | 1 |' "$work/out" || fail "other scores at 4096"
grep -qx '| p | query-aware | 8192 | 100.00 |  |  | 1 | 0 |' "$work/out" || fail "other scores at 8192"
grep -qx 'the scores of vt are of different haystack: 4096.txt, 8192.txt' "$work/err" || fail "no word of haystacks"
python3 "$table" --csv "$work/made.jsonl" >"$work/out" 2>"$work/err"
grep -qx 'p,query-aware,4096,30.00,100.00,65.00,3,1' "$work/out" || fail "no CSV"
python3 "$table" --latex "$work/made.jsonl" >"$work/out" 2>"$work/err"
grep -qFx 'p & query-aware & 4096 & 30.00 & 100.00 & 65.00 & 3 & 1 \\' "$work/out" || fail "no LaTeX"

# What is refused.
refuses 2 'there is no --data, a folder with the word lists' eval ruler -m "$model"
refuses 2 'no task "niah_singel_1"; did you mean niah_single_1\?' "${ruler[@]}" --tasks niah_singel_1
refuses 2 'qa_1_stand_in asks questions of LongBench; name its folder with --longbench' "${ruler[@]}" --tasks qa_1_stand_in
refuses 2 'niah_single_2 hides its needles in a text; name one with --haystack' eval ruler -m "$model" --data "$data"
refuses 2 '--length wants a whole number' "${ruler[@]}" --length much
refuses 2 'no policy "infinitpot"' "${ruler[@]}" --policy infinitpot
refuses 2 'policy streaming_llm.* keeps the same whatever is asked' "${ruler[@]}" --policy streaming_llm --mode query-aware
refuses 2 'policy snapkv.* always keeps what the question needs' "${ruler[@]}" --policy snapkv --schedule at-end --mode query-agnostic
refuses 3 'cannot read /nowhere/wonderwords_adjectivelist.txt' eval ruler -m "$model" --data /nowhere --tasks vt
refuses 3 'cannot read .*2wikimqa.jsonl' "${ruler[@]}" --longbench "$work/longbench" --tasks qa_1_stand_in
printf 'caf\xe9\n' >"$work/essay.txt"
refuses 6 'essay.txt is not UTF-8 at byte 3' "${ruler[@]}"
: >"$data/wonderwords_verblist.txt"
refuses 3 'wonderwords_verblist.txt is empty' "${ruler[@]}" --tasks vt
