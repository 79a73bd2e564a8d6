#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults of /etc/fstab: found, explained, mended.

load helpers
load faults

teardown() {
    healthy_away
    assert_host_clean
}

@test "faults: a healthy image has none that stops the boot" {
    image --boot --swap
    unb examine --json "$IMG"
    [ "$status" -eq 0 ]
    [ "$(findings '.findings | length')" -eq 0 ]
}

@test "fstab.source-missing" { fault_case fstab.source-missing; }

@test "fstab.malformed" { fault_case fstab.malformed; }

@test "faults: nothing is applied that was not asked for, and only that is changed" {
    broken fstab.source-missing
    unchanged "$IMG" unb examine "$IMG"
    [ "$status" -eq 1 ]
    [[ $output == "Will not boot: /etc/fstab line 3 names a disk that is not there"* ]]
    unchanged "$IMG" unb repair --dry-run "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"+UUID=11111111"*nofail* ]]
    unb repair "$IMG"
    [ "$status" -eq 3 ]
    [[ $stderr == *"--yes"* ]]
    unb repair --yes "$IMG"
    [ "$status" -eq 0 ]
    in_image "$IMG" eval 'ls "$M/etc" | grep fstab; grep -c nofail "$M/etc/fstab"' >"$BATS_TEST_TMPDIR/files"
    [ "$(cat "$BATS_TEST_TMPDIR/files")" = "fstab
$(grep unbrick- "$BATS_TEST_TMPDIR/files")
1" ]
}
