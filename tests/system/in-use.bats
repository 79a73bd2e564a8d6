#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Never a device in use: status 3, with who holds it, and not a byte is written.

load helpers

setup() {
    remember_host
    image
    M=$BATS_TEST_TMPDIR/host-mount
    mkdir "$M"
}

teardown() {
    [ -z "${HOLDER:-}" ] || kill "$HOLDER" 2>/dev/null || true
    [ -z "${HOLDER:-}" ] || wait "$HOLDER" 2>/dev/null || true
    umount "$M" 2>/dev/null || true
    detach_all
    assert_host_clean || {
        sweep_away
        return 1
    }
}

# in_use WORD TARGET...: refused by everything that would write.
in_use() {
    local word=$1
    shift
    refused 3 "$word" boot "$@"
    unb boot --json "$@"
    jq -e '.reason == "in-use" and .status == 3' <<<"$output"
    unb shell "$@" -- true
    [ "$status" -eq 125 ]
    mkdir -p "$BATS_TEST_TMPDIR/free"
    refused 3 "$word" mount "$@" "$BATS_TEST_TMPDIR/free"
}

# The file must be as it was, unless its holder writes to it.
still_same() {
    local before
    before=$(checksum "$IMG")
    "$@"
    [ "$before" = "$(checksum "$IMG")" ] || fail "it was written to"
}

@test "in use: attached to a loop device by somebody else" {
    attach "$IMG"
    still_same in_use "$DEV" "$IMG"
    # By another name of the file, too.
    ln "$IMG" "$BATS_TEST_TMPDIR/hard"
    still_same in_use "$DEV" "$BATS_TEST_TMPDIR/hard"
}

@test "in use: a loop device with an offset into the image" {
    attach "$IMG" -o 2M
    still_same in_use "$DEV" "$IMG"
}

@test "in use: mounted on the host, from the image" {
    mount -o loop,offset=2M "$IMG" "$M"
    in_use "loop" "$IMG"
    umount "$M"
}

@test "in use: mounted on the host, a partition of the device" {
    attach "$IMG"
    partx -a "$DEV"
    mount "${DEV}p2" "$M"
    in_use "$M" "$DEV"
    in_use "$M" "${DEV}p2"
    umount "$M"
}

@test "in use: by a session of ours, which is named with its commands" {
    local id
    "$UNBRICK" shell "$IMG" -- sleep 300 >/dev/null 2>&1 </dev/null 3>&- &
    HOLDER=$!
    # It answers when its command runs.
    wait_for 30 eval '"$UNBRICK" status --json | jq -e "any(.sessions[]; .terminal)"'
    id=$("$UNBRICK" status --json | jq -r '.sessions[0].name')
    cd "$(dirname "$IMG")"
    still_same in_use "unbrick stop $id" "$(basename "$IMG")"
    unb stop "$id"
    [ "$status" -eq 0 ]
    # From another directory, too: what is recorded is the whole path.
    unb mount "$(basename "$IMG")" "$M"
    [ "$status" -eq 0 ]
    cd /
    in_use "unbrick umount $M" "$IMG"
    unb umount "$M"
    [ "$status" -eq 0 ]
}

@test "in use: mounted in another mount namespace only" {
    attach "$IMG"
    partx -a "$DEV"
    unshare -m --propagation private sh -c "mount ${DEV}p2 '$M' && echo >'$M/up' && exec sleep 300" 3>&- &
    HOLDER=$!
    wait_for 5 grep -q " $M " "/proc/$HOLDER/mountinfo"
    in_use "mounted" "$DEV"
}

@test "in use: a partition is swapped to" {
    image --swap
    attach "$IMG"
    partx -a "$DEV"
    swapon "${DEV}p2"
    in_use "swap" "$DEV"
    swapoff "${DEV}p2"
}

@test "in use: opened exclusively" {
    attach "$IMG"
    python3 - "$DEV" "$BATS_TEST_TMPDIR/held" 3>&- <<'END' &
import os, sys, time
os.open(sys.argv[1], os.O_RDWR | os.O_EXCL)
open(sys.argv[2], "w")
time.sleep(300)
END
    HOLDER=$!
    wait_for 5 test -e "$BATS_TEST_TMPDIR/held"
    still_same in_use "$HOLDER" "$DEV"
}

