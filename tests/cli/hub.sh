#!/usr/bin/env bash
# Models of the Hub, from a small server of our own that keeps its protocol or breaks it.
source "$(dirname "$0")/support/expect.bash"
needs_model
unset XDG_CACHE_HOME HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE LLAMA_CACHE OLLAMA_MODELS HF_TOKEN HF_HUB_OFFLINE
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export HOME=$work/home
cache=$HOME/.cache/huggingface/hub/models--ann--story
mkdir -p "$HOME" "$work/hub/ann/story/UD"
cd "$work"
words 100 >text.txt

# The repository: a real model, a larger file, and one in two parts.
cp "$model" hub/ann/story/story-Q8_0.gguf
head -c 3000000 /dev/urandom >hub/ann/story/story-BF16.gguf
echo part 1 >hub/ann/story/UD/big-Q2_K-00001-of-00002.gguf
echo part 2 >hub/ann/story/UD/big-Q2_K-00002-of-00002.gguf
echo part 1 >hub/ann/story/half-Q3_K-00001-of-00002.gguf
echo text >hub/ann/story/README.md
mkdir -p hub/ann/text
echo text >hub/ann/text/README.md

hub() { echo "$1" >hub/behaviour; : >hub/requests; }
hub well
sleep infinity | python3 "$source_dir/tests/cli/support/hub_server.py" "$work/hub" 2>hub/log &
server=$!
trap 'kill $(jobs -p) 2>/dev/null; pkill -P $$ 2>/dev/null; rm -rf "$work"' EXIT
for _ in {1..100}; do [[ -s hub/address ]] && break; sleep 0.1; done
[[ -s hub/address ]] || fail "the server does not start"
export HF_ENDPOINT=$(<hub/address)

small=$(sha256sum hub/ann/story/story-Q8_0.gguf | cut -d ' ' -f 1)
large=$(sha256sum hub/ann/story/story-BF16.gguf | cut -d ' ' -f 1)
snapshot=$cache/snapshots/0123456789abcdef0123456789abcdef01234567

# The default file, in the layout of the Hub's own library.
succeeds pull hf:ann/story
[[ $(cat out) == "$snapshot/story-Q8_0.gguf" ]] || fail "not the file"
cmp hub/ann/story/story-Q8_0.gguf "$snapshot/story-Q8_0.gguf" || fail "other bytes"
[[ $(readlink "$snapshot/story-Q8_0.gguf") == "../../blobs/$small" ]] || fail "no link to a blob"
[[ $(<"$cache/refs/main") == 0123456789abcdef0123456789abcdef01234567 ]] || fail "no ref"
[[ $(ls "$cache/blobs") == "$small" ]] || fail "something else is left"
succeeds models
grep -Eq '^hf:ann/story:Q8_0 .* Hugging Face$' out || fail "the model is not listed"
hub well
succeeds pull hf:ann/story:q8_0
! grep -q /cdn/ hub/requests || fail "a file that is here is loaded again"
succeeds ask -m ann/story -t 1 -q -n 4 -c 256 --file text.txt "Who?"

# Several files, redirections without a host, and blobs that another program loaded.
hub relative
succeeds pull hf:ann/story:Q2_K
[[ $(cat out) == "$snapshot/UD/big-Q2_K-00001-of-00002.gguf" ]] || fail "not the first part"
[[ $(cat "$snapshot"/UD/big-Q2_K-0000?-of-00002.gguf) == $'part 1\npart 2' ]] || fail "not two parts"
rm "$snapshot/story-Q8_0.gguf"
hub well
succeeds pull hf:ann/story:Q8_0
! grep -q /cdn/ hub/requests || fail "a blob that is here is loaded again"
[[ -e $snapshot/story-Q8_0.gguf ]] || fail "no link"

# A token goes to the Hub alone.
rm -r "$cache"
hub private
refuses 3 'the Hub refuses the repository ann/story \(401\): it wants a token in HF_TOKEN' pull hf:ann/story
HF_TOKEN=hf_wrong refuses 3 'the token in HF_TOKEN may not read it' pull hf:ann/story
HF_TOKEN=$'hf\nx' refuses 2 'HF_TOKEN is no token' pull hf:ann/story
hub private
HF_TOKEN=hf_secret succeeds pull hf:ann/story
grep -q '^/ann/.* Bearer hf_secret$' hub/requests || fail "no token for the Hub"
grep -q '^/cdn/.* -$' hub/requests || fail "the token goes to another host"

