#!/usr/bin/env bash
# The commands that README.md and docs/getting-started.md show run as they stand there, with a tiny
# model for every model and a short text for every text. Benchmarks are left out: they take minutes.
source "$(dirname "$0")/support/expect.bash"
needs_model
mkdir "$INFINIPOT_CACHE"
cd "$work"
python3 - "$model" model.gguf <<'END'  # a window of 2048, as the models that the documents speak of
import sys
data, key = bytearray(open(sys.argv[1], "rb").read()), b"llama.context_length"
value = data.index(key) + len(key) + 4  # behind the type
data[value:value + 4] = (2048).to_bytes(4, "little")
open(sys.argv[2], "wb").write(data)
END
cp model.gguf IN.gguf
cp model.gguf "$INFINIPOT_CACHE/tinyllama.gguf"
cp model.gguf "$INFINIPOT_CACHE/qwen2.5-coder-1.5b.gguf"
export OLLAMA_MODELS=$work/ollama
digest=$(sha256sum model.gguf | cut -d ' ' -f 1)
manifests=$OLLAMA_MODELS/manifests/registry.ollama.ai/library/qwen2.5
mkdir -p "$manifests" "$OLLAMA_MODELS/blobs"
cp model.gguf "$OLLAMA_MODELS/blobs/sha256-$digest"
echo '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:'"$digest"'"}]}' >"$manifests/1.5b"
for text in book.txt chapter.txt 2023.log 2024.log; do words 300 >"$text"; done
cat >person.json <<'END'
{"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
END
git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m "a change"

# Prints the commands of a document: indented lines in which the program is called. A line that ends
# with \ goes on in the next.
commands_of() {
    sed -n 's/^    //p' "$1" | sed ':again; /\\$/ { N; s/\\\n *//; b again }' |
        grep -E "^([^#]*\| *)?(build/release/)?infinipot (ask|ingest|inspect|pot|requantize) " || true
}

run_command() {
    local status=0
    bash -euo pipefail -c "infinipot() { '$infinipot' \"\$@\"; }; ${1//build\/release\/infinipot/infinipot}" \
        </dev/null >"$work/out" 2>"$work/err" || status=$?
    [[ $status == 0 ]] || fail "$1: exit status $status"
}

for document in README.md docs/getting-started.md; do
    commands_of "$source_dir/$document" >"$work/commands"
    [[ $(wc -l <"$work/commands") -ge 3 ]] || fail "$document shows fewer than three commands"
    while IFS= read -r command; do run_command "$command"; done <"$work/commands"
done
