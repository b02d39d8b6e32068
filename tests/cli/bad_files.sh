#!/usr/bin/env bash
# Missing, damaged and hostile models and texts give one sentence and the exit status of their kind.
source "$(dirname "$0")/support/expect.bash"
words 100 >"$work/text.txt"

ask_model() { refuses "$1" "$2" ask -m "$3" --file "$work/text.txt" "Who?"; }

ask_model 3 'no model file ".*nowhere.gguf"' "$work/nowhere.gguf"
ask_model 3 'no model "tinyllama".*infinipot pull tinyllama' tinyllama
ask_model '3|4' "$work" "$work"
ask_model 4 'text.txt' "$work/text.txt"
: >"$work/empty.gguf"
ask_model '3|4' 'empty.gguf' "$work/empty.gguf"
printf 'GGUF' >"$work/magic.gguf"
ask_model 4 'magic.gguf' "$work/magic.gguf"
printf 'GGUF\3\0\0\0\377\377\377\377\377\377\377\177\377\377\377\377\377\377\377\177' >"$work/huge.gguf"
ask_model 4 'huge.gguf' "$work/huge.gguf"

llama=${INFINIPOT_LLAMA_SOURCE_DIR:-$source_dir/.deps/llama.cpp}
whole=$llama/models/ggml-vocab-llama-spm.gguf
if [[ -f $whole ]]; then
    for n_bytes in 23 1000 100000; do
        head -c "$n_bytes" "$whole" >"$work/cut.gguf"
        ask_model 4 'cut.gguf' "$work/cut.gguf"
    done
    ask_model '4|5' 'ggml-vocab-llama-spm.gguf' "$whole"  # a vocabulary without weights
fi

refuses 3 'cannot read ".*nowhere.txt": No such file' \
    ask -m "$work/empty.gguf" --file "$work/nowhere.txt" "Who?"
refuses 3 "cannot read \"$work\": it is a folder" ask -m "$work/empty.gguf" --file "$work" "Who?"
refuses '3|4' 'nowhere.gguf' requantize "$work/nowhere.gguf" "$work/out.gguf"
refuses 4 'text.txt' requantize "$work/text.txt" "$work/out.gguf"
[[ -z $(find "$work" -name 'out.gguf*') ]] || fail "a partial model is left behind"
