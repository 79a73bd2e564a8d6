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

@test "fstab.root-wrong" { fault_case fstab.root-wrong; }

@test "fstab.missing" { fault_case fstab.missing; }

@test "fstab.malformed" { fault_case fstab.malformed; }

@test "fstab.stray-field" { fault_case fstab.stray-field; }

@test "fstab.carriage-return" { fault_case fstab.carriage-return; }

@test "device.wrong-type" { fault_case device.wrong-type; }

@test "device.kernel-name" { fault_case device.kernel-name; }

@test "device.kernel-name, and another disk has it now" { fault_case device.kernel-name+other; }

@test "option.refused" { fault_case option.refused; }

@test "option.refused: removed from the kernel" { fault_case option.refused+removed; }

@test "option.refused: the word that was meant takes its place" {
    image
    unb shell "$IMG" -- sh -c 'printf "LABEL=a /a ext4 %s 0 2\n" read-only,nofail default,noatim,no_fail >>/etc/fstab'
    unb repair --yes "$IMG" option.refused
    unb shell --read-only "$IMG" -- tail -n 2 /etc/fstab
    [ "$output" = "LABEL=a /a ext4 ro,nofail 0 2
LABEL=a /a ext4 defaults,noatime,nofail 0 2" ]
}

@test "mount.point-unusable" { fault_case mount.point-unusable; }

@test "mount.subvolume-missing" { fault_case mount.subvolume-missing; }

@test "mount.network" { fault_case mount.network; }

@test "mount.network: a server" { fault_case mount.network+server; }

@test "mount.check-impossible" { fault_case mount.check-impossible; }

@test "mount.order" { fault_case mount.order; }

@test "mount.duplicate" { fault_case mount.duplicate; }

@test "mountunit.source-missing" { fault_case mountunit.source-missing; }

@test "mountunit.misnamed" { fault_case mountunit.misnamed; }

@test "swap.source-missing" { fault_case swap.source-missing; }

@test "swap.resume-missing" { fault_case swap.resume-missing; }

@test "faults: nothing is applied that was not asked for, and only that is changed" {
    broken fstab.source-missing
    unchanged "$IMG" unb examine "$IMG"
    [ "$status" -eq 1 ]
    [[ $output == "Will not boot: /etc/fstab line 3 names a disk that is not there"* ]]
    unchanged "$IMG" unb repair --dry-run "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"+UUID=11111111"*nofail* ]]
    # Not before somebody says yes is the file system even mounted for writing.
    unchanged "$IMG" unb repair "$IMG"
    [ "$status" -eq 3 ]
    [[ $stderr == *"--yes"* ]]
    unchanged "$IMG" "$PTY" 'expect:Apply' 'send:n\r' 'expect:nothing was changed' status:3 -- \
        "$UNBRICK" repair "$IMG"
    unchanged "$IMG" "$PTY" 'expect:Apply' 'send:\x04' status:3 -- "$UNBRICK" repair "$IMG"
    unchanged "$IMG" "$PTY" 'expect:Apply' 'send:\x03' status:130 -- "$UNBRICK" repair "$IMG"
    unchanged "$IMG" unb repair "$IMG" loader.code-missing
    [ "$status" -eq 1 ]
    assert_one_sentence
    # A relative path, which is opened twice.
    cd "$(dirname "$IMG")"
    unb repair --yes "$(basename "$IMG")"
    [ "$status" -eq 0 ]
    [[ $stderr == *"safe to detach"* ]]
    unchanged "$IMG" unb repair --yes "$IMG"
    [ "$status" -eq 0 ]
    in_image "$IMG" eval 'ls "$M/etc" | grep fstab; grep -c nofail "$M/etc/fstab"' >"$BATS_TEST_TMPDIR/files"
    [ "$(cat "$BATS_TEST_TMPDIR/files")" = "fstab
$(grep unbrick- "$BATS_TEST_TMPDIR/files")
1" ]
}

@test "repair: kill -9 at any time, in its first session or its second, leaves nothing on the host" {
    local i
    for i in 1 2 3 4 5 6 7 8; do
        broken fstab.source-missing
        "$UNBRICK" repair --yes "$IMG" >/dev/null 2>&1 </dev/null &
        sleep "$(printf '%d.%02d' $((i * 22 / 100)) $((i * 22 % 100)))"
        kill -9 $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        wait_for 10 eval '[ -z "$(our_processes)$(our_loops)" ]'
        # The file is the one before or the one after, whole.
        in_image "$IMG" eval 'grep -c " / ext4" "$M/etc/fstab"; tail -c 1 "$M/etc/fstab"' >"$BATS_TEST_TMPDIR/after"
        [ "$(cat "$BATS_TEST_TMPDIR/after")" = 1 ]
    done
}

@test "fstab.source-missing: an id is repaired where it can be, whatever comes before it" {
    image
    unb shell "$IMG" -- sh -c 'printf "UUID=deadbeef-0000-4000-8000-00000000000%s ext4 %s 0 2\n" \
        "1 /a" nofail "2 /b" defaults >>/etc/fstab'
    unb repair --yes "$IMG" fstab.source-missing
    [ "$status" -eq 0 ]
    unb shell --read-only "$IMG" -- grep '^UUID=deadbeef-0000-4000-8000-000000000002 /b ext4 .*nofail' /etc/fstab
    [ "$status" -eq 0 ]
    # There is nothing left to do, and the words are for that case.
    unb repair --yes "$IMG" fstab.source-missing
    [ "$status" -eq 1 ]
    [[ $stderr == *"by hand: correct the line"* ]]
}
