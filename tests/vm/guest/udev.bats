#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: systemd
# An ordinary host: its udevd, with the real rules of LVM and md, has looked at the patient's disks before
# anybody types, and looks at everything that appears. /dev/vda to vdd are the patient's and the host's.

load ../../system/helpers
load storage

blank() {
    local device
    for device in "$@"; do
        wipefs -qa "$device"
        dd if=/dev/zero of="$device" bs=1M count=1 status=none
    done
    udevadm settle
}

# The machine's own put_away() takes down what the tests made of these disks.
clear_disks() {
    umount /media/* 2>/dev/null || true
    put_away
    blank /dev/vda /dev/vdb /dev/vdc
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    KEY=$BATS_TEST_TMPDIR/key
    printf 'correct horse' >"$KEY"
    clear_disks >/dev/null 2>&1
    remember_host
}

active() {
    dmsetup ls | grep -q "^$1\s"
}

@test "udev: it is there, and its rules activate a group by themselves" {
    lvm_group vg0 /dev/vda root:40M
    mini /dev/vg0/root
    vgchange -qq -an vg0
    udevadm trigger --action=add /dev/vda
    wait_for 20 active vg0-root
}

@test "udev: a group that the host has activated is taken over, and given back" {
    lvm_group vg0 /dev/vda root:40M
    mini /dev/vg0/root
    refused 3 "volume group vg0" boot /dev/vda
    [[ $stderr == *--yes* ]]
    active vg0-root
    unb shell --yes /dev/vda -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$status" -eq 0 ]
    [ "$output" = mini ]
    wait_for 10 test -e /dev/vg0/root
    mkdir mnt
    mount -o ro /dev/vg0/root mnt
    [ "$(cat mnt/root/kept)" = kept ]
    unb boot --yes /dev/vda
    umount mnt
    [ "$status" -eq 3 ]
}

@test "udev: only those volumes come back that were active" {
    lvm_group vg0 /dev/vda root:40M off:8M
    mini /dev/vg0/root
    lvchange -qq -an vg0/off
    unb shell --yes /dev/vda -- cat /etc/hostname
    [ "$output" = mini ]
    wait_for 10 test -e /dev/vg0/root
    udevadm settle
    run ! active vg0-off
}

@test "udev: a group on an array, asked for at a terminal" {
    slow
    array 0 raid1 /dev/vda /dev/vdb
    lvm_group vg0 /dev/md/0 root:40M
    mini /dev/vg0/root
    udevadm settle
    "$PTY" --timeout 100 'expect:nothing uses that. Take it over' 'send:n\r' status:125 -- \
        "$UNBRICK" shell /dev/vda /dev/vdb -- true
    active vg0-root
    "$PTY" --timeout 100 'expect:Take it over' 'send:y\r' 'expect:mini' status:0 -- \
        "$UNBRICK" shell /dev/vda /dev/vdb -- cat /etc/hostname
    grep -q '^md.*active' /proc/mdstat
    wait_for 20 test -e /dev/vg0/root
}

@test "udev: kill -9, and the group is the host's again" {
    lvm_group vg0 /dev/vda root:40M
    mini /dev/vg0/root
    "$UNBRICK" shell --yes /dev/vda -- sleep 4242 </dev/null >/dev/null 2>&1 3>&- &
    local pid=$!
    wait_for 60 pgrep -f '^sleep 4242'
    kill -KILL "$pid"
    wait "$pid" || true
    wait_for 20 test -e /dev/vg0/root
    assert_host_clean 10
}

@test "udev: a group that has a part on another disk is not taken apart" {
    pvcreate -qq /dev/vda /dev/vdb
    vgcreate -qq vg0 /dev/vda /dev/vdb
    lvcreate -qq -y -n root -L 40M vg0 /dev/vda
    lvcreate -qq -y -n both -l 100%FREE vg0
    mini /dev/vg0/root
    refused 3 "/dev/vdb too" boot --yes /dev/vda
    active vg0-root
    unb shell --yes /dev/vda /dev/vdb -- cat /etc/hostname
    [ "$output" = mini ]
    wait_for 10 test -e /dev/vg0/root
}

@test "udev: an array that the host has started is taken over, and given back" {
    array 0 raid1 /dev/vda /dev/vdb
    mini /dev/md/0
    sync
    udevadm settle
    refused 3 "array md" boot /dev/vda /dev/vdb
    grep -q ^md /proc/mdstat
    unb shell --yes /dev/vda /dev/vdb -- cat /etc/hostname
    [ "$output" = mini ]
    grep -q '^md.*active' /proc/mdstat
}

@test "udev: an array that the host still syncs is taken over, given back, and goes on to its end" {
    slow
    local limit=/proc/sys/dev/raid/speed_limit_max md
    modprobe raid1
    echo 100 >/proc/sys/dev/raid/speed_limit_min
    echo 100 >$limit
    mdadm --create /dev/md/0 --name 0 --run --level 1 --raid-devices 2 --metadata 1.2 /dev/vda /dev/vdb 2>/dev/null
    mini /dev/md/0
    sync
    udevadm settle
    grep -q resync /proc/mdstat
    refused 3 "array md" boot /dev/vda /dev/vdb
    unb shell --yes /dev/vda /dev/vdb -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$output" = mini ]
    md=$(sed -n 's/^\(md[^ ]*\) : active.*/\1/p' /proc/mdstat)
    grep -A3 "^$md" /proc/mdstat | grep resync
    echo 200000 >$limit
    wait_for 200 eval '! grep -q resync /proc/mdstat'
    echo check >"/sys/block/$md/md/sync_action"
    wait_for 200 eval '[ "$(cat /sys/block/'"$md"'/md/sync_action)" = idle ]'
    [ "$(cat "/sys/block/$md/md/mismatch_cnt")" -eq 0 ]
    unb shell --yes /dev/vdb /dev/vda -- cat /root/kept
    [ "$output" = kept ]
}

