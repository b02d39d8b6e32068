# What the scripts beside this folder share. Each is given the path of the program, says what it
# expects, and fails at the first thing that is otherwise.

set -euo pipefail

infinipot=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=${INFINIPOT_SOURCE_DIR:-$(cd "$here/../../.." && pwd)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export INFINIPOT_CACHE=$work/cache NO_COLOR=1

fail() {
    echo "FAILED: $*" >&2
    sed 's/^/  stdout: /; 5q' "$work/out" >&2
    sed 's/^/  stderr: /; 5q' "$work/err" >&2
    exit 1
}

# run ARGUMENT...: leaves $status, $work/out and $work/err.
run() {
    status=0
    "$infinipot" "$@" >"$work/out" 2>"$work/err" || status=$?
}

# refuses STATUS PATTERN ARGUMENT...: that exit status (a regular expression), one sentence on
# standard error in which the pattern occurs, and nothing on standard output.
refuses() {
    local expected=$1 pattern=$2
    shift 2
    run "$@" </dev/null
    refused "$expected" "$pattern" "$*"
}

# gives_up STATUS PATTERN ARGUMENT...: the program works, and then ends with that status and one sentence.
gives_up() {
    local expected=$1 pattern=$2
    shift 2
    run "$@" </dev/null
    [[ $status == "$expected" ]] || fail "$*: exit status $status, not $expected"
    tail -n 1 "$work/err" | grep -Eq -- "$pattern" || fail "$*: no \"$pattern\" in the last sentence"
}

# refused STATUS PATTERN WHAT: the same about a run that is over.
refused() {
    grep -Eqx -- "$1" <<<"$status" || fail "$3: exit status $status, not $1"
    [[ $(wc -l <"$work/err") == 1 ]] || fail "$3: not one line on standard error"
    grep -Eq -- "$2" "$work/err" || fail "$3: no \"$2\" in the sentence"
    [[ ! -s $work/out ]] || fail "$3: something on standard output"
}

# succeeds ARGUMENT...
succeeds() {
    run "$@"
    [[ $status == 0 ]] || fail "$*: exit status $status"
}

# json EXPRESSION: of the object `j` on standard output, as Python prints it.
json() {
    python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
        "$work/out" "$1"
}

# needs_model: sets $model to a tiny model that the build made, or skips the script.
needs_model() {
    model=${INFINIPOT_TINY_MODEL:-}
    if [[ ! -f $model ]]; then
        echo "skipped: INFINIPOT_TINY_MODEL names no model"
        exit 77
    fi
}

# words N: a text of N words on one line each ten.
words() {
    python3 -c '
import random, sys
random.seed(1)
words = "the pot is full of salt and pepper while Natasha reads a long book".split()
for i in range(int(sys.argv[1])):
    print(random.choice(words), end="\n" if i % 10 == 9 else " ")
print()' "$1"
}
