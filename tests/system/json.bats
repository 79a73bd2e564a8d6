#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# --json: each field that a command emits is described where docs/json.md says what the command emits. (list has
# its own in list.bats.)

load helpers
load faults

teardown() {
    healthy_away
    assert_host_clean
}

# has FIELD...: they were in the last output: the test has seen what it is about.
has() {
    local field
    for field; do
        jq -e --arg field "$field" '[.. | objects | keys[]] | index($field)' <<<"$output" >/dev/null ||
            fail "there is no $field" || return 1
    done
}

# A btrfs with a snapshot; a boot by wtmp that came up and one after it that did not; changes; a disk that is
# not there. IMG.
with_a_past() {
    local at=$BATS_TEST_TMPDIR/top uuid
    IMG=$BATS_TEST_TMPDIR/disk.img
    truncate -s 140M "$IMG"
    mkfs.btrfs -q -f "$IMG" 2>/dev/null
    uuid=$(blkid -p -o value -s UUID "$IMG")
    mkdir "$at"
    mount -o loop "$IMG" "$at"
    btrfs -q subvolume create "$at/@"
    btrfs -q subvolume create "$at/.snapshots"
    "$FIXTURES/mini" "$at/@"
    mkdir -p "$at/@/data" "$at/.snapshots/7" "$at/@/var/log"
    printf '%s\n' "UUID=$uuid / btrfs subvol=@ 0 0" \
        'UUID=11111111-2222-4333-8444-555555555555 /data ext4 defaults 0 2' >"$at/@/etc/fstab"
    btrfs -q subvolume snapshot -r "$at/@" "$at/.snapshots/7/snapshot"
    printf '%s\n' '<?xml version="1.0"?>' '<snapshot>' '<num>7</num>' '<date>2026-03-01 10:00:00</date>' \
        '<description>before</description>' '</snapshot>' >"$at/.snapshots/7/info.xml"
    python3 - "$at/@/var/log/wtmp" <<'PYTHON'
import struct, sys, time
def record(kind, pid, user, ago):
    return struct.pack("hi32s4s32s256shhiii4I20s", kind, pid, b"~", b"~~", user, b"6.1.0-1", 0, 0, 0,
                       int(time.time()) - ago, 0, 0, 0, 0, 0, b"")
with open(sys.argv[1], "wb") as f:
    f.write(record(2, 0, b"reboot", 900) + record(1, ord("5"), b"runlevel", 890) + record(2, 0, b"reboot", 60))
PYTHON
    umount "$at"
}

@test "json: examine, with findings, a history and ways back" {
    with_a_past
    unb examine --json "$IMG"
    has file line evidence because command reference history good_boot failed_boot changes kernel go_back before_changes
    documented unbrick.examine/1
    image
    unb examine --quick --json "$IMG"
    has not_checked
    documented unbrick.examine/1
}

@test "json: examine --each, also of what cannot be opened" {
    local documents
    unb examine --each --json "$("$FIXTURES/suite" bookworm)" /nowhere
    [ "$status" -eq 4 ]
    documents=$output
    output=$(jq 'select(.schema == "unbrick.examine/1")' <<<"$documents")
    has target
    documented unbrick.examine/1
    output=$(jq 'select(.schema == "unbrick.error/1")' <<<"$documents")
    has target
    documented unbrick.error/1
}

@test "json: examine --list-faults" {
    unb examine --list-faults --json
    [ "$status" -eq 0 ]
    documented unbrick.faults/1
    [ "$(jq '.faults | length' <<<"$output")" -gt 100 ]
}

@test "json: repair, planned and done" {
    broken fstab.source-missing
    unb repair --json --dry-run "$IMG"
    [ "$status" -eq 0 ]
    has findings severity
    documented unbrick.repair/1
    unb repair --json --yes "$IMG"
    [ "$status" -eq 0 ]
    has copies
    documented unbrick.repair/1
}

@test "json: status, of a session with somebody inside, and of a mounted disk" {
    local at=$BATS_TEST_TMPDIR/at session inside
    image
    mkdir "$at"
    unb status --json
    documented unbrick.status/1
    unb mount "$IMG" "$at"
    [ "$status" -eq 0 ]
    unb status --json
    has mount
    documented unbrick.status/1
    unb umount "$at"
    [ "$status" -eq 0 ]
    "$UNBRICK" shell "$IMG" -- sh -c 'echo ready; exec sleep 300' >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    session=$!
    wait_for 30 grep -q ready "$BATS_TEST_TMPDIR/log"
    "$UNBRICK" enter unbrick-bookworm -- sleep 300 </dev/null >/dev/null 2>&1 3>&- &
    inside=$!
    wait_for 10 eval '"$UNBRICK" status | grep -q "inside: sleep"'
    unb status --json
    kill "$session"
    wait "$session" "$inside" || true
    has terminal ending inside command since
    documented unbrick.status/1
}

@test "json: a plan, and what cannot be done" {
    image --boot --swap
    in_image "$IMG" eval 'echo "UUID=11111111-2222-4333-8444-555555555555 /srv ext4 nofail 0 2" >>"$M/etc/fstab"'
    unb boot --dry-run --json "$IMG"
    [ "$status" -eq 0 ]
    has mounts skipped volume options checked argv
    documented unbrick.plan/1
    unb boot --dry-run --json /nowhere
    has command status reason message
    documented unbrick.error/1
}