@test "in use: a lock that goes again, as udevd's on a new device, is waited for; one that stays is told of" {
    attach "$IMG" -P
    flock -s -F "$DEV" sleep 2 3>&- &
    HOLDER=$!
    wait_for 5 grep -q sleep "/proc/$HOLDER/comm"
    unb shell "$DEV" -- true
    [ "$status" -eq 0 ]
    wait "$HOLDER"
    flock -s -F "$DEV" sleep 60 3>&- &
    HOLDER=$!
    wait_for 5 grep -q sleep "/proc/$HOLDER/comm"
    still_same refused 3 "holds a lock" boot "$DEV"
}

@test "in use: the root of this host" {
    refused 3 "in use" boot /
}

@test "in use: the disk of this host's root" {
    local source
    source=$(findmnt -n -o SOURCE /)
    if [ -b "$source" ]; then
        refused 3 "unbrick examine /" boot "$source"
        return
    fi
    source=$(findmnt -n -o SOURCE /boot || true)
    [ -b "$source" ] || skip "the root of this host is on no block device"
    refused 3 "mounted" boot "$source"
}

@test "in use: we ourselves have it open" {
    script 'echo up; read x'
    mkfifo "$BATS_TEST_TMPDIR/in"
    "$UNBRICK" boot --run "$SCRIPT" "$IMG" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" \
        2>"$BATS_TEST_TMPDIR/err" 3>&- &
    HOLDER=$!
    exec 7>"$BATS_TEST_TMPDIR/in"
    wait_for 30 grep -q up "$BATS_TEST_TMPDIR/out"
    refused 3 "" boot "$IMG"
    [[ $stderr == *unbrick* ]]
    refused 3 "" shell --read-only "$IMG" -- true || [ "$status" -eq 125 ]
    unb list "$IMG"
    [ "$status" -eq 0 ]
    unb status
    [[ $output == *"unbrick-bookworm: open"*"$IMG"* ]]
    echo >&7
    exec 7>&-
    wait "$HOLDER"
    HOLDER=
}

# vm OPTION: a real qemu with the image as its disk; it stands still, so it writes nothing.
vm() {
    qemu-system-x86_64 -M q35 -m 64 -S -display none -monitor none -serial none -nodefaults \
        -drive "file=${2:-$IMG},format=raw,if=virtio$1" 3>&- &
    HOLDER=$!
    wait_for 10 sh -c "ls -l /proc/$HOLDER/fd | grep -qF '${2:-$IMG}'"
    sleep 0.3
}

@test "in use: the image of a running virtual machine" {
    vm ""
    still_same in_use "qemu" "$IMG"
    [[ $stderr == *"$HOLDER"* ]]
}

@test "in use: the image of a running virtual machine that takes no locks" {
    vm ",file.locking=off"
    still_same in_use "qemu" "$IMG"
}

@test "in use: the block device of a running virtual machine" {
    attach "$IMG"
    vm "" "$DEV"
    still_same in_use "qemu" "$DEV"
}

@test "in use: qemu cannot open the image while a session has it" {
    script 'echo up; read x'
    mkfifo "$BATS_TEST_TMPDIR/in"
    "$UNBRICK" boot --run "$SCRIPT" "$IMG" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" \
        2>"$BATS_TEST_TMPDIR/err" 3>&- &
    HOLDER=$!
    exec 7>"$BATS_TEST_TMPDIR/in"
    wait_for 30 grep -q up "$BATS_TEST_TMPDIR/out"
    run timeout 10 qemu-system-x86_64 -M q35 -m 64 -S -display none -monitor none -serial none \
        -nodefaults -drive "file=$IMG,format=raw,if=virtio"
    echo "$output"
    [ "$status" -ne 124 ] || fail "qemu opened the image"
    [[ $output == *lock* ]]
    echo >&7
    exec 7>&-
    wait "$HOLDER"
    HOLDER=
}

@test "in use: a hibernated system is refused for writing, and can be read" {
    image --swap
    local start
    read -r start _ < <(part_range "$IMG" 2)
    printf 'S1SUSPEND\0' | dd of="$IMG" bs=1 seek=$((start + 4086)) conv=notrunc status=none
    still_same refused 3 "hibernat" boot "$IMG"
    script 'cat /etc/hostname'
    still_same unb boot --read-only --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
}

@test "in use: while it is read-only in use, list still works" {
    attach "$IMG"
    partx -a "$DEV"
    mount "${DEV}p2" "$M"
    unb list "$DEV"
    [ "$status" -eq 0 ]
    [[ $output == *unbrick-bookworm* ]]
    umount "$M"
}
