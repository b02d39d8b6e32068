#!/usr/bin/env bash
# Output that needs no model, and output that cannot be written.
source "$(dirname "$0")/support/expect.bash"

succeeds --version
grep -Eqx 'infinipot [0-9]+\.[0-9]+\.[0-9]+' "$work/out" || fail "no version"
succeeds --help
grep -q 'ask' "$work/out" || fail "the help does not list ask"
succeeds policies
for name in infinipot streaming_llm full random; do
    grep -q "^$name " "$work/out" || fail "policies does not list $name"
done
succeeds policies streaming_llm
for words in sinks=4 per-token; do
    grep -q -e "$words" "$work/out" || fail "policies streaming_llm does not say $words"
done
succeeds policies --json
[[ $(json '[p["name"] for p in j][:3]') == "['infinipot', 'streaming_llm', 'swa']" ]] ||
    fail "policies --json"
[[ $(json '[p["name"] for p in j if not p["bounded"]]') == "['snapkv', 'self_extend', 'full']" ]] ||
    fail "policies --json does not say whose memory grows"
[[ $(json 'j[0]["options"][0]["default"]') == 0.5 ]] || fail "policies --json has no defaults"

INFINIPOT_BIN=$infinipot "$source_dir/scripts/policy-docs" --check || fail "docs/policies.md is old"

status=0
: >"$work/out"
"$infinipot" policies >/dev/full 2>"$work/err" || status=$?
refused 3 'standard output: No space left' "a full disk"
status=0
"$infinipot" policies >&- 2>"$work/err" || status=$?
[[ $status == 0 && ! -s $work/err ]] || fail "complains about a closed standard output"
# The reader goes away first; whether SIGPIPE is ignored or not, nothing is said.
for ignored in "" "trap '' PIPE;"; do
    bash -c "$ignored"'( sleep 0.3; "$0" policies 2>"$1" ) | true' "$infinipot" "$work/err"
    [[ ! -s $work/err ]] || fail "complains about a broken pipe"
done

# What models can be loaded onto.
succeeds devices
grep -Eq '^cpu +.*GiB' "$work/out" || fail "no CPU"
succeeds devices --json
[[ $(json 'j[0]["name"], j[0]["memory_bytes"] > 0') == "('cpu', True)" ]] || fail "no CPU in the JSON"
