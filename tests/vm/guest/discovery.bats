#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# What `list` finds in layers: of images and disks that nobody uses it looks into what it can put
# together, of what the host has active it shows that. It changes nothing, and leaves nothing.

load ../../system/helpers
load storage

# names: all that is in the tree of the last --json output, from the disk down, one path a line.
names() {
    jq -r 'def down($path): ($path + [.name]) as $here |
        ($here | join(" > ")), (.systems[]? | ($here + [.name]) | join(" > ")),
        (.above[]? | ($here + [.kind]) as $upper | .volumes[] | down($upper));
        .disks[] | [.target] as $disk | .volumes[] | down($disk)' <<<"$output"
}

# A mirror of two disks, on it LUKS, in that a group with a root and swap.
@test "list: LVM on LUKS on RAID, active, closed, and opened for the look" {
    disk a 200M
    disk b 200M
    partition "$A" -
    partition "$B" -
    array 0 1 "${A}p1" "${B}p1"
    luks /dev/md/0 crypt
    lvm_group vg0 /dev/mapper/crypt root:80M swap:16M
    mini /dev/vg0/root
    mkswap -q /dev/vg0/swap
    mkdir mnt
    mount /dev/vg0/root mnt
    # What the host has active is shown as it is.
    unb list --json "$A"
    umount mnt
    [ "$status" -eq 0 ]
    names | grep -qx "$A > .*p1 > array > md0 > LUKS > luks-[0-9a-f]* > group > vg0/root > vg0/root"
    [ "$(jq -r '[.. | .mount_point? // empty] | unique[]' <<<"$output")" = "$BATS_TEST_TMPDIR/mnt" ]
    [[ $(jq -r '.disks[0].in_use' <<<"$output") == "held by md"* ]]
    unb list "$A" "$B"
    [[ $output == *"see above"* ]]
    put_away

    unb list a.img b.img
    [ "$status" -eq 0 ]
    [[ $output == *crypto_LUKS*encrypted*closed* && $output != *vg0* ]]
    unb list a.img
    [ "$status" -eq 0 ]
    [[ $output == *"RAID member"*closed* && $stderr == *"1 of 2 members"* ]]

    unchanged a.img unchanged b.img unb list --json --key-file "$KEY" a.img b.img
    [ "$status" -eq 0 ]
    names
    names | grep -qx 'a.img > part1 > array > md0 > LUKS > luks-[0-9a-f]* > group > vg0/root > vg0/root'
    names | grep -qx 'b.img > part1 > array > md0 > LUKS > luks-[0-9a-f]* > group > vg0/swap'
    unb list --degraded --key-file "$KEY" a.img
    [[ $output == *"members are missing"* && $output == *vg0/root* ]]
    no_layers

    # An expert stops when all layers are open: nothing is mounted, and everything is put away.
    unb shell --host-tools --no-mount --key-file "$KEY" a.img b.img -- \
        sh -c 'ls /sysroot; blkid -o value -s TYPE /dev/vg0/root /dev/vg0/swap
            mount /dev/vg0/root /sysroot && cat /sysroot/etc/hostname'
    [ "$status" -eq 0 ]
    [ "$output" = $'ext4\nswap\nmini' ]
    no_layers

    # What a list that is killed has put together for its look is taken down all the same.
    local stopped=$BATS_TEST_TMPDIR/stopped pid
    UNBRICK_STOP_AT=assembled-group UNBRICK_STOP_FILE=$stopped "$UNBRICK_STEPS" list --key-file "$KEY" \
        a.img b.img </dev/null >out 2>&1 3>&- &
    pid=$!
    wait_for 60 test -s "$stopped" || fail "$(cat out)"
    dmsetup ls | grep -q vg0-root
    kill -KILL "$pid"
    wait "$pid" || true
    wait_for 30 no_layers
}

