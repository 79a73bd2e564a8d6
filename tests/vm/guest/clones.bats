#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# hosts for --all: systemd
# The patient is a copy of a disk that the host uses, and the host's own stays what it is: each test
# would show at once that the wrong one is read or written. The host's has the host name "host".

load ../../system/helpers
load storage

# mark DEVICE NAME [OPTION...]: the file system there says whose it is.
mark() {
    local at=$BATS_TEST_TMPDIR/mark
    mkdir -p "$at"
    mount ${3:+-o "$3"} "$1" "$at"
    echo "$2" >"$at/etc/hostname"
    umount "$at"
}

# whose TARGET...: what the session sees; then the host's is looked at.
whose() {
    unb shell --key-file "$KEY" "$@" -- sh -c 'cat /etc/hostname; echo written >/root/by-the-session'
    [ "$status" -eq 0 ] || fail "no session"
    [ "$output" = patient ] || fail "it is the wrong one: $output"
}

is_untouched() {
    [ "$(cat "$1/etc/hostname")" = host ] || fail "that is not the host's own" || return 1
    [ ! -e "$1/root/by-the-session" ] || fail "the host's own was written to"
}

@test "clone: btrfs" {
    disk a 150M
    mkfs.btrfs -q "$A"
    mini "$A"
    mark "$A" patient
    sync
    cp a.img b.img
    mark "$A" host
    mkdir host
    mount "$A" host
    unb shell b.img -- cat /etc/hostname
    # This kernel cannot have both: that is said, and the host's is never taken for the patient's.
    [ "$status" -eq 125 ] || [ "$output" = patient ]
    unchanged b.img unb shell --read-only b.img -- cat /etc/hostname
    [ "$output" = patient ]
    is_untouched host
    umount host
    whose b.img
}

@test "clone: a volume group that is active on the host" {
    disk a 100M
    partition "$A" 20M -
    lvm_group vg0 "${A}p2" root:40M data:16M
    mini /dev/vg0/root "/dev/vg0/root / ext4 defaults 0 1
/dev/mapper/vg0-data /data ext4 defaults 0 2" /data
    mke2fs -q -t ext4 /dev/vg0/data
    mark /dev/vg0/root patient
    sync
    cp a.img b.img
    mark /dev/vg0/root host
    mkdir host
    mount /dev/vg0/root host
    # list looks into the copy; nothing of it is changed, and nothing but the host's group is left.
    dmsetup ls >before
    unchanged b.img unb list b.img
    [ "$status" -eq 0 ]
    [[ $output == *"clone of"* && $output == *vg0/root*patient*Mini* ]] || fail "the system is not shown"
    dmsetup ls | cmp - before
    whose b.img
    unb shell b.img -- sh -c 'mount | grep -c " /data "; ls /dev/vg0/root /dev/mapper/vg0-data'
    [[ $output == 1* ]]
    unb shell b.img -- cat /root/by-the-session
    [ "$output" = written ]
    # What a tool inside writes of the group's name here is told, and put right.
    unb shell b.img -- sh -c 'mkdir -p /boot/grub; echo "linux /vmlinuz root=/dev/mapper/vg0_patient-root ro" >/boot/grub/grub.cfg'
    unb examine --quick --json b.img
    jq -e '.findings[] | select(.id == "leak.host-device" and .risk == "low")' <<<"$output"
    unb repair --yes b.img leak.host-device
    [ "$status" -le 1 ] # 1: the small system has a menu now, and no kernel for it
    unb shell --read-only b.img -- cat /boot/grub/grub.cfg
    [ "$output" = "linux /vmlinuz root=/dev/mapper/vg0-root ro" ]
    # So is a GRUB that is installed here: its core image has the uuid of the group in it.
    script 'mkdir -p /boot/grub/i386-pc; echo core >/boot/grub/i386-pc/core.img'
    unb boot --run "$SCRIPT" b.img
    [[ $stderr == *"GRUB was installed here"* ]] || fail "nothing is said of GRUB"
    unb examine --quick --json b.img
    run ! jq -e '.findings[] | select(.id == "leak.grub-group")' <<<"$output"
    is_untouched host
    [ -b /dev/mapper/vg0-root ]
    vgs --noheadings -o vg_name | grep -qw vg0
    umount host
    # The patient's metadata is what it was.
    put_away
    cmp -n $((22 << 20)) a.img b.img
}