# -hf gets what is missing, and asks nobody about what is here.
rm -r "$cache"
hub well
succeeds ask -hf ann/story -t 1 -q -n 4 -c 256 --file text.txt "Who?"
hub well
succeeds ask -hf ann/story:Q8_0 -t 1 -q -n 4 -c 256 --file text.txt "Who?"
[[ ! -s hub/requests ]] || fail "the Hub is asked for a model that is here"
refuses 3 'no model "hf:ann/story:BF16".*infinipot pull' ask -m hf:ann/story:BF16 --file text.txt "Who?"
HF_HUB_OFFLINE=1 succeeds pull hf:ann/story
HF_HUB_OFFLINE=1 refuses 3 'HF_HUB_OFFLINE is set, and the Hub.s cache has no model ann/story:BF16' pull hf:ann/story:BF16
[[ ! -s hub/requests ]] || fail "the Hub is asked although HF_HUB_OFFLINE is set"

# A line that is cut, again and again; each try goes on behind the last one.
large() { rm -rf "$cache/snapshots" "$cache/blobs/$large"*; }
hub cut
succeeds pull hf:ann/story:BF16
cmp hub/ann/story/story-BF16.gguf "$snapshot/story-BF16.gguf" || fail "other bytes after a cut"
[[ $(grep -c '^/cdn/.*bytes=[1-9]' hub/requests) == 2 ]] || fail "not two ranges"

# Ctrl-C and a kill leave the bytes that came, and no model; the next call goes on behind them.
large
hub slow
status=0
timeout --preserve-status --signal=INT --kill-after=60 2 "$infinipot" pull hf:ann/story:BF16 >out 2>err || status=$?
[[ $status == 130 && $(tail -n 1 err) == 'infinipot: interrupted; the same command goes on from what is here' ]] || fail "not interrupted: $status"
[[ -s $cache/blobs/$large.incomplete && ! -e $cache/blobs/$large ]] || fail "nothing is kept"
timeout --signal=KILL 2 "$infinipot" pull hf:ann/story:BF16 >out 2>err || true
n=$(stat -c %s "$cache/blobs/$large.incomplete")
((n > 100000 && n < 3000000)) || fail "$n bytes are kept"
hub well
succeeds pull hf:ann/story:BF16
grep -q "^/cdn/.* bytes=$n- " hub/requests || fail "it does not go on where it was"
grep -q 'of which [0-9.]* [KM]iB are here' err || fail "it does not say what is here"
cmp hub/ann/story/story-BF16.gguf "$snapshot/story-BF16.gguf" || fail "other bytes"

# A server without ranges, in front of a part of something else.
large
head -c 1000 /dev/zero >"$cache/blobs/$large.incomplete"
hub 'no ranges'
succeeds pull hf:ann/story:BF16
cmp hub/ann/story/story-BF16.gguf "$snapshot/story-BF16.gguf" || fail "other bytes"

# A Hub that is busy, and one that stays so.
large
hub busy
succeeds pull hf:ann/story:BF16
large
hub 'always busy'
refuses 3 'the Hub is asked too often \(429\); try again in 120 seconds' pull hf:ann/story:BF16

# Lies and nonsense: one sentence each, and nothing under the final name.
lies() { # lies BEHAVIOUR PATTERN
    large
    hub "$1"
    gives_up 3 "$2" pull hf:ann/story:BF16
    [[ ! -e $snapshot/story-BF16.gguf && ! -e $cache/blobs/$large && ! -s out ]] || fail "$1: a file"
}
lies 'wrong hash' 'the Hub states two different hashes of the file story-BF16.gguf of ann/story'
lies 'two hashes' 'two different hashes'
lies 'other bytes' "has SHA-256 [0-9a-f]{64} and not $large; nothing of it is kept"
[[ ! -e $cache/blobs/$large.incomplete ]] || fail "wrong bytes are kept"
lies 'wrong size' 'has 3000000 bytes and not 3000007; nothing of it is kept'
lies more 'the Hub sends more than the 3000000 bytes that it states'
lies circle 'the Hub leads in circles to the file'
lies nonsense 'is no JSON'
lies broken 'with status 400'
large
hub hostile
refuses 3 'has no GGUF model of type Q4_K_M, but of BF16, Q2_K, Q3_K or Q8_0' pull hf:ann/story:Q4_K_M
[[ -z $(find "$HOME" -name '*escape*' -o -name 'odd*') ]] || fail "a path leaves its folder"

hub well
refuses 3 'the Hub has not got the repository ann/nothing \(404\)' pull hf:ann/nothing
refuses 3 'the repository ann/text has no GGUF model' pull hf:ann/text
refuses 3 'lacks the file half-Q3_K-00002-of-00002.gguf' pull hf:ann/story:Q3_K
for name in hf: hf:ann hf:ann/../story hf:ann/story: hf:a/b/c 'hf:ann/st?ry'; do
    refuses 2 'is no USER/REPO\[:TYPE\]' pull "$name"
done
HF_ENDPOINT=nowhere refuses 2 'HF_ENDPOINT is no address of a Hub' pull hf:ann/story
HF_ENDPOINT=http://127.0.0.1:1 refuses 3 'cannot reach http://127.0.0.1:1: ' pull hf:ann/story
