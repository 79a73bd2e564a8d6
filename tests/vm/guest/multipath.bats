#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts for --all: systemd
# A disk of a storage network: two paths to it, which a real multipathd joins, with the rules of udev.

load ../../system/helpers
load storage

setup_file() {
    modprobe sd_mod
    modprobe dm-multipath
    printf '%s\n' 'defaults {' ' user_friendly_names yes' ' find_multipaths no' '}' >/etc/multipath.conf
    systemctl restart multipathd
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    KEY=$BATS_TEST_TMPDIR/key
    printf 'correct horse' >"$KEY"
    remember_host
    # Both hosts show the same memory under the same name.
    modprobe scsi_debug dev_size_mb=128 add_host=2 vpd_use_hostno=0 max_luns=1
    wait_for 30 joined 2
    MAP=/dev/mapper/$(multipathd show maps raw format %n | head -n 1)
    wait_for 20 test -b "$MAP"
    read -r ONE TWO < <(multipathd show paths raw format %d | paste -sd' ')
    # What a test before has left: it is the same memory.
    wipefs -qa "$MAP"
    udevadm settle
}

teardown() {
    vgchange -qq -an >/dev/null 2>&1 || true
    udevadm settle
    multipath -F
    wait_for 20 rmmod scsi_debug
    udevadm settle
    assert_host_clean 5
}

# joined COUNT: so many paths are in use.
joined() {
    [ "$(multipathd show paths raw format %t | grep -c active)" -eq "$1" ]
}

# partitioned: a GPT with the small system on its second partition, for which kpartx has made a mapping.
partitioned() {
    printf '%s\n' 'label: gpt' 'size=8MiB, type=L' 'type=L' | sfdisk -q --no-reread --no-tell-kernel "$MAP"
    kpartx -a -p -part "$MAP"
    udevadm settle
    wait_for 20 test -b "$MAP-part2"
    mini "$MAP-part2" "${1:-}"
    udevadm settle
}

@test "multipathd: list shows one disk with its paths" {
    partitioned
    unb list --json
    [ "$(jq -c '[.disks[] | select(.target | test("/dev/(sd|mapper)")) | [.target, (.paths | split(", ") | length)]]' \
        <<<"$output")" = "[[\"$MAP\",2]]" ]
    unb list
    [[ $output == *"$MAP"*"also /dev/"*ext4* ]]
}

@test "multipathd: a path is refused, with the name that is right; the disk is rescued" {
    partitioned
    refused 3 "path to the multipath disk $MAP" boot "/dev/$ONE"
    refused 3 "path to the multipath disk $MAP" boot "/dev/$TWO"
    unb shell "$MAP" -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$output" = mini ]
    # Everything is as it was, also for multipathd.
    joined 2
    mkdir mnt
    mount -o ro "$MAP-part2" mnt
    [ "$(cat mnt/root/kept)" = kept ]
    refused 3 "mounted on" boot "$MAP"
    umount mnt
}

@test "multipathd: a path is lost and comes back in a session" {
    partitioned
    "$UNBRICK" shell "$MAP" -- sh -c 'echo before >/root/file; sync; touch /run/ready; sleep 12
        echo after >>/root/file; sync; cat /root/file' >out 2>err 3>&- &
    HOLDER=$!
    wait_for 30 eval '"$UNBRICK" status --json | jq -e "any(.sessions[]; .terminal or .pid)"'
    sleep 3
    echo offline >"/sys/block/$ONE/device/state"
    wait_for 30 joined 1
    wait "$HOLDER"
    [ "$(cat out)" = $'before\nafter' ] || fail "$(cat out err)"
    run ! grep -q "cannot be read" err
    echo running >"/sys/block/$ONE/device/state"
    wait_for 40 joined 2
}

@test "multipathd: a volume group on it, which the host has activated, is taken over by the map and not a path" {
    lvm_group vg0 "$MAP" root:40M
    mini /dev/vg0/root
    udevadm settle
    refused 3 "volume group vg0" boot "$MAP"
    unb shell --yes "$MAP" -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$status" -eq 0 ] || fail "$stderr"
    [ "$output" = mini ]
    wait_for 10 test -e /dev/vg0/root
    [ "$(lvs --noheadings -o devices vg0 | tr -d ' ')" = "$MAP(0)" ]
    joined 2
}

@test "multipathd: examine finds what it names, and repair writes through it" {
    partitioned "UUID=deadbeef-0000-4000-8000-000000000000 /srv ext4 defaults 0 0"
    unb examine --json "$MAP"
    [ "$status" -eq 1 ] || fail "$output $stderr"
    [ "$(jq -r '.findings[].id' <<<"$output")" = fstab.source-missing ]
    unb repair --yes "$MAP"
    [ "$status" -eq 0 ] || fail "$output $stderr"
    unb examine --json "$MAP"
    [ "$status" -eq 0 ]
}
