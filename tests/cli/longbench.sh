#!/usr/bin/env bash
# LongBench on a small folder of its kind: rows, table, resuming, samples, errors, and the scripts that
# read its results.
source "$(dirname "$0")/support/expect.bash"
needs_model
data=$work/data
results=$work/results.jsonl
mkdir -p "$data/config" "$data/data"

python3 - "$data" <<'END'
import json, random, sys
folder = sys.argv[1]
random.seed(7)
words = "the pot is full of salt and pepper while Natasha reads a long book".split()
def text(n):
    return " ".join(random.choice(words) for _ in range(n))
templates = {"qasper": "Article: {context}\n\nNow answer.\n\nQuestion: {input}\n\nAnswer:",
             "trec": "Types of questions.\n\n{context}\n{input}",
             "samsum": "Summaries.\n\n{context}\n\n{input}",
             "lcc": "Please complete the code given below. \n{context}Next line of code:\n"}
json.dump(templates, open(f"{folder}/config/dataset2prompt.json", "w"))
json.dump({"qasper": 12, "trec": 8, "samsum": 16, "lcc": 8}, open(f"{folder}/config/dataset2maxlen.json", "w"))
classes = {"trec": ["Food", "City"]}
for task in templates:
    with open(f"{folder}/data/{task}.jsonl", "w") as lines:
        for i in range(4):
            lines.write(json.dumps({"_id": f"{task}-{i}", "input": text(9), "context": text(150 + 50 * i),
                                    "answers": [text(4)], "length": 150, "dataset": task, "language": "en",
                                    "all_classes": classes.get(task)}) + "\n")
END

longbench=(eval longbench -m "$model" --threads 1 --capacity 256 --data "$data")
# all EXPRESSION: whether it is true of every object `j` in the results.
all() {
    python3 -c 'import json, sys
for line in open(sys.argv[1]):
    j = json.loads(line)
    assert eval(sys.argv[2]), line' "$results" "$1" || fail "not true of all: $1"
}

succeeds "${longbench[@]}" --out "$results"
[[ $(wc -l <"$results") == 16 ]] || fail "not a line for each item"
grep -Eqx 'qasper +4 +0 +[0-9.]+' "$work/out" || fail "no score of a task"
grep -Eqx 'average +[0-9.]+' "$work/out" || fail "no average"
[[ $(grep -Ec '^[0-9]+ of 16: .*: score [01]\.[0-9]+, [0-9,]+ tokens at .* left$' "$work/err") == 15 ]] || fail "no time left"
all 'j["task"] == "longbench" and 0 <= j["score"] <= 1 and j["mode"] == "query-agnostic"'
all 'j["framing"] == ("chat" if j["dataset"] == "qasper" else "raw")'
all 'j["tokens_generated"] <= j["max_tokens"] and j["stop_reason"] != "pot_full" and j["peak_n_kv"] <= 256'
all '"score_levenshtein" in j if j["dataset"] == "lcc" else "\n" not in j["pred"] or j["dataset"] != "samsum"'
all 'j["dataset"] != "samsum" or j["tokens_generated"] >= 1'
all 'all(key in j for key in ("commit", "version", "model_fingerprint", "prefill_seconds", "ttft_seconds", "budget"))'

# What is there is not answered again, what was cut off is.
cp "$results" "$work/before"
cp "$work/out" "$work/table"
succeeds "${longbench[@]}" --out "$results"
cmp "$results" "$work/before" || fail "the second run wrote something"
cmp "$work/out" "$work/table" || fail "the second run has another table"
head -c -40 "$work/before" >"$results"
succeeds "${longbench[@]}" --out "$results"
drop_time() { sed -E 's/"(prefill|decode|ttft)_seconds":[0-9.e-]*//g' "$1"; }
diff <(drop_time "$results") <(drop_time "$work/before") || fail "a line that was cut off stays"

