#!/usr/bin/env bash
# --help fits one screen, --help-all has the rest, and docs/cli.md is what the program prints.
source "$(dirname "$0")/support/expect.bash"

commands_in() { # commands_in [COMMAND]: as its help lists them, each behind the command
    "$infinipot" "$@" --help | sed -n "/^Commands:/,/^\$/s/^  \([a-z-][a-z-]*\) .*/$*${1:+ }\1/p"
}
mapfile -t commands < <(echo && commands_in && commands_in eval && commands_in pot)
[[ ${#commands[@]} -ge 15 ]] || fail "the help lists ${#commands[@]} commands"

for command in "${commands[@]}"; do
    succeeds $command --help-all
    [[ $(wc -L <"$work/out") -le 100 ]] || fail "--help-all of '$command' is wider than 100 columns"
    cp "$work/out" "$work/all"
    succeeds $command --help
    [[ $(wc -L <"$work/out") -le 100 ]] || fail "the help of '$command' is wider than 100 columns"
    [[ $(wc -l <"$work/out") -le 40 ]] || fail "the help of '$command' has more than 40 lines"
    for option in $(grep -oE '^ +(-[a-z], )?--[a-z-]+' "$work/out" | grep -oE -- '--[a-z-]+'); do
        grep -q -- "$option" "$work/all" || fail "--help-all of '$command' lacks $option"
    done
    # It ends with the way to the rest, where there is a rest.
    [[ $(wc -l <"$work/all") -le $(wc -l <"$work/out") ]] || tail -n 1 "$work/out" | grep -q '^--help-all lists' ||
        fail "the help of '$command' does not end with --help-all"
done

succeeds ask --help
basic='-f -m -n -t -c -s -q --file --model --max-tokens --threads --capacity --seed --memory --catalyst --policy
    --json --quiet --pot --temperature --kv-type --stop'
for option in $basic; do
    grep -q -- "$option" "$work/out" || fail "ask --help is silent about $option"
done
for option in --kernels --top-k; do
    ! grep -q -- "$option" "$work/out" || fail "ask --help shows $option"
done
succeeds ask --help-all
for option in -b --raw --retain --end --reserve --protect-first --protect-recent --beyond-window --schedule --positions --paper \
    --kernels --no-repack --sliding-window --exact-novelty --batch --top-k --top-p --min-p --repeat-penalty \
    --ctx-size --n-predict --batch-size --temp --presence-penalty --frequency-penalty --logit-bias --logprobs \
    --grammar --json-schema; do
    grep -q -- "$option" "$work/out" || fail "ask --help-all is silent about $option"
done
for word in before-reading one-by-one --preset --no-fill; do
    ! grep -q -- "$word" "$work/out" || fail "ask --help-all shows $word"
done
succeeds --help-all
for command in "${commands[@]:1}"; do
    grep -q "^Usage: infinipot $command" "$work/out" || fail "--help-all has no section on '$command'"
done

INFINIPOT_BIN=$infinipot "$source_dir/scripts/cli-docs" --check || fail "docs/cli.md is old"
