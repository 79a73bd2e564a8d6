#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# No false alarms: Debian 11, 12 and 13 with the root on LVM, on LUKS, and on RAID, as their own tools make them
# boot. What is layered on all three at once is in layered.bats.

load ../system/helpers

UNBRICK=$(realpath "$BATS_TEST_DIRNAME/../../build/unbrick")

setup_file() {
    export BATS_TEST_TIMEOUT=2000
}

setup() {
    remember_host
    DISKS=/var/tmp/unbrick-healthy.$$
    mkdir "$DISKS"
}

teardown() {
    rm -rf "$DISKS"
    assert_host_clean 5
}

LUKS=5b0a1c52-6a3e-4b6e-9a0c-0d5c0f6c1b01
MD=5b0a1c52:6a3e4b6e:9a0c0d5c:0f6c1b02
ROOT=5b0a1c52-6a3e-4b6e-9a0c-0d5c0f6c1b03
BOOT=5b0a1c52-6a3e-4b6e-9a0c-0d5c0f6c1b04

# configure TREE LAYOUT: what the installer writes there.
configure() {
    case $2 in
    lvm) echo "/dev/mapper/vg0-root / ext4 errors=remount-ro 0 1" ;;
    luks)
        echo "/dev/mapper/cr_root / ext4 errors=remount-ro 0 1"
        echo "UUID=$BOOT /boot ext4 defaults 0 2"
        echo "cr_root UUID=$LUKS none luks,discard" >"$1/etc/crypttab"
        ;;
    raid)
        echo "UUID=$ROOT / ext4 errors=remount-ro 0 1"
        mkdir -p "$1/etc/mdadm"
        printf '%s\n' 'HOMEHOST <system>' "ARRAY /dev/md/root metadata=1.2 UUID=$MD name=any:root" \
            >"$1/etc/mdadm/mdadm.conf"
        ;;
    esac >"$1/etc/fstab"
    printf '%s\n' GRUB_TIMEOUT=5 GRUB_DISABLE_OS_PROBER=true 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"' \
        >"$1/etc/default/grub"
    sed -i 's/^COMPRESS=.*/COMPRESS=gzip/' "$1/etc/initramfs-tools/initramfs.conf"
    echo COMPRESSLEVEL=1 >>"$1/etc/initramfs-tools/initramfs.conf"
}

# prepare SUITE LAYOUT: its file systems, made here: by emulation it would take minutes. So would the initramfs;
# only for LUKS the devices must be there.
prepare() {
    local tree=$BATS_TEST_TMPDIR/tree
    cp -a "$("$FIXTURES/suite" "$1")/." "$tree"
    mkdir -p "$tree/etc/default"
    configure "$tree" "$2"
    if [ "$2" = luks ]; then
        mv "$tree/boot" "$BATS_TEST_TMPDIR/boot"
        mkdir "$tree/boot"
        truncate -s 200M "$DISKS/boot.img"
        mke2fs -q -t ext4 -U "$BOOT" -d "$BATS_TEST_TMPDIR/boot" "$DISKS/boot.img"
        rm -rf "${BATS_TEST_TMPDIR:?}/boot"
    else
        "$UNBRICK" shell "$tree" -- update-initramfs -u -k all
    fi
    truncate -s 900M "$DISKS/$2.img"
    mke2fs -q -t ext4 -U "$ROOT" -d "$tree" "$DISKS/$2.img"
    rm -rf "$tree"
}

healthy() {
    [ -n "$UNBRICK_TEST_ALL" ] || skip "slow: ./dev check --all"
    local layout disks=()
    printf '%s\n' "luks=$LUKS" "md=$MD" >"$DISKS/ids"
    for layout in lvm luks raid; do
        prepare "$1" $layout
    done
    for layout in a b c d; do
        truncate -s 1300M "$BATS_TEST_TMPDIR/$layout"
        disks+=(--disk "$BATS_TEST_TMPDIR/$layout")
    done
    VM_TIMEOUT=1800 "$BATS_TEST_DIRNAME/run" "${disks[@]}" "$BATS_TEST_DIRNAME/guest/healthy-layouts" "$DISKS" "$UNBRICK"
}

@test "vm: no false alarms: Debian 11 on LVM, on LUKS, and on RAID" { healthy layered-bullseye; }
@test "vm: no false alarms: Debian 12 on LVM, on LUKS, and on RAID" { healthy layered; }
@test "vm: no false alarms: Debian 13 on LVM, on LUKS, and on RAID" { healthy layered-trixie; }
