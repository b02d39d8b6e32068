#!/usr/bin/env bash
# A limit on the size of files (ulimit -f) is like a full disk: one sentence, and the old pot stays.
source "$(dirname "$0")/support/expect.bash"
needs_model
cd "$work"
words 400 >a.txt
words 4000 >b.txt
mkdir pots
ingest=(ingest -m "$model" --quiet --pot pots/a.pot --file a.txt)
succeeds "${ingest[@]}" -c 256
sum=$(cksum <pots/a.pot)
(
    ulimit -f 100
    refuses 3 'pots/a.pot cannot be written: .*too large' "${ingest[@]}" --file b.txt
)
[[ $(cksum <pots/a.pot) == "$sum" ]] || fail 'the old pot has changed'
[[ $(ls pots) == a.pot ]] || fail "something else is left: $(ls pots)"
succeeds ask -m "$model" --pot pots/a.pot -n 4 "Who reads?"
succeeds "${ingest[@]}" --file b.txt
