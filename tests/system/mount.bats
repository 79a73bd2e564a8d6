#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# mount and umount, status and cleanup.

load helpers

setup() {
    remember_host
    DIR=$BATS_TEST_TMPDIR/dir
    mkdir "$DIR"
}

teardown() {
    "$UNBRICK" umount "$DIR" >/dev/null 2>&1 || true
    detach_all
    assert_host_clean || {
        sweep_away
        return 1
    }
}

@test "mount: the assembled tree is on the host until umount" {
    local device
    image --boot
    unb mount "$IMG" "$DIR"
    [ "$status" -eq 0 ]
    [ "$(cat "$DIR/etc/hostname")" = unbrick-bookworm ]
    [ "$(stat -c %d "$DIR")" != "$(stat -c %d "$DIR/boot")" ]
    [ -z "$(our_processes)" ] || fail "a process of ours is still there"
    unb status
    [[ $output == *mounted*"$DIR"* ]]
    unb status --json
    jq -e --arg dir "$DIR" '.sessions | length == 1 and .[0].state == "mounted" and
        .[0].mount == $dir and .[0].name == "unbrick-bookworm"' <<<"$output"
    # The loop device below it is no further disk of this host.
    device=$(losetup -nO NAME -j "$IMG")
    [ -b "$device" ]
    unb list --json
    [ "$status" -eq 0 ]
    jq -e --arg device "$device" 'all(.disks[]; .target != $device)' <<<"$output"
    refused 3 "" boot "$IMG"
    unb cleanup
    [ "$status" -eq 0 ]
    [ -e "$DIR/etc/hostname" ] || fail "cleanup took away what was mounted on purpose"
    echo mark >"$DIR/root/mark"
    unb umount "$DIR"
    [ "$status" -eq 0 ]
    [[ $stderr == *"safe to detach"* ]]
    [ -z "$(ls "$DIR")" ]
    assert_host_clean
    clean_ext "$IMG"
    clean_ext "$IMG" 2
    in_image "$IMG" bash -c 'grep -q mark "$M/root/mark"'
}

@test "mount: read-only changes nothing" {
    image
    unchanged "$IMG" mount_and_back
}

mount_and_back() {
    unb mount --read-only "$IMG" "$DIR"
    [ "$status" -eq 0 ]
    run ! touch "$DIR/root/mark"
    unb umount "$DIR"
    [ "$status" -eq 0 ]
}

@test "mount: a block device, a name with spaces" {
    image
    mkdir "$BATS_TEST_TMPDIR/with space"
    attach "$IMG"
    unb mount "$DEV" "$BATS_TEST_TMPDIR/with space"
    [ "$status" -eq 0 ]
    [ -e "$BATS_TEST_TMPDIR/with space/etc/hostname" ]
    unb umount "$BATS_TEST_TMPDIR/with space"
    [ "$status" -eq 0 ]
}

@test "umount: while it is used it says so, and can be tried again" {
    image
    unb mount "$IMG" "$DIR"
    [ "$status" -eq 0 ]
    exec 7<"$DIR/etc/hostname"
    unb umount "$DIR"
    [ "$status" -ne 0 ]
    assert_one_sentence
    exec 7<&-
    unb umount "$DIR"
    [ "$status" -eq 0 ]
}

@test "status and cleanup: nothing is open" {
    unb status
    [ "$status" -eq 0 ]
    [ "$output" = "Nothing is open." ]
    unb status --json
    jq -e '.sessions == []' <<<"$output"
    unb cleanup
    [ "$status" -eq 0 ]
}

@test "cleanup: a journal that a crash of everything left, its lies included" {
    mkdir -p /run/unbrick/999999/mnt
    printf 'target\t/nowhere\ncgroup\t/sys/fs/cgroup/unbrick-gone-999999\nnonsense\nmount\t%s\n' \
        "$BATS_TEST_TMPDIR/not-mounted" >/run/unbrick/999999/journal
    : >/run/unbrick/999999/lock
    unb status
    [[ $output == *"left by a crash"* ]]
    unb cleanup
    [ "$status" -eq 0 ]
    [ ! -e /run/unbrick/999999 ]
}
