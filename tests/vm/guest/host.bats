#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain systemd
# A session where the host is an ordinary Debian kernel with the unified cgroup hierarchy alone, which
# scans partitions by itself and knows vfat.

load ../../system/helpers

setup_file() {
    shared_image --boot --esp
}

@test "v2-only host: it is one" {
    [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]
    run ! grep -q " cgroup " /proc/self/mountinfo
}

@test "v2-only host: list an image" {
    unb list "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *vfat* && $output == *"Debian"* ]]
}

@test "v2-only host: boot an image, with /boot and the vfat ESP checked and mounted" {
    script 'echo "inside: $(cat /proc/1/comm), $(stat -fc %T /sys/fs/cgroup)"
findmnt -no FSTYPE /boot
findmnt -no FSTYPE /boot/efi
echo hello >/boot/efi/HELLO.TXT
sha256sum /boot/efi/EFI/BOOT/GRUBX64.EFI'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"inside: systemd, cgroup2fs"* ]]
    [[ $output == *ext4*vfat* ]]
    unb shell "$IMG" -- cat /boot/efi/hello.txt
    [ "$output" = hello ]
}

@test "v2-only host: a dirty vfat is mended before it is mounted" {
    local start
    cp "$IMG" "$BATS_TEST_TMPDIR/disk.img"
    IMG=$BATS_TEST_TMPDIR/disk.img
    read -r start _ < <(part_range "$IMG" 2)
    # The "not unmounted" flag: bit 0 of byte 65 of a FAT32 boot sector, 37 of a FAT16 one.
    printf '\x01' | dd of="$IMG" bs=1 seek=$((start + 37)) conv=notrunc status=none
    script 'dmesg | grep -c "not properly unmounted.*fsck" || true
findmnt -no OPTIONS /boot/efi'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *rw,* ]]
    dd if="$IMG" bs=1 skip=$((start + 37)) count=1 status=none | od -An -tx1 | grep -q 00
}

@test "v2-only host: boot a block device whose partitions the kernel scanned" {
    attach "$IMG" -P
    wait_for 10 test -b "${DEV}p2"
    script 'findmnt -no SOURCE /; findmnt -no SOURCE /boot'
    unb boot --run "$SCRIPT" "$DEV"
    [ "$status" -eq 0 ]
    [[ $output == *"${DEV}p"* ]]
}

@test "v2-only host: nothing is left of a killed session" {
    "$UNBRICK" shell "$IMG" -- sleep 4242 </dev/null &
    local pid=$!
    wait_for 60 pgrep -f '^sleep 4242'
    kill -9 "$pid"
    assert_host_clean 10
}
