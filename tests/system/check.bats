#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The file-system check before the first write (--fsck), and status 5.

load helpers

# ext TEXT: commands of debugfs on the root, or on partition $2.
damage() {
    local start size part=$BATS_TEST_TMPDIR/damaged
    read -r start size < <(part_range "$IMG" "${2:-}")
    dd if="$IMG" of="$part" bs=1M skip=$((start >> 20)) count=$((size >> 20)) conv=sparse status=none
    debugfs -w -f - "$part" <<<"$1" 2>&1
    dd if="$part" of="$IMG" bs=1M seek=$((start >> 20)) conv=notrunc status=none
    rm "$part"
}

# What preen does not dare: an inode in use that is said to be free, a block used twice.
RISKY='clri /etc/debian_version
set_inode_field /etc/issue block[0] 1'

# Preen-safe: wrong counts in the superblock.
SAFE='set_super_value free_blocks_count 1
set_super_value free_inodes_count 1'

@test "check: a clean file system is not written to by the check" {
    image --boot
    script true
    unb boot --verbose --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *clean* ]]
}

@test "check: by hand is advised on a device of the host only, and on none of ours" {
    image
    damage "$RISKY"
    refused 5 "repair it (--fsck=repair)" boot "$IMG"
    [[ $stderr != *"by hand"* && $stderr != */dev/* ]] || fail "a device of ours is named"
    rm "$IMG"
    image --table none
    damage "$RISKY"
    attach "$IMG"
    refused 5 "by hand: e2fsck -f $DEV" boot "$DEV"
}

@test "check: the journal is replayed, and said so" {
    image
    local start size m=$BATS_TEST_TMPDIR/m
    read -r start size < <(part_range "$IMG")
    mkdir "$m"
    mount -o "loop,offset=$start,sizelimit=$size" "$IMG" "$m"
    echo newest >"$m/root/newest"
    sync -f "$m"
    cp --sparse=always "$IMG" "$IMG.crashed"
    umount "$m"
    mv "$IMG.crashed" "$IMG"
    script 'cat /root/newest'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$output" = newest ]
    [[ $stderr == *replayed* ]]
    clean_ext "$IMG"
}

@test "check: safe fixes are made without asking" {
    image
    damage "$SAFE"
    script true
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    clean_ext "$IMG"
}

@test "check: errors beyond that need an answer: without a terminal status 5 and the command" {
    image
    damage "$RISKY"
    unb boot "$IMG"
    [ "$status" -eq 5 ]
    [[ $stderr == *e2fsck* && $stderr == *--fsck=repair* ]]
    # Once, and the problem, not e2fsck's question.
    [ "$(grep -o 'the first: ' <<<"$stderr" | wc -l)" -eq 1 ]
    [[ $stderr != *"? no"* ]]
    # Given for another question.
    unchanged "$IMG" unb boot --yes "$IMG"
    [ "$status" -eq 5 ]
    unb shell "$IMG" -- true
    [ "$status" -eq 125 ]
    unb mount "$IMG" "$BATS_TEST_TMPDIR"
    [ "$status" -eq 5 ] || [ "$status" -eq 2 ]
}

@test "check: with no as the answer nothing is repaired" {
    image
    damage "$RISKY"
    "$PTY" 'expect:Repair' 'send:n\r' status:5 -- "$UNBRICK" boot "$IMG"
}

@test "check: with yes as the answer it is repaired, and an undo file is kept" {
    image
    damage "$RISKY"
    "$PTY" --timeout 60 'expect:Repair' 'send:y\r' 'expect:undo' 'expect:# ' 'send:exit\r' \
        status:0 -- "$UNBRICK" boot "$IMG"
    clean_ext "$IMG"
}

@test "check: --fsck=repair does not ask" {
    image
    damage "$RISKY"
    script true
    unb boot --fsck=repair --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *repaired* ]]
    undo=$(sed -n 's/.*undo data of the repair: \([^ ]*\) .*/\1/p' <<<"$stderr")
    [ -s "$undo" ]
    rm -f "$undo"
    rmdir -p "$(dirname "$undo")" 2>/dev/null || true
    clean_ext "$IMG"
}

@test "check: --fsck=quick and skip do not look at a file system marked clean" {
    image
    damage "$RISKY"
    script true
    unb boot --fsck=quick --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    unb boot --fsck=skip --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
}

@test "check: a damaged /boot is left out with a word, the rescue goes on" {
    image --boot
    damage 'clri <2>' 2
    script 'findmnt -n /boot || echo no boot'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"no boot"* ]]
    [[ $stderr == */boot* ]]
}