@test "list: a block device with LVM is looked into behind a read-only device" {
    disk a 200M
    partition "$A" 60M -
    lvm_group vg0 "${A}p2" root:80M
    mini /dev/vg0/root
    vgchange -qq -an vg0
    sync
    unchanged a.img unb list --json "$A"
    [ "$status" -eq 0 ]
    names | grep -qx "$A > ${A##*/}p2 > group > vg0/root > vg0/root"
    no_layers
}

@test "list: two systems in one volume group, and boot asks which" {
    slow
    disk a 200M
    lvm_group vg0 "$A" one:60M two:60M
    mini /dev/vg0/one
    mini /dev/vg0/two
    mkdir mnt
    mount /dev/vg0/two mnt
    echo second >mnt/etc/hostname
    umount mnt
    put_away
    unb list a.img
    [[ $output == *vg0/one*mini*vg0/two*second* ]]
    refused 3 "--system" boot a.img
    [[ $stderr == *vg0/one* && $stderr == *vg0/two* ]]
    unb shell --system vg0/two a.img -- cat /etc/hostname
    [ "$output" = second ]
    unb shell --system second --read-only a.img -- cat /etc/hostname
    [ "$output" = second ]
    no_layers
}

@test "same disk: two paths to one are told, and are no clone" {
    local one=/dev/sda two=/dev/sdb
    modprobe sd_mod
    # Both hosts show the same memory under the same name.
    modprobe scsi_debug dev_size_mb=64 add_host=2 vpd_use_hostno=0 max_luns=1
    wait_for 20 test -b $two
    mini $one
    blockdev --flushbufs $one $two
    refused 2 "two paths to the same disk" boot $one $two
    unb list --json
    [ "$(jq -c '[.disks[] | select(.target | startswith("/dev/sd")) | [.target, .paths, .clone]]' \
        <<<"$output")" = '[["/dev/sda","/dev/sdb",null]]' ]
    unb shell $two -- cat /etc/hostname
    [ "$output" = mini ]
    # With their mapping that is the disk, and a path is none any more.
    modprobe dm-multipath
    modprobe dm-round-robin
    blockdev --flushbufs $one $two
    dmsetup create mpatha --uuid mpath-36001405 \
        --table "0 $(blockdev --getsz $one) multipath 0 0 1 1 round-robin 0 2 1 $one 1 $two 1"
    refused 3 "path to the multipath disk /dev/mapper/mpatha" boot $one
    unb shell $two -- true
    [ "$status" -eq 125 ]
    [[ $stderr == *"path to the multipath disk /dev/mapper/mpatha"*"give that name"* ]]
    unb list --json
    [ "$(jq -c '[.disks[] | select(.target | test("/dev/(sd|mapper)")) | [.target, .paths, .in_use]]' \
        <<<"$output")" = '[["/dev/mapper/mpatha","/dev/sda, /dev/sdb",null]]' ]
    unb list $one
    [[ $output == *"/dev/mapper/mpatha"* ]]
    unb shell /dev/mapper/mpatha -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$output" = mini ]
    # One of them is lost: the other carries it.
    echo offline >/sys/block/${one##*/}/device/state
    unb shell /dev/mapper/mpatha -- cat /root/kept
    [ "$output" = kept ]
    [[ $stderr != *"cannot be read"* ]]
    echo running >/sys/block/${one##*/}/device/state
    dmsetup remove mpatha
    rmmod scsi_debug
}

@test "list: a real dm-integrity volume is named, with what opens it" {
    slow
    disk a 32M
    integritysetup format -q "$A"
    unchanged a.img unb list "$A"
    [[ $output == *DM_integrity*"integritysetup open $A"* ]]
    for command in boot examine; do
        unchanged a.img refused 4 "dm-integrity" $command "$A"
        [[ $stderr == *"integritysetup open $A"* ]]
    done
    integritysetup open "$A" whole
    mini /dev/mapper/whole
    unb shell /dev/mapper/whole -- cat /etc/hostname
    [ "$output" = mini ]
    integritysetup close whole
}
