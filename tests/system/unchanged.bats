#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ask, then write: what only looks leaves every byte as it was; a session changes what the person
# changed and nothing else.

load helpers

# The journal of a crashed machine: mounted, written to, and copied while it is mounted. Replaying it
# is a write, too.
crash() {
    local start size m=$BATS_TEST_TMPDIR/crash
    read -r start size < <(part_range "$IMG")
    mkdir -p "$m"
    mount -o "loop,offset=$start,sizelimit=$size" "$IMG" "$m"
    echo newest >"$m/root/newest"
    sync -f "$m"
    cp --sparse=always "$IMG" "$IMG.crashed"
    umount "$m"
    mv "$IMG.crashed" "$IMG"
}

looks_only() {
    unchanged "$IMG" unb list "$IMG"
    [ "$status" -eq 0 ]
    unchanged "$IMG" unb list --json "$IMG"
    [ "$status" -eq 0 ]
    unchanged "$IMG" unb boot --dry-run "$IMG"
    [ "$status" -eq 0 ]
    unchanged "$IMG" unb boot --dry-run --json "$IMG"
    [ "$status" -eq 0 ]
    unchanged "$IMG" unb shell --dry-run "$IMG"
    [ "$status" -eq 0 ]
    unchanged "$IMG" unb mount --dry-run "$IMG" "$BATS_TEST_TMPDIR"
    [ "$status" -eq 0 ]
    unchanged "$IMG" unb boot --system=nosuch "$IMG"
    [ "$status" -eq 4 ]
    script 'touch /root/mark || true; cat /etc/hostname'
    unchanged "$IMG" unb boot --read-only --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == unbrick-* ]]
}

@test "unchanged: ext4 with a journal to replay" {
    image --boot --swap
    crash
    looks_only
}

@test "unchanged: xfs with a journal to replay" {
    image --fs xfs
    crash
    looks_only
}

@test "unchanged: btrfs in a subvolume" {
    image --fs btrfs --subvol @
    looks_only
}

@test "unchanged: a block device" {
    image --boot
    attach "$IMG"
    local device=$DEV
    unchanged "$IMG" unb list "$device"
    [ "$status" -eq 0 ]
    unchanged "$IMG" unb boot --dry-run "$device"
    [ "$status" -eq 0 ]
    script true
    unchanged "$IMG" unb boot --read-only --run "$SCRIPT" "$device"
    [ "$status" -eq 0 ]
    cmp "$IMG" "$device"
}

@test "unchanged: a device that is read-only can be looked at and booted read-only" {
    image
    attach "$IMG" -r
    script 'echo inside'
    unb boot --read-only --run "$SCRIPT" "$DEV"
    [ "$status" -eq 0 ]
    [ "$output" = inside ]
    unb boot --run "$SCRIPT" "$DEV"
    [ "$status" -ne 0 ]
    assert_one_sentence
}

@test "unchanged: a file without write permission for anybody, immutable" {
    image
    chattr +i "$IMG" 2>/dev/null || true
    unb list "$IMG"
    local listed=$status
    chattr -i "$IMG" 2>/dev/null || true
    [ "$listed" -eq 0 ]
}

# nothing_changes: boot and leave at once; no line of the manifest differs.
nothing_changes() {
    local before after changed
    before=$(manifest_of_image "$IMG")
    script 'systemctl is-system-running || true'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    clean_ext "$IMG"
    after=$(manifest_of_image "$IMG")
    changed=$(diff <(echo "$before") <(echo "$after") | grep '^[<>]' || true)
    [ -z "$changed" ] || fail "boot and exit changed files:
$changed"
}

@test "unchanged: no file changes by boot and exit, Debian 11" {
    image --suite bullseye
    nothing_changes
}

@test "unchanged: no file changes by boot and exit, Debian 12" {
    image
    nothing_changes
}

@test "unchanged: no file changes by boot and exit, Debian 13" {
    image --suite trixie
    nothing_changes
}

@test "unchanged: no file changes by boot and exit, sid" {
    image --suite sid
    nothing_changes
}

@test "unchanged: no file changes by a shell's command; a session of the prompt leaves its marks only" {
    image
    local before after
    before=$(manifest_of_image "$IMG")
    unb shell "$IMG" -- true
    [ "$status" -eq 0 ]
    "$UNBRICK" boot "$IMG" < <(echo 'echo typed >/root/typed'; echo exit) >/dev/null 2>&1
    after=$(manifest_of_image "$IMG")
    # The file, its content and the date of its directory.
    run ! grep -vE '^[<>] (root d .*|root/typed f .*|[0-9a-f]{32}  ./root/typed)$' \
        <(diff <(echo "$before") <(echo "$after") | grep '^[<>]')
}

@test "unchanged: a patient without machine-id gets none" {
    image
    in_image "$IMG" bash -c 'rm "$M/etc/machine-id"'
    nothing_changes
    in_image "$IMG" bash -c '[ ! -e "$M/etc/machine-id" ]'
    in_image "$IMG" bash -c ': >"$M/etc/machine-id"'
    nothing_changes
}

@test "unchanged: the tree of a directory target" {
    tree
    local before after
    before=$(manifest "$TREE")
    script true
    unb boot --run "$SCRIPT" "$TREE"
    [ "$status" -eq 0 ]
    after=$(manifest "$TREE")
    diff <(echo "$before") <(echo "$after")
}

@test "unchanged: the host's files of the same names" {
    local before after
    host_state() {
        md5sum /etc/machine-id /etc/hostname /etc/resolv.conf /etc/fstab 2>/dev/null
        hostname
        ls -l --hide=unbrick /run
        ls /dev
        cat /proc/self/mountinfo
    }
    image
    before=$(host_state)
    script true
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    after=$(host_state)
    diff <(echo "$before") <(echo "$after")
}

@test "unchanged: a path to bind that is not there is found before anything is mounted" {
    local option
    image
    script true
    for option in --bind --bind-ro; do
        unchanged "$IMG" refused 125 "/nowhere" shell "$option" /nowhere:/mnt "$IMG" -- true
        unchanged "$IMG" refused 1 "/nowhere" spawn -q -i "$IMG" -P "$option=/nowhere:/mnt" true
        unchanged "$IMG" unb boot "$option" /nowhere:/mnt --run "$SCRIPT" "$IMG"
        [ "$status" -ne 0 ]
        assert_one_sentence
        [[ $stderr == */nowhere* ]]
    done
    unchanged "$IMG" refused 1 "/nowhere" spawn -q -i "$IMG" -P --overlay=/nowhere::/mnt true
}