@test "check: a data partition that the rescue does not need is not checked" {
    image --second trixie
    # The second root is mounted on /srv by the first one's fstab.
    local uuid
    uuid=$(blkid -p -O "$(part_range "$IMG" 3 | cut -d' ' -f1)" -o value -s UUID "$IMG")
    in_first bash -c 'mkdir -p "$M/srv"; echo "UUID='"$uuid"' /srv ext4 defaults 0 2" >>"$M/etc/fstab"'
    damage "$SAFE" 3
    script 'findmnt -n -o FSTYPE /srv'
    unb boot --system=part2 --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$output" = ext4 ]
}

# What is in memory does not rotate: file systems are looked at at once (storage/rotation.h).
image_in_memory() {
    local memory=$BATS_TEST_TMPDIR/keep
    mkdir "$memory"
    mount -t tmpfs -o size=3g memory "$memory"
    image "$@"
    cp --sparse=always "$IMG" "$memory/disk.img"
    rm "$IMG"
    IMG=$memory/disk.img
}

@test "check: several file systems at once, clean, safely fixed, and with errors left" {
    image_in_memory --boot
    script 'findmnt -n -o TARGET / /boot; true'
    unb boot --verbose --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *"/ (part3): clean"* && $stderr == *"/boot (part2): clean"* ]]
    damage 'set_inode_field <11> links_count 7' 2 # preen-safe, e2fsck(8)
    damage 'set_inode_field <11> links_count 7'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *"/ (part3): fixed"* && $stderr == *"/boot (part2): fixed"* ]]
    clean_ext "$IMG"
    damage 'clri <2>' 2
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *"/boot (part2): "*"finds"* ]]
    clean_ext "$IMG"
    # To examine it, all of it is looked at, and nothing is mended.
    damage "$RISKY"
    unchanged "$IMG" unb examine "$IMG"
    [ "$status" -eq 1 ]
    [[ $output == *"/boot"* && $output == *"part3"* ]]
    umount "$BATS_TEST_TMPDIR/keep"
}

in_first() {
    local start size
    read -r start size < <(part_range "$IMG" 2)
    export M=$BATS_TEST_TMPDIR/edit
    mkdir -p "$M"
    mount -o "loop,offset=$start,sizelimit=$size" "$IMG" "$M"
    "$@"
    umount "$M"
}

@test "check: the main superblock is gone, a backup is there" {
    image
    local start size
    read -r start size < <(part_range "$IMG")
    # Only the fields beside the magic number: libblkid must still see an ext4.
    dd if=/dev/zero of="$IMG" bs=1 seek=$((start + 1024 + 4)) count=40 conv=notrunc status=none
    unb boot "$IMG"
    [ "$status" -eq 5 ] || [ "$status" -eq 4 ] || fail "status $status"
    script 'echo up'
    unb boot --fsck=repair --run "$SCRIPT" "$IMG"
    if [ "$status" -eq 0 ]; then
        [ "$output" = up ]
    else
        [ "$status" -eq 5 ] || [ "$status" -eq 4 ]
    fi
}

@test "check: xfs with a log to replay is replayed by mounting" {
    image --fs xfs
    local start size m=$BATS_TEST_TMPDIR/m
    read -r start size < <(part_range "$IMG")
    mkdir "$m"
    mount -o "loop,offset=$start,sizelimit=$size" "$IMG" "$m"
    echo newest >"$m/root/newest"
    sync "$m/root/newest"
    cp --sparse=always "$IMG" "$IMG.crashed"
    umount "$m"
    mv "$IMG.crashed" "$IMG"
    script 'cat /root/newest'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$output" = newest ]
}

# A step of the test build holds the process that checks (base/step.h).
@test "check: Ctrl-C while a short check runs ends the command, and nothing is called healthy" {
    local file=$BATS_TEST_TMPDIR/stopped
    image
    UNBRICK_STOP_AT=look-child UNBRICK_STOP_FILE=$file "$PTY" --timeout 60 pause:2 'send:\x03' 'expect:stopped by Ctrl-C' \
        status:130 -- "$UNBRICK" examine "$IMG" >"$BATS_TEST_TMPDIR/out" &
    wait_for 30 test -s "$file"
    sleep 3
    kill -CONT "$(cat "$file")"
    wait $!
    ! grep "Nothing was found" "$BATS_TEST_TMPDIR/out" || fail "it was not looked at"
}

@test "check: Ctrl-C at the question changes nothing" {
    image
    damage "$RISKY"
    unchanged "$IMG" "$PTY" 'expect:Repair' 'send:\x03' status:130 -- "$UNBRICK" boot "$IMG"
}
