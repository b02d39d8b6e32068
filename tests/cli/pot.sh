#!/usr/bin/env bash
# Pots as files: they are listed, copied and removed, and nothing else is; what is kept in them is shown.
source "$(dirname "$0")/support/expect.bash"
needs_model
cd "$work"
words 2500 >a.txt
words 40 >b.txt
succeeds ingest -m "$model" -t 1 --pot a.pot --file a.txt -c 256 -q
mkdir shelf empty
succeeds ingest -m "$model" -t 1 --pot shelf/b.pot --file b.txt -c 256 -q

# Damaged ones: cut off, with a wrong byte in the header, and with one in the KV cache.
head -c 5000 a.pot >cut.pot
damage() { # damage FILE OFFSET
    cp a.pot "$1"
    printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
damage header.pot 20
damage cache.pot $(($(stat -c %s a.pot) - 5))
cp a.txt text.pot
: >nothing.pot
mkfifo fifo.pot
mkdir folder.pot

# ls: pots alone, by name; damage that can be seen at once.
succeeds pot ls
[[ $(sed 's/ .*//' out | paste -sd ' ') == 'pot a.pot cache.pot cut.pot header.pot' ]] || fail "not the pots"
grep -Eq '^a\.pot +[^ ].* 2[0-9]{2}/256 +[0-9.]+ [KM]iB +20[0-9-]+ [0-9:]+ +a\.txt$' out || fail "not the facts of a pot"
grep -Eqx 'cut\.pot +damaged' out || fail "no damage"
succeeds pot ls --json . shelf empty
[[ $(json '[p["file"] for p in j]') == "['a.pot', 'cache.pot', 'cut.pot', 'header.pot', 'shelf/b.pot']" ]] ||
    fail "not the pots of three folders: $(json '[p["file"] for p in j]')"
[[ $(json '[p["damaged"] for p in j]') == '[False, False, True, True, False]' ]] || fail "not the damage"
[[ $(json '"truncated" in j[2]["damage"], j[4]["texts"][0]["name"]') == "(True, 'b.txt')" ]] || fail "not the facts"
succeeds pot ls empty
[[ ! -s out ]] || fail "there are pots in an empty folder"
succeeds pot ls --json empty
[[ $(json j) == '[]' ]] || fail "there are pots in an empty folder"
refuses 3 'nowhere cannot be listed' pot ls nowhere
refuses 3 'a.pot cannot be listed' pot ls a.pot

# A name cannot change the colours of a terminal.
cp a.pot $'shelf/\e[31mred.pot'
succeeds pot ls shelf
! grep -q $'\e' out || fail "an escape sequence of a name is printed"
rm shelf/*red.pot

# fork: the same pot under another name, and no file is replaced.
succeeds pot fork a.pot copy.pot
[[ ! -s out && ! -s err ]] || fail "fork says something"
cmp -s a.pot copy.pot || fail "a fork differs"
[[ $(stat -c %a copy.pot) == 600 ]] || fail "others can read a fork"
sum=$(cksum <b.txt)
refuses 3 'b.txt exists and is not replaced' pot fork a.pot b.txt
refuses 3 'copy.pot exists and is not replaced' pot fork a.pot copy.pot
refuses 3 'a.pot exists and is not replaced' pot fork a.pot a.pot
refuses 3 'empty exists and is not replaced' pot fork a.pot empty
ln -s nowhere dangling
refuses 3 'dangling exists and is not replaced' pot fork a.pot dangling
[[ $(cksum <b.txt) == "$sum" ]] || fail "fork has changed a file"
refuses 9 'no snapshot' pot fork a.txt new.pot
refuses 9 'cut.pot is truncated' pot fork cut.pot new.pot
refuses 9 'cache.pot is damaged: the checksum of the KV cache' pot fork cache.pot new.pot
refuses 3 'nowhere.pot cannot be opened' pot fork nowhere.pot new.pot
refuses 3 'shelf is a folder' pot fork shelf new.pot
refuses 3 'fifo.pot is not a regular file' pot fork fifo.pot new.pot
refuses 3 'nowhere/new.pot cannot be written' pot fork a.pot nowhere/new.pot
refuses 3 '/proc/new.pot cannot be written' pot fork a.pot /proc/new.pot
refuses 2 'no name for its copy; see infinipot pot fork --help' pot fork a.pot
refuses 2 'one argument too many' pot fork a.pot new.pot other.pot
[[ -z $(compgen -G 'new.pot*') ]] || fail "a fork that failed leaves a file"

# A chat in the copy leaves the first pot alone.
sum=$(cksum <a.pot)
printf 'who reads?\n' | "$infinipot" chat -m "$model" -t 1 -n 4 --pot copy.pot --save -q >out 2>err || fail "chat"
[[ $(cksum <a.pot) == "$sum" ]] || fail "a chat in the copy has changed the first pot"
! cmp -s a.pot copy.pot || fail "a chat leaves no trace in its pot"

# rm: pots alone, and none of them if one name is wrong.
keeps() { # keeps STATUS PATTERN ARGUMENT...
    local before
    before=$(find . | sort)
    refuses "$1" "$2" pot rm "${@:3}"
    [[ $(find . | sort) == "$before" ]] || fail "pot rm ${*:3}: something has changed"
}
keeps 9 'a.txt is no pot; nothing was removed' copy.pot a.txt
keeps 9 'text.pot is no pot' copy.pot --force text.pot
keeps 9 'nothing.pot is no pot' nothing.pot
keeps 3 'nowhere.pot cannot be opened: no such file or directory; nothing was removed' copy.pot nowhere.pot
keeps 3 'shelf is a folder.*nothing was removed' copy.pot shelf
keeps 3 'fifo.pot is not a regular file.*nothing was removed' fifo.pot
for pot in cut header cache; do
    keeps 9 "$pot.pot is damaged, .* --force removes it; nothing was removed" copy.pot $pot.pot
done
keeps 2 'there is no pot to remove; see infinipot pot rm --help'
keeps '2|3' 'name .* is empty' ''
succeeds pot rm copy.pot copy.pot
[[ ! -e copy.pot && -e a.pot ]] || fail "rm has not removed one pot"
succeeds pot rm --force cut.pot header.pot cache.pot
[[ ! -e cut.pot && ! -e header.pot && ! -e cache.pot ]] || fail "rm --force has not removed damaged pots"
ln -s a.pot link.pot
succeeds pot rm link.pot
[[ ! -L link.pot && -e a.pot ]] || fail "rm of a link has not removed the link alone"

# A folder that may not be written; it may be by root.
chmod 555 shelf
if [[ ! -w shelf ]]; then
    keeps 3 'shelf/b.pot cannot be removed: permission denied; nothing was removed' a.pot shelf/b.pot
    refuses 3 'shelf/new.pot cannot be written: permission denied' pot fork a.pot shelf/new.pot
fi
chmod 755 shelf

refuses 2 'pot wants a command: show, verify, ls, fork or rm' pot
refuses 2 'did you mean fork\?' pot frok a.pot b.pot

# inspect --pot: what is kept, without reading a text.
inspect=(inspect -m "$model" -t 1 --pot a.pot)
succeeds "${inspect[@]}" -q
grep -q ' \.\.\. ' out || fail "no dots for what was evicted"
grep -Eq '^text +a\.txt, ' out || fail "not the text that was read"
n=$(sed -nE 's/^keeps +([0-9]+) tokens in any of 4 heads, .*/\1/p' out)
((n >= 96)) || fail "no totals"
! grep -q $'\e' out || fail "escape sequences in a file"
succeeds "${inspect[@]}" --json
[[ $(wc -l <out) == 1 ]] || fail "not one line"
python3 - out a.txt "$n" <<'END' || fail "the JSON does not add up"
import json, sys
j, text, n = json.load(open(sys.argv[1])), open(sys.argv[2]).read(), int(sys.argv[3])
tokens = j["tokens"]
assert j["pot"] == "a.pot" and j["texts"][0]["name"] == "a.txt" and len(tokens) == n
positions = [t["position"] for t in tokens]
assert positions == sorted(set(positions)) and positions[0] == 0
n_heads = j["n_layer"] * j["n_head_kv"]
assert all(0 < t["share"] <= 1 for t in tokens)
assert abs(sum(t["share"] for t in tokens) - j["n_kv"]) < 1e-6, "every head holds n_kv tokens"
last = [t["piece"] for t in tokens[-8:]]
assert positions[-1] - positions[-8] == 7 and text.rstrip().endswith("".join(last).rstrip()), last
END
python3 - "$infinipot" "${inspect[@]}" >/dev/null <<'END' || fail "no shades on a terminal"
import os, pty, sys
os.environ.pop("NO_COLOR", None)
os.environ["TERM"] = "xterm-256color"
seen = b""
def read(terminal):
    global seen
    data = os.read(terminal, 65536)
    seen += data
    return data
status = pty.spawn(sys.argv[1:], read)
assert status == 0 and b"held by" in seen and b"\x1b[38;5;16;48;5;208m" in seen, (status, seen[-500:])
END

refuses 3 'nowhere.pot cannot be opened' inspect -m "$model" --pot nowhere.pot
refuses 9 'no snapshot' inspect -m "$model" --pot a.txt
refuses 2 '--html shows what was evicted as well' "${inspect[@]}" --html page.html
refuses 2 '--(file|pot) excludes --(file|pot)' "${inspect[@]}" --file a.txt
refuses 2 'excludes' "${inspect[@]}" --question "Who?"
refuses 2 'capacity excludes --pot' "${inspect[@]}" -c 512
refuses 2 'max-tokens excludes --pot' "${inspect[@]}" -n 5
