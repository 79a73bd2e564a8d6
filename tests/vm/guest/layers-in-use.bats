#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# hosts for --all: systemd
# Layers that are in use on the host, or that are damaged: refused in one sentence, nothing activated is
# left, and nothing of the host's is disturbed.

load ../../system/helpers
load storage

@test "in use: a group with a mounted volume, and a disk that belongs to the host's group" {
    disk a 60M
    disk b 60M
    pvcreate -qq "$A" "$B"
    vgcreate -qq vg0 "$A" "$B"
    lvcreate -qq -y -n root -L 30M vg0 "$A"
    mini /dev/vg0/root
    mkdir mnt
    mount /dev/vg0/root mnt
    refused 3 "/dev/loop" boot --yes a.img
    refused 3 "vg0" boot --yes "$A"
    refused 3 "in use" boot --yes "$A" "$B"
    # The other disk carries nothing that is mounted, and is the host's all the same.
    refused 3 "vg0" boot --yes "$B"
    [ -e mnt/etc/hostname ]
    umount mnt
}

@test "in use: a LUKS volume that is open on the host" {
    disk a 60M
    luks "$A" secret
    mini /dev/mapper/secret
    refused 3 "secret" boot --key-file "$KEY" --yes "$A"
    [ -b /dev/mapper/secret ]
    put_away
    unb shell --key-file "$KEY" a.img -- cat /etc/hostname
    [ "$output" = mini ]
}

@test "an array that is still in sync is used, and goes on where it stopped" {
    disk a 60M
    disk b 60M
    mdadm --create /dev/md/0 --name 0 --run --level 1 --raid-devices 2 --metadata 1.2 "$A" "$B" 2>/dev/null
    echo 100 >/proc/sys/dev/raid/speed_limit_min
    echo 100 >/proc/sys/dev/raid/speed_limit_max
    mini /dev/md/0
    put_away
    unb shell a.img b.img -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$output" = mini ]
    echo 200000 >/proc/sys/dev/raid/speed_limit_max
    unb shell b.img a.img -- cat /root/kept
    [ "$output" = kept ]
    no_layers
}

@test "bad input: damaged metadata of a group, members of two arrays, a group in pieces" {
    disk a 60M
    disk b 60M
    disk c 60M
    lvm_group vg0 "$A" root:30M
    mini /dev/vg0/root
    array 1 raid1 "$B" missing || array 1 raid1 "$B"
    array 2 raid1 "$C" missing || array 2 raid1 "$C"
    put_away
    # The text of the metadata, behind its header.
    dd if=/dev/urandom of=a.img bs=512 seek=9 count=64 conv=notrunc status=none
    unchanged a.img refused 4 "a.img" boot a.img
    unb boot b.img c.img
    [ "$status" -eq 3 ] || [ "$status" -eq 4 ]
    [[ $stderr == *"1 of 2 members"* || $stderr == *"no partition table"* ]]
    no_layers
}

@test "a process on the host that holds the patient's mapping at the end: said, and gone with the process" {
    slow
    local node pid status=0
    disk a 100M
    disk b 100M
    array 0 raid1 "$A" "$B"
    luks /dev/md/0 crypt
    mini /dev/mapper/crypt
    put_away
    "$UNBRICK" shell --key-file "$KEY" a.img b.img -- sh -c 'echo kept >/root/kept; exec sleep 4242' \
        </dev/null >/dev/null 2>err 3>&- &
    local session=$!
    wait_for 60 pgrep -f '^sleep 4242'
    node=/dev/$(basename /sys/block/dm-*)
    # shellcheck disable=SC2217 # it holds the device open by that
    sleep 4343 <"$node" 3>&- &
    pid=$!
    pkill -f '^sleep 4242'
    wait "$session" || status=$?
    cat err
    [ "$status" -ne 0 ]
    grep -q "still in use on this host (held open by sleep (process $pid))" err
    [ "$(grep -c 'still in use' err)" -eq 1 ]
    kill "$pid"
    wait "$pid" || true
    unb cleanup
    [ "$status" -eq 0 ]
    wait_for 10 no_layers
    assert_host_clean 10
    unb shell --key-file "$KEY" a.img b.img -- cat /root/kept
    [ "$output" = kept ]
    no_layers
}

@test "a process on the host that holds the patient's array at the end: said" {
    slow
    local pid session array
    disk a 60M
    disk b 60M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
    put_away
    "$UNBRICK" shell a.img b.img -- sleep 4242 </dev/null >/dev/null 2>err 3>&- &
    session=$!
    wait_for 60 pgrep -f '^sleep 4242'
    # One that was stopped may be in /sys for a moment yet.
    array=$(sed -n 's/^\(md[^ ]*\) : active.*/\1/p' /proc/mdstat)
    # shellcheck disable=SC2217 # it holds the device open by that
    sleep 4343 <"/dev/$array" 3>&- &
    pid=$!
    pkill -f '^sleep 4242'
    wait "$session" || true
    cat err
    grep -q "array .* still in use on this host (held open by sleep (process $pid))" err
    kill "$pid"
    wait "$pid" || true
    unb cleanup
    [ "$status" -eq 0 ]
    wait_for 10 no_layers
}
