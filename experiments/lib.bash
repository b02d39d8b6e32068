# Shared by the scripts of this folder, each of which sources it and sets $usage, its help, and its defaults.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
failed=0 # 1 after a measurement that failed

# parse "NAME..." "OPTION..." ARGUMENT...
# Sets a variable for each positional NAME and for each `--option VALUE`; an option listed with a ! takes no value.
parse() {
    local positional=$1 options=" $2 " name
    shift 2
    [[ " $* " != *" --help "* ]] || { echo "$usage"; exit 0; }
    for name in $positional; do
        [[ $# -ge 1 && $1 != -* ]] || refuse_arguments
        declare -g "$name=$1"
        shift
    done
    while [[ $# -gt 0 ]]; do
        name=${1#--}
        if [[ $1 == --* && $options == *" $name! "* ]]; then
            declare -g "${name//-/_}=1"
            shift
        elif [[ $1 == --* && $options == *" $name "* && $# -ge 2 ]]; then
            declare -g "${name//-/_}=$2"
            shift 2
        else
            refuse_arguments
        fi
    done
}

refuse_arguments() { # refuse_arguments [SENTENCE]
    [[ $# -eq 0 ]] || echo "$*" >&2
    echo "$usage" >&2
    exit 2
}

# Makes the folder $out and goes to the root of the project.
enter_root() {
    mkdir -p "$out"
    out=$(realpath "$out")
    cd "$root"
}

# measure WHAT COMMAND...
# Runs a command with its output on stderr. A failure is reported and the script goes on; Ctrl-C ends the script.
measure() {
    local what=$1 status=0
    shift
    echo "== $what" >&2
    "$@" >&2 || status=$?
    ((status != 130)) || exit 130
    ((status == 0)) || { echo "== $what was not measured" >&2; failed=1; }
}
