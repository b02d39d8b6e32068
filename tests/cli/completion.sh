#!/usr/bin/env bash
# Shell completions and the manual page, which the program writes.
source "$(dirname "$0")/support/expect.bash"

for shell in bash zsh fish; do
    succeeds --completion $shell
    cp "$work/out" "$work/completion.$shell"
    if command -v $shell >/dev/null; then
        $shell -n "$work/completion.$shell" || fail "$shell does not parse its completion"
    fi
done
refuses 2 'bash, zsh or fish' --completion csh

source "$work/completion.bash"
cd "$work"
: >"a book.txt"
mkdir folder

# completes LINE EXPECTED: what bash proposes for the last word of a line, sorted, with | between.
completes() {
    local IFS=' ' proposals
    read -ra COMP_WORDS <<<"$1"
    [[ $1 == *' ' ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _infinipot || true # compgen fails where it finds nothing
    proposals=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd '|')
    [[ $proposals == "$2" ]] || fail "'$1' completes to '$proposals', not '$2'"
}
completes 'infinipot a' ask
completes 'infinipot eval n' needle
completes 'infinipot pot f' fork
completes 'infinipot pot rm --f' --force
completes 'infinipot pot fork a' 'a book.txt'
completes 'infinipot pot ls f' folder
completes 'infinipot inspect --po' '--policy|--positions|--pot'
completes 'infinipot eval needle --kv-type q' 'q4_0|q8_0'
completes 'infinipot ask --kv-type f' f16
completes 'infinipot ask --kv-type = q' 'q4_0|q8_0' # as bash splits --kv-type=q
completes 'infinipot ask --end ' 'fill|retain'
completes 'infinipot ask --policy stream' streaming_llm
completes 'infinipot ask --cap' --capacity
completes 'infinipot ask --ctx' ''
completes 'infinipot ask --preset' ''
completes 'infinipot ask -c ' ''
completes 'infinipot ask -f a' 'a book.txt'
completes 'infinipot ask --json --qu' --quiet
completes 'infinipot requantize a' 'a book.txt'
completes 'infinipot eval longbench --data f' folder
completes 'infinipot eval metric-check f' folder

succeeds --man
grep -q '^\.TH INFINIPOT 1' "$work/out" || fail "no manual page"
if command -v groff >/dev/null; then
    groff -man -ww -z "$work/out" 2>"$work/err" || fail "groff does not read the manual page"
    [[ ! -s $work/err ]] || fail "groff warns about the manual page"
fi
if command -v man >/dev/null; then
    cp "$work/out" "$work/infinipot.1"
    man --warnings -l "$work/infinipot.1" >/dev/null 2>"$work/err" || fail "man does not read the manual page"
    [[ ! -s $work/err ]] || fail "man warns about the manual page"
fi