@test "clone: an array and a LUKS volume that are open on the host" {
    disk a 60M
    disk b 60M
    array 3 raid1 "$A" "$B"
    luks /dev/md/3 crypt
    mini /dev/mapper/crypt
    mark /dev/mapper/crypt patient
    sync
    dmsetup suspend crypt
    cp a.img c.img
    cp b.img d.img
    dmsetup resume crypt
    mark /dev/mapper/crypt host
    mkdir host
    mount /dev/mapper/crypt host
    whose c.img d.img
    is_untouched host
    umount host
    grep -q '^md.*active' /proc/mdstat
}

@test "clone: XFS, and a plain disk: list and the banner say it" {
    disk a 400M
    mkfs.xfs -q "$A"
    mkdir host
    "$FIXTURES/mini" tree patient
    mount "$A" host
    cp -a tree/. host
    umount host
    sync
    cp a.img b.img
    mark "$A" host
    mount "$A" host
    whose b.img
    is_untouched host
    unb list b.img
    [[ $output == *"clone of $A"* ]]
    run "$PTY" 'expect:CLONE of' 'expect:patient' 'send:exit\r' status:0 -- "$UNBRICK" shell b.img
    [ "$status" -eq 0 ]
    umount host
}

@test "clone: two copies are not one patient" {
    disk a 60M
    lvm_group vg0 "$A" root:40M
    mini /dev/vg0/root
    put_away
    cp a.img b.img
    refused 3 "copies of each other" boot a.img b.img
    unb shell a.img -- cat /etc/hostname
    [ "$output" = mini ]
}

# twins [OPTION]...: a.img and b.img, copies of each other, in two sessions at the same time.
twins() {
    local first
    put_away
    cp a.img b.img
    unb shell "$@" b.img -- sh -c 'echo twin >/etc/hostname'
    [ "$status" -eq 0 ]
    no_layers
    # As a device of the host: what is an image in a session of ours is not compared with.
    attach a.img
    "$UNBRICK" shell "$@" "$DEV" -- sh -c 'cat /etc/hostname; echo first >/root/mark; exec sleep 4242' \
        </dev/null >first 2>&1 3>&- &
    first=$!
    wait_for 60 grep -q mini first || {
        cat first
        fail "no first session"
    }
    unb list b.img
    [[ $output == *"clone of $DEV"* ]]
    run "$PTY" 'expect:CLONE\s+of.*do\s+not\s+reboot\s+this\s+host' 'expect:# ' \
        'send:cat /etc/hostname; echo second >/root/mark\r' 'expect:twin' 'send:exit\r' status:0 -- \
        "$UNBRICK" shell "$@" b.img
    echo "$output"
    [ "$status" -eq 0 ]
    kill -0 "$first"
    "$UNBRICK" stop "$("$UNBRICK" status --json | jq -r '.sessions[0].id')"
    wait "$first" || true
    detach_all
    no_layers
    assert_host_clean 5
    unb shell "$@" a.img -- cat /etc/hostname /root/mark
    [ "$output" = "$(printf 'mini\nfirst')" ]
    unb shell "$@" b.img -- cat /etc/hostname /root/mark
    [ "$output" = "$(printf 'twin\nsecond')" ]
    no_layers
}

@test "clone: two sessions at the same time, on a volume group and its copy" {
    slow
    # udev.bats has what then becomes of it.
    [ ! -e /run/udev/control ] || skip "udev activates a group as soon as its disk is attached"
    disk a 60M
    lvm_group vg0 "$A" root:40M
    mini /dev/vg0/root
    twins
}

@test "clone: two sessions at the same time, on a LUKS volume and its copy" {
    slow
    disk a 60M
    luks "$A" secret
    mini /dev/mapper/secret
    twins --key-file "$KEY"
}
