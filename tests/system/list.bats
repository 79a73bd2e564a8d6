#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# list: what is on which disk, as a tree and as JSON; it looks only. That it writes nothing is in
# unchanged.bats.

load helpers

# volume NUMBER FILTER: a value of one volume of the last --json output.
volume() {
    jq -er --argjson n "$1" ".disks[0].volumes[] | select(.number == \$n) | $2" <<<"$output"
}

@test "list: a disk with its partitions and the system on it" {
    image --boot --swap
    unb list "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"$IMG"*gpt* ]]
    [[ $output == *part2*ext4*clean* ]]
    [[ $output == *swap* ]]
    [[ $output == *"Debian GNU/Linux 12"* ]]
}

@test "list: --json is what docs/json.md says" {
    image --boot --swap
    unb list --json "$IMG"
    [ "$status" -eq 0 ]
    [ "$(jq -r .schema <<<"$output")" = unbrick.list/1 ]
    [ "$(jq -r '.disks[0].target' <<<"$output")" = "$IMG" ]
    [ "$(jq -r '.disks[0].size' <<<"$output")" -eq "$(stat -c %s "$IMG")" ]
    local n
    n=$(jq -r '.disks[0].volumes[] | select(.systems | length > 0) | .number' <<<"$output")
    [ "$(volume "$n" '.systems[0].id')" = debian ]
    [ "$(volume "$n" '.systems[0].init')" = systemd ]
    [ "$(volume "$n" '.state')" = clean ]
    documented unbrick.list/1
}

@test "list: two systems on one disk, each with the name that --system takes" {
    image --second trixie
    unb list --json "$IMG"
    [ "$(jq '[.disks[].volumes[].systems[]] | length' <<<"$output")" -eq 2 ]
    local name
    name=$(jq -r '[.disks[].volumes[].systems[] | select(.version == "13")][0].name' <<<"$output")
    unb boot --dry-run --system "$name" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"13"* && $output == *"start    /"*"/systemd, in a container"* && $output != *"/proc/sys"* ]]
    [ "$(wc -l <<<"$output")" -lt 10 ]
}

@test "list: a file system with a journal to replay, errors, and nothing at all" {
    image --table none
    debugfs -w -R 'feature needs_recovery' "$IMG"
    unb list --json "$IMG"
    [ "$(volume 0 .state)" = "needs replay" ]
    head -c 1M /dev/urandom >"$BATS_TEST_TMPDIR/random"
    unb list --json "$BATS_TEST_TMPDIR/random"
    [ "$status" -eq 0 ]
    [ "$(volume 0 .state)" = unknown ]
}

@test "list: what a session has open is in use, and needs no replay" {
    image
    open_session
    unb list --json "$IMG"
    [ "$(jq -r '.disks[0].volumes[-1].state' <<<"$output")" = "in use" ]
    unb list "$IMG"
    [[ $output == *"ext4"*"in use"* && $output != *"needs replay"* ]]
    kill "$SESSION"
    wait "$SESSION" || true
}

@test "list: a mounted system is read through its mount" {
    image --table none
    attach "$IMG"
    mkdir "$BATS_TEST_TMPDIR/mnt"
    mount "$DEV" "$BATS_TEST_TMPDIR/mnt"
    unb list --json "$DEV"
    umount "$BATS_TEST_TMPDIR/mnt"
    [ "$status" -eq 0 ]
    [ "$(volume 0 .state)" = mounted ]
    [ "$(volume 0 .mount_point)" = "$BATS_TEST_TMPDIR/mnt" ]
    [ "$(volume 0 '.systems[0].id')" = debian ]
    [[ $(jq -r '.disks[0].in_use' <<<"$output") == "mounted on "* ]]
}

@test "list: a copy of an attached disk is called a clone" {
    image
    cp --sparse=always "$IMG" "$BATS_TEST_TMPDIR/copy.img"
    attach "$IMG"
    unb list --json "$BATS_TEST_TMPDIR/copy.img"
    [ "$status" -eq 0 ]
    [[ $(jq -r '.disks[0].clone' <<<"$output") == "clone of /dev/"* ]]
}

# open_session: IMG is open in one, whose process is in SESSION, until that is killed.
open_session() {
    "$UNBRICK" shell "$IMG" -- sh -c 'echo ready; exec sleep 300' >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    SESSION=$!
    wait_for 30 grep -q ready "$BATS_TEST_TMPDIR/log"
}

@test "list: a copy of an image that a session has open is called a clone" {
    image
    cp --sparse=always "$IMG" "$BATS_TEST_TMPDIR/copy.img"
    open_session
    unb list "$BATS_TEST_TMPDIR/copy.img"
    [[ $stderr == *"copy.img is a copy: do not reboot this host while both are attached"* ]]
    unb list --json "$BATS_TEST_TMPDIR/copy.img"
    kill "$SESSION"
    wait "$SESSION" || true
    [ -z "$stderr" ]
    [[ $(jq -r '.disks[0].clone' <<<"$output") == "clone of $IMG (same partition table"* ]]
}

@test "list: a loop device over an image is no copy of it, and a session of ours is named" {
    local mnt=$BATS_TEST_TMPDIR/mnt
    image
    mkdir "$mnt"
    attach "$IMG"
    unb list --json "$IMG"
    [ "$(jq -r '.disks[0] | "\(.in_use) \(.clone)"' <<<"$output")" = "attached to $DEV null" ]
    unb list --json "$IMG" "$DEV"
    jq -e '[.disks[].clone] == [null, null]' <<<"$output"
    detach_all
    unb mount "$IMG" "$mnt"
    [ "$status" -eq 0 ]
    unb list --json "$IMG"
    [ "$(jq -r '.disks[0] | "\(.in_use) \(.clone)"' <<<"$output")" = "mounted on $mnt by unbrick null" ]
    unb umount "$mnt"
    [ "$status" -eq 0 ]
    open_session
    unb list --json "$IMG"
    kill "$SESSION"
    wait "$SESSION" || true
    [ "$(jq -r '.disks[0] | "\(.in_use) \(.clone)"' <<<"$output")" = \
        "open in the session unbrick-bookworm of unbrick ($SESSION) null" ]
}

