#!/usr/bin/env bash
# A disk without room and a folder that cannot be written leave the old pot and give one sentence.
source "$(dirname "$0")/support/expect.bash"
needs_model
cd "$work"
words 400 >a.txt
words 4000 >b.txt
ingest=(ingest -m "$model" --quiet --pot disk/a.pot --file a.txt)

# A small disk of our own, which ends with this script.
if [[ ! -v INFINIPOT_OWN_MOUNTS ]]; then
    for namespaces in --mount '--user --map-root-user --mount'; do
        unshare $namespaces mount -t tmpfs -o size=1m tmpfs /mnt 2>/dev/null || continue
        INFINIPOT_OWN_MOUNTS=1 unshare $namespaces bash "$source_dir/tests/cli/full_disk.sh" "$infinipot"
        exit
    done
    echo 'skipped: no disk may be mounted here'
    exit 77
fi

# leaves_it WHAT: the pot is the one of before, and nothing else is on the disk.
leaves_it() {
    [[ $(cksum <disk/a.pot) == "$sum" ]] || fail "$1: the old pot has changed"
    [[ $(ls disk) == "$(printf 'a.pot\nrest')" ]] || fail "$1: something else is left: $(ls disk)"
    succeeds pot verify disk/a.pot
    succeeds ask -m "$model" --pot disk/a.pot -n 4 "Who reads?"
}

mkdir disk
trap 'umount "$work/disk"; rm -rf "$work"' EXIT
mount -t tmpfs -o size=2m tmpfs disk
succeeds "${ingest[@]}" -c 256
sum=$(cksum <disk/a.pot)
head -c 8M /dev/zero >disk/rest 2>/dev/null && fail 'the disk is too large to be full'
[[ -s disk/rest ]] || fail 'the disk is not full'
refuses 3 'disk/a.pot cannot be written: .*no space left' "${ingest[@]}" --file b.txt
leaves_it 'a full disk'

# Room for a part of it.
truncate -s -64K disk/rest
refuses 3 'disk/a.pot cannot be written: .*no space left' "${ingest[@]}" --file b.txt
leaves_it 'a disk with little room'

mount -o remount,ro disk
refuses 3 'disk/a.pot cannot be written: .*read-only' "${ingest[@]}" --file b.txt
leaves_it 'a folder that cannot be written'

mount -o remount,rw disk
rm disk/rest
succeeds "${ingest[@]}" --file b.txt
[[ $(cksum <disk/a.pot) != "$sum" ]] || fail 'nothing was saved although there is room'
