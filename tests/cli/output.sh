#!/usr/bin/env bash
# What is printed without a model, and what happens when it cannot be printed.
source "$(dirname "$0")/support/expect.bash"

succeeds --version
grep -Eqx 'infinipot [0-9]+\.[0-9]+\.[0-9]+' "$work/out" || fail "no version"
succeeds --help
grep -q 'ask' "$work/out" || fail "the help does not list ask"
succeeds ask --help
for option in capacity retain no-fill reserve protect-first protect-recent memory kv-type beyond-window policy \
    schedule positions catalyst preset raw kernels no-repack sliding-window novelty-vocab batch threads seed focus \
    temperature top-k top-p min-p repeat-penalty max-tokens json quiet; do
    grep -q -- "--$option" "$work/out" || fail "ask --help is silent about --$option"
done
subcommands() { # subcommands [COMMAND]: as its help lists them, each behind the command
    "$infinipot" "$@" --help | sed -n "/^Subcommands:/,/^\$/s/^  \([a-z-][a-z-]*\) .*/$*${1:+ }\1/p"
}
mapfile -t commands < <(echo && subcommands && subcommands eval)
[[ ${#commands[@]} -ge 15 ]] || fail "the help lists ${#commands[@]} commands"
for command in "${commands[@]}"; do
    succeeds $command --help
    [[ $(wc -L <"$work/out") -le 100 ]] || fail "the help of '$command' is wider than 100 columns"
done

succeeds policies
for name in infinipot streaming_llm full novelty=0.5 sinks=4 one-by-one 'grows with the text'; do
    grep -q "$name" "$work/out" || fail "policies does not list $name"
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
