#!/usr/bin/env bash
# Pots: texts are read in one process and asked about in others, and reading goes on where it stopped.
source "$(dirname "$0")/support/expect.bash"
needs_model
cd "$work"
words 4000 >a.txt
words 300 >b.txt
ingest=(ingest -m "$model" --pot a.pot)

succeeds "${ingest[@]}" --file a.txt -c 256
succeeds ask -m "$model" --pot a.pot --json "Who reads?" "And what?"
[[ $(json 'len(j["answers"])') == 2 ]] || fail "not two answers"
[[ $(json 'j["files"]') == "['a.txt']" ]] || fail "the pot does not know its text"
cp "$work/out" first.json
succeeds ask -m "$model" --pot a.pot --json "Who reads?" "And what?"
python3 - first.json "$work/out" <<'END' || fail "another process answers otherwise"
import json, sys
first, second = (json.load(open(name))["answers"] for name in sys.argv[1:])
sys.exit([a["answer"] for a in first] != [a["answer"] for a in second])
END

# What is read is known, also in the next process.
succeeds pot show --json a.pot
[[ $(json 'j[0]["texts"][0]["name"]') == a.txt ]] || fail "pot show does not name the text"
tokens=$(json 'j[0]["tokens_read"]')
succeeds "${ingest[@]}" --file a.txt
succeeds pot show --json a.pot
[[ $(json 'j[0]["tokens_read"]') == "$tokens" ]] || fail "the text was read twice"
words 400 >>a.txt
succeeds "${ingest[@]}" --file a.txt --file b.txt
succeeds pot show --json a.pot
[[ $(json '[t["name"] for t in j[0]["texts"]]') == "['a.txt', 'b.txt']" ]] || fail "not both texts"
[[ $(json "j[0]['tokens_read'] > $tokens") == True ]] || fail "the new end was not read"
succeeds pot verify a.pot

# Ctrl-C saves, and the same command goes on.
words 600000 >long.txt
timeout -s INT 2 "$infinipot" ingest -m "$model" --pot cut.pot --file long.txt -c 256 >"$work/out" 2>"$work/err" &&
    fail "it was not interrupted"
grep -q 'the same command goes on from there' "$work/err" || fail "it does not say how to go on"
succeeds pot show --json cut.pot
[[ $(json '0 < j[0]["texts"][0]["bytes"] < 3000000') == True ]] || fail "nothing was saved"
head -c "$(json 'j[0]["texts"][0]["bytes"] + 20000')" long.txt >part.txt
mv part.txt long.txt
succeeds "${ingest[@]/a.pot/cut.pot}" --file long.txt
succeeds ingest -m "$model" --pot whole.pot --file long.txt -c 256
for pot in cut whole; do
    succeeds ask -m "$model" --pot $pot.pot --json "Who reads?"
    cp "$work/out" $pot.json
done
python3 - cut.json whole.json <<'END' || fail "what was interrupted answers otherwise"
import json, sys
cut, whole = (json.load(open(name)) for name in sys.argv[1:])
sys.exit(cut["answers"][0]["answer"] != whole["answers"][0]["answer"])
END

# Bad input gets a sentence and loses nothing.
sum=$(cksum <a.pot)
tr a-z b-za <a.txt >c.txt
mv c.txt a.txt
refuses 6 'a.txt" has changed' "${ingest[@]}" --quiet --file a.txt
refuses 2 'capacity is stored with a.pot' "${ingest[@]}" --file b.txt -c 512
refuses 2 'capacity excludes --pot' ask -m "$model" --pot a.pot -c 512 "Who?"
refuses 3 'nowhere.txt' "${ingest[@]}" --quiet --file nowhere.txt
refuses 2 'no pot to read into' ingest -m "$model" --file b.txt
refuses 9 'is no snapshot' ask -m "$model" --quiet --pot b.txt "Who?"
refuses 3 'nowhere.pot' ask -m "$model" --quiet --pot nowhere.pot "Who?"
refuses 3 "cannot be written" ingest -m "$model" --quiet --pot nowhere/a.pot --file b.txt -c 256
head -c 5000 a.pot >short.pot
refuses 9 'truncated' pot show short.pot
: >empty.txt
printf ' \n\n' >blank.txt
printf 'abc\377' >bad.txt
refuses 6 'nothing to read in "empty.txt"' ingest -m "$model" --quiet --pot new.pot --file empty.txt -c 256
refuses 6 'nothing to read in "blank.txt"' ingest -m "$model" --quiet --pot new.pot --file blank.txt -c 256
refuses 6 '"bad.txt" is not UTF-8 at byte 3' ingest -m "$model" --quiet --pot new.pot --file bad.txt -c 256
refuses 3 'nowhere.txt' ingest -m "$model" --quiet --pot new.pot --file b.txt --file nowhere.txt -c 256
[[ ! -e new.pot ]] || fail "a pot was made although nothing was read"
[[ $(cksum <a.pot) == "$sum" ]] || fail "a pot has changed although nothing was read"
