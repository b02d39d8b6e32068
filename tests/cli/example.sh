#!/usr/bin/env bash
# The example programs print what they promise.
source "$(dirname "$0")/support/expect.bash"
needs_model
examples=${INFINIPOT_EXAMPLES:-$(dirname "$infinipot")/examples}
infinipot=$examples/read_and_ask
[[ -x $infinipot ]] || { echo "skipped: no example was built"; exit 77; }
words 3000 >"$work/text.txt"

succeeds "$model" "$work/text.txt" "Who reads?"
[[ $(wc -c <"$work/out") -gt 1 ]] || fail "no answer"
grep -q 'tokens read' "$work/err" || fail "no progress"
refuses 2 '^usage: read_and_ask MODEL.gguf TEXT QUESTION' "$model"
refuses 1 'cannot read .*nowhere.txt' "$model" "$work/nowhere.txt" "Who?"
refuses 1 'text.txt' "$work/text.txt" "$work/text.txt" "Who?"

for program in quickstart custom_policy; do
    infinipot=$examples/$program
    succeeds "$model" "$work/text.txt" "Who reads?"
    [[ $(wc -c <"$work/out") -gt 1 ]] || fail "$program gave no answer"
done
refuses 1 'nowhere.gguf' "$work/nowhere.gguf" "$work/text.txt" "Who?"

# The program that the README shows is the one in examples/.
awk '/^```cpp$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source_dir/README.md" >"$work/readme.cpp"
diff "$work/readme.cpp" "$source_dir/examples/quickstart.cpp" || fail "README shows another quickstart.cpp"