@test "udev: what a desktop has mounted is unmounted after asking, when it is idle" {
    mini /dev/vda
    mkdir -p /media/stick
    mount /dev/vda /media/stick
    refused 3 "/media/stick" boot /dev/vda
    mountpoint -q /media/stick
    # shellcheck disable=SC2217 # it holds the file open
    sleep 300 </media/stick/etc/hostname 3>&- &
    local pid=$!
    unb boot --yes /dev/vda
    [ "$status" -eq 3 ]
    [[ $stderr == *"/media/stick"*busy* ]]
    mountpoint -q /media/stick
    kill "$pid"
    wait "$pid" || true
    unb shell --yes /dev/vda -- cat /etc/hostname
    [ "$output" = mini ]
    run ! mountpoint -q /media/stick
}

# by_uuid_stays COMMAND...: while the session runs, and after it, the host's link leads to its own disk.
by_uuid_stays() {
    local uuid=11111111-2222-4333-8444-555555555555 pid
    udevadm settle
    [ "$(readlink -f /dev/disk/by-uuid/$uuid)" = /dev/vdc ]
    "$UNBRICK" shell --key-file "$KEY" "$@" -- sh -c 'cat /etc/hostname; exec sleep 4242' </dev/null >out 2>&1 3>&- &
    pid=$!
    wait_for 60 grep -q patient out || {
        cat out
        fail "no session"
    }
    udevadm settle
    ls -l /dev/disk/by-uuid
    [ "$(readlink -f /dev/disk/by-uuid/$uuid)" = /dev/vdc ]
    pkill -f '^sleep 4242'
    wait "$pid" || true
    udevadm settle
    [ "$(readlink -f /dev/disk/by-uuid/$uuid)" = /dev/vdc ]
}

twin() {
    local tree=$BATS_TEST_TMPDIR/twin
    "$FIXTURES/mini" "$tree" "$2"
    mke2fs -q -t ext4 -U 11111111-2222-4333-8444-555555555555 -d "$tree" "$1"
    rm -r "$tree"
}

@test "udev: a copy of the host's file system takes no link away: partition, LVM, LUKS, RAID" {
    twin /dev/vdc host
    disk a 60M
    partition "$A" -
    twin "${A}p1" patient
    put_away
    by_uuid_stays a.img

    disk b 60M
    lvm_group vgt "$B" root:40M
    twin /dev/vgt/root patient
    put_away
    udevadm trigger --settle /dev/vdc
    by_uuid_stays b.img

    disk c 60M
    luks "$C" secret
    twin /dev/mapper/secret patient
    put_away
    udevadm trigger --settle /dev/vdc
    by_uuid_stays c.img

    disk d 60M
    disk e 60M
    array 7 raid1 "$D" "$E"
    twin /dev/md/7 patient
    put_away
    udevadm trigger --settle /dev/vdc
    by_uuid_stays d.img e.img
}

@test "udev: a group inside the patient's LUKS is not activated by the host's rules" {
    disk a 60M
    luks "$A" crypt
    lvm_group vgx /dev/mapper/crypt root:30M
    mini /dev/vgx/root
    put_away
    "$UNBRICK" shell --key-file "$KEY" a.img -- sh -c 'cat /etc/hostname; exec sleep 4242' </dev/null >out 2>&1 3>&- &
    local pid=$!
    wait_for 60 grep -q mini out
    udevadm settle
    [ -z "$(systemctl list-units --all --plain --no-legend 'lvm-activate-*')" ]
    [ ! -e /dev/vgx ]
    pkill -f '^sleep 4242'
    wait "$pid" || true
    no_layers
}

@test "udev: the hardware has the same names inside as on this host" {
    slow
    local path
    printf '%s\n' 'label: gpt' 'size=40MiB, type=L' 'type=L' | sfdisk -q /dev/vdb
    udevadm settle
    mini /dev/vdb1
    path=$(find /dev/disk/by-path -lname '*/vdb' | head -1)
    [ -n "$path" ]
    unb shell /dev/vdb -- ls -l /dev/disk/by-path
    [[ $output == *" ${path##*/} -> ../../vdb"* && $output == *" ${path##*/}-part1 -> ../../vdb1"* ]]
    [ "$(grep -c -- '->' <<<"$output")" = "$(find /dev/disk/by-path -lname '*/vdb*' | wc -l)" ]
    lvm_group vg0 /dev/vda root:40M
    mini /dev/vg0/root
    unb shell --yes /dev/vda -- ls -l /dev/disk/by-id
    [[ $output == *" dm-name-vg0-root -> ../../dm-"* ]]
}
