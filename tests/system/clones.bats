#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The patient is a copy of a disk that the host uses, down to the names of its partitions: what a name of its
# fstab means is on the copy. (With volume groups, LUKS and arrays: tests/vm/guest/clones.bats.)

load helpers

teardown() {
    mount_away
    detach_all
    assert_host_clean
}

mount_away() {
    local at
    for at in "$BATS_TEST_TMPDIR/host/boot" "$BATS_TEST_TMPDIR/host"; do
        ! mountpoint -q "$at" || umount "$at"
    done
    [ ! -e "$BATS_TEST_TMPDIR/links" ] || xargs -r rm -f <"$BATS_TEST_TMPDIR/links"
    rmdir /dev/disk/by-partuuid /dev/disk 2>/dev/null || true
}

# two_partitions: IMG has /boot and a root that names both by PARTUUID, each with a mark that it is the host's;
# IDS are these.
two_partitions() {
    local tree=$BATS_TEST_TMPDIR/tree part=$BATS_TEST_TMPDIR/part n
    IMG=$BATS_TEST_TMPDIR/host.img
    IDS=(6a0d1f5e-3d0b-4a57-9a0c-7d1e5f0c0001 6a0d1f5e-3d0b-4a57-9a0c-7d1e5f0c0002)
    truncate -s 50M "$IMG"
    "$FIXTURES/mini" "$tree" host
    mkdir -p "$tree/boot" "$BATS_TEST_TMPDIR/boot-tree"
    echo "boot of host" >"$BATS_TEST_TMPDIR/boot-tree/mark"
    printf '%s\n' "PARTUUID=${IDS[1]} / ext4 defaults 0 1" "PARTUUID=${IDS[0]} /boot ext4 defaults 0 2" >"$tree/etc/fstab"
    sfdisk -q "$IMG" >/dev/null <<TABLE
label: gpt
start=1MiB, size=16MiB, type=L, uuid=${IDS[0]}
start=17MiB, size=32MiB, type=L, uuid=${IDS[1]}
TABLE
    for n in 1 2; do
        truncate -s $((n * 16))M "$part"
        mke2fs -q -t ext4 -d "$([ $n = 1 ] && echo "$BATS_TEST_TMPDIR/boot-tree" || echo "$tree")" "$part"
        dd if="$part" of="$IMG" bs=1M seek=$((n == 1 ? 1 : 17)) conv=notrunc status=none
        rm "$part"
    done
}

# mark IMAGE MEBIBYTE PATH TEXT: that is in the file, written without a mount: one that something else holds, in
# another namespace perhaps, is not ended by umount, and a copy would be one of a disk in use.
mark() {
    echo "$4" >"$BATS_TEST_TMPDIR/mark"
    printf '%s\n' "rm $3" "write $BATS_TEST_TMPDIR/mark $3" | debugfs -w "$1?offset=$(($2 << 20))" >/dev/null 2>&1
    debugfs -R "cat $3" "$1?offset=$(($2 << 20))" 2>/dev/null | grep -qx "$4"
}

# mount_both DIRECTORY DEVICE: its partitions, as a host has them.
mount_both() {
    mount "${2}p2" "$1"
    mount "${2}p1" "$1/boot"
}

# attach_partitions IMAGE: in DEV, with nodes, and the links that udev makes where it runs.
attach_partitions() {
    local n
    attach "$1"
    partx -u "$DEV" 2>/dev/null || true
    for n in 1 2; do
        # shellcheck disable=SC2046 # "259 1"
        [ -b "${DEV}p$n" ] || mknod "${DEV}p$n" b $(tr : ' ' <"/sys/class/block/${DEV#/dev/}p$n/dev")
        mkdir -p /dev/disk/by-partuuid
        [ -e "/dev/disk/by-partuuid/${IDS[n - 1]}" ] || {
            ln -s "../../${DEV#/dev/}p$n" "/dev/disk/by-partuuid/${IDS[n - 1]}"
            echo "/dev/disk/by-partuuid/${IDS[n - 1]}" >>"$BATS_TEST_TMPDIR/links"
        }
    done
}

@test "clone: a copy whose fstab has PARTUUIDs that this host has, too" {
    local host=$BATS_TEST_TMPDIR/host copy=$BATS_TEST_TMPDIR/copy.img before
    mkdir "$host"
    two_partitions
    cp --sparse=always "$IMG" "$copy"
    mark "$copy" 17 /etc/hostname patient
    mark "$copy" 1 /mark "boot of patient"
    attach_partitions "$IMG"
    mount_both "$host" "$DEV"
    before=$(manifest "$host"; manifest "$host/boot")
    unb list --json "$copy"
    [[ $(jq -r '.disks[0].clone' <<<"$output") == "clone of $DEV (same partition table"* ]]
    unb shell "$copy" -- sh -c 'cat /etc/hostname /boot/mark
        echo written >/root/by-the-session; echo written >/boot/by-the-session'
    [ "$status" -eq 0 ]
    [ "$output" = "patient
boot of patient" ]
    # And the devices inside that have these names are its own.
    unb shell "$copy" -- sh -c 'mkdir -p /mnt && mount -t ext4 "/dev/disk/by-partuuid/$0" /mnt && cat /mnt/mark /mnt/by-the-session' "${IDS[0]}"
    [ "$output" = "boot of patient
written" ]
    # The host's are what they were, in its memory and on its disk.
    [ "$(manifest "$host"; manifest "$host/boot")" = "$before" ] || fail "the host's was written to"
    [ "$(cat "$host/etc/hostname" "$host/boot/mark")" = "host
boot of host" ]
    unb shell --read-only "$copy" -- cat /boot/by-the-session /root/by-the-session
    [ "$output" = "written
written" ]
}