# A sample is the same for every method, and part of a larger one.
ids() { python3 -c 'import json, sys
print(*sorted(json.loads(line)["item"] for line in open(sys.argv[1])))' "$1"; }
succeeds "${longbench[@]}" --tasks qasper,trec --items 2 --out "$work/a.jsonl"
succeeds "${longbench[@]}" --tasks trec,qasper --items 2 --policy tova --out "$work/b.jsonl"
[[ $(ids "$work/a.jsonl") == "$(ids "$work/b.jsonl")" ]] || fail "another sample for another method"
succeeds "${longbench[@]}" --tasks qasper,trec --items 3 --out "$work/a.jsonl"
grep -qx '4 of 6 were done before' "$work/err" || fail "a larger sample is not of the same items"

# The question as catalyst; the official truncation; what no pot can hold is an error of its item.
results=$work/aware.jsonl
succeeds "${longbench[@]}" --tasks qasper --catalyst question --out "$results"
all 'j["mode"] == "query-aware"'
results=$work/truncated.jsonl
succeeds "${longbench[@]}" --tasks qasper --policy truncate --out "$results"
all 'j["tokens_cut"] > 0 and j["tokens_left_out"] <= 8 and j["peak_n_kv"] <= 256'
succeeds "${longbench[@]}" --tasks qasper --policy full --max-length 100 --out "$results"
results=$work/full.jsonl
full=(eval longbench -m "$model" --threads 1 --data "$data" --tasks qasper --policy full --out "$results")
succeeds "${full[@]}" --capacity 512
grep -Eqx 'qasper +4 +[1-3] +[0-9.]+' "$work/out" || fail "no errors in the table"
grep -q '"error":"the text is longer than the KV cache' "$results" || fail "no error in a line"
gives_up 7 'none of 4 items could be measured; the first: the text is longer than the KV cache' "${full[@]}" --capacity 256
gives_up 7 'none of 4 items could be measured; the first: the text is longer than the KV cache' "${full[@]}" --capacity 256
[[ $(wc -l <"$results") == 8 ]] || fail "an error was tried again"

# The scripts.
table=$source_dir/analysis/longbench_table.py
python3 "$table" "$work/a.jsonl" "$work/b.jsonl" >"$work/out" 2>"$work/err"
[[ $(wc -l <"$work/out") == 4 ]] || fail "not a row for each method"
grep -q 'scores of qasper are not of the same items' "$work/err" || fail "other items, and no word"
python3 "$table" --common --csv "$work/a.jsonl" "$work/b.jsonl" >"$work/out" 2>"$work/err"
[[ $(grep -c ',4,0$' "$work/out") == 2 && ! -s $work/err ]] || fail "not the common items"
python3 "$table" --latex "$work/a.jsonl" >"$work/out"
grep -q '^query-agnostic\|\\\\$' "$work/out" || fail "no LaTeX"
succeeds eval compare "$work/a.jsonl" "$work/b.jsonl"
grep -Eqx '\| mean \| 4 \|.* to [+-][0-9.]+ \|' "$work/out" || fail "no comparison"

# What is refused.
refuses 2 'there is no --data, a folder of LongBench' eval longbench -m "$model"
refuses 2 'no English task "qasber"; did you mean qasper\?' "${longbench[@]}" --tasks qasber
refuses 2 '--items wants a whole number of at least 1' "${longbench[@]}" --items 0
refuses 2 'no policy "infinitpot"' "${longbench[@]}" --policy infinitpot
refuses 3 'there are no tasks of LongBench in /nowhere/data' eval longbench -m "$model" --data /nowhere
refuses 3 'config/dataset2maxlen.json: there is no "hotpotqa"' "${longbench[@]}" --tasks hotpotqa
echo '{"id": "x"}' >"$work/spoilt.jsonl"
refuses 3 'spoilt.jsonl, line 1: this is not a result' "${longbench[@]}" --out "$work/spoilt.jsonl"
echo '{"_id": "again"' >>"$data/data/trec.jsonl"
refuses 3 'data/trec.jsonl, line 5 is not a JSON object' "${longbench[@]}"
printf '{"_id": "caf\xe9"}\n' >"$data/data/trec.jsonl"
refuses 6 'data/trec.jsonl, line 1 is not UTF-8 at byte 12' "${longbench[@]}"
refuses 2 'there is no FOLDER to check' eval metric-check
refuses 3 'there is no run in /nowhere' eval metric-check /nowhere

# Metrics whose scores are known, and one that is not ours.
mkdir -p "$work/check/run"
echo '{"passage_count": 75}' >"$work/check/run/expected.json"
for prediction in '"7", "answers": ["7"], "score": 1' '"7 or 8", "answers": ["7"], "score": 0.5'; do
    echo "{\"pred\": $prediction}" >>"$work/check/run/passage_count.jsonl"
done
succeeds eval metric-check "$work/check"
grep -Eqx 'run +passage_count +2 +0 +75\.00 +75\.00 +75\.00' "$work/out" || fail "no row of a checked task"
echo '{"passage_count": 76}' >"$work/check/run/expected.json"
run eval metric-check "$work/check"
[[ $status == 1 ]] || fail "metrics that disagree pass"