@test "list: names are escaped once, UTF-8 is shown, and the columns stay" {
    local name
    cd "$BATS_TEST_TMPDIR"
    for name in größe.img groes.img $'\e[31mred\xff.img'; do
        truncate -s 1M "$name"
    done
    unb list größe.img groes.img $'\e[31mred\xff.img'
    [ "$status" -eq 0 ]
    [[ $output == *größe.img* && $output == *'\x1b[31mred\xff.img'* ]] || fail "not as they are"
    # The sizes end in one column.
    python3 -X utf8 -c 'import sys
assert len({line.find("MiB") for line in list(sys.stdin)[1:]}) == 1' <<<"$output"
    # A terminal that reads no UTF-8 gets none.
    LC_ALL=C.UTF-8 "$PTY" 'expect:größe.img' status:0 -- "$UNBRICK" list größe.img
    LC_ALL=C "$PTY" 'expect:gr\\xc3\\xb6\\xc3\\x9fe.img' status:0 -- "$UNBRICK" list größe.img
}

@test "list: without a target all disks of the host, ours left out" {
    image
    attach "$IMG"
    unb list --json
    [ "$status" -eq 0 ]
    jq -e --arg d "$DEV" '.disks[] | select(.target == $d)' <<<"$output"
    [ "$(jq '[.disks[] | select(.target | startswith("/dev/ram"))] | length' <<<"$output")" -eq 0 ]
}

@test "list: what cannot be opened is said, and the others are shown" {
    image
    unb list "$BATS_TEST_TMPDIR/nothing" "$IMG"
    [ "$status" -eq 4 ]
    [[ $output == *"Debian GNU/Linux 12"* ]]
    [[ $stderr == *"there is no"* ]]
    refused 4 "there is no" list "$BATS_TEST_TMPDIR/nothing"
    # The same status with --json, and one document.
    local targets
    for targets in "$BATS_TEST_TMPDIR/nothing" "$IMG $BATS_TEST_TMPDIR/nothing"; do
        # shellcheck disable=SC2086
        unb list --json $targets
        [ "$status" -eq 4 ] || fail "--json: status $status" || return 1
        jq -es 'length == 1 and (.[0].disks[-1].problem | startswith("there is no"))' <<<"$output"
    done
}

@test "list: the same file twice is one row; a directory is for examine" {
    image
    ln "$IMG" "$BATS_TEST_TMPDIR/hard.img"
    unb list --json "$IMG" "$IMG" "$BATS_TEST_TMPDIR/hard.img"
    [ "$status" -eq 0 ]
    jq -e '(.disks | length) == 1 and .disks[0].in_use == null and (.disks[0].paths | endswith("hard.img"))' <<<"$output"
    refused 4 "list is about disks; \`unbrick examine $BATS_TEST_TMPDIR\`" list "$BATS_TEST_TMPDIR"
}

@test "unbrick alone: lists, and without a terminal asks nothing" {
    unb
    [ "$status" -eq 0 ]
    [[ $output == *NAME* || $output == *"No disk"* ]]
}

@test "unbrick alone: on a terminal asks which one, and boots it" {
    image
    attach "$IMG"
    unb list --json
    local n
    n=$(jq -r --arg d "$DEV" '[.disks[] | select(.in_use == null) | . as $x |
        .volumes[].systems[] | $x.target] | index($d) + 1' <<<"$output")
    run "$PTY" --timeout 60 'expect:Which one' "send:$n\\r" 'expect:INSIDE' 'expect:# ' \
        'send:exit\r' 'expect:safe to detach' status:0 -- "$UNBRICK"
    [ "$status" -eq 0 ] || fail "$output"
}

@test "unbrick alone: Ctrl-C at the question ends it with 130" {
    image
    attach "$IMG"
    run "$PTY" --timeout 60 'expect:Which one' 'send:\x03' status:130 -- "$UNBRICK"
    [ "$status" -eq 0 ] || fail "$output"
}

@test "list: what unbrick does not open is named, with what opens it" {
    local kind word opens disk=$BATS_TEST_TMPDIR/member
    while read -r kind word opens; do
        rm -f "$disk"
        "$FIXTURES/member" "$kind" "$disk"
        for command in boot examine; do
            unchanged "$disk" refused 4 "$word" "$command" "$disk"
            [[ $stderr == *"open it on this host"*"$opens"*DEVICE* ]] || fail "$kind: no hint" || return 1
        done
        unchanged "$disk" unb list "$disk"
        [ "$status" -eq 0 ]
        [[ $output == *"closed; to open it: "*"$opens"*DEVICE* ]] || fail "$kind: not in the list" || return 1
        # With a device it is the device's own name.
        attach "$disk"
        unb list "$DEV"
        [[ $output == *"$DEV"*"closed; to open it: "*"$DEV"* ]] || fail "$kind: not the device"
        detach_all
    done <<'END'
zfs ZFS zpool import
bcache bcache modprobe bcache
vdo VDO lvm_import_vdo
integrity dm-integrity integritysetup open
verity dm-verity veritysetup open
END
}
