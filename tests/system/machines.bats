#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/record-machine: what it writes about this host can be replayed, and tells the same as the host
# itself. The machines that are recorded in tests/machines are replayed by the unit test of that name.

load helpers

TOP=$BATS_TEST_DIRNAME/../..
REPLAY=${UNBRICK%/*}/tests/unit/test-machines

@test "record-machine: the record of this host lists the disks that this host lists" {
    truncate -s 8M "$BATS_TEST_TMPDIR/disk.img"
    mke2fs -q -t ext4 -L recorded "$BATS_TEST_TMPDIR/disk.img"
    attach "$BATS_TEST_TMPDIR/disk.img"
    mkdir "$BATS_TEST_TMPDIR/mnt"
    mount "$DEV" "$BATS_TEST_TMPDIR/mnt"
    "$TOP/tools/record-machine" >"$BATS_TEST_TMPDIR/record"
    umount "$BATS_TEST_TMPDIR/mnt"
    run "$REPLAY" "$BATS_TEST_TMPDIR/record"
    echo "$output"
    [ "$status" -eq 0 ]
    # "/dev/loop7  8 MiB ext4  in use  mounted on ..."
    grep -Eq "^$DEV +8 MiB ext4 +in use +mounted on $BATS_TEST_TMPDIR/mnt" <<<"$output"
}

@test "record-machine: --blank replaces what says which disk it is, and keeps what is equal" {
    local machine=$TOP/tests/machines/two-paths blank=$BATS_TEST_TMPDIR/blank
    "$TOP/tools/record-machine" --blank "$machine.txt" >"$blank"
    run ! grep -q 6001405aa "$blank"
    [ "$(wc -l <"$blank")" -eq "$(wc -l <"$machine.txt")" ]
    run ! grep -qF "$(sed -n 's/^\tPTUUID=//p' "$machine.txt" | head -n 1)" "$blank"
    # Both paths still lead to one disk.
    run "$REPLAY" "$blank"
    diff <(echo "$output") "$machine.list"
}

@test "record-machine: nothing but what is documented" {
    run "$TOP/tools/record-machine" --nosuch
    [ "$status" -eq 2 ]
    [[ $output == *--blank* && $output != *"set -eu"* ]]
}
