#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A real server: Debian with the root on LVM on LUKS on a mirror and /boot on another one. Its boot loader and
# initramfs are made again inside, with its own tools, and the disks then boot through GRUB.

load ../system/helpers

UNBRICK=$(realpath "$BATS_TEST_DIRNAME/../../build/unbrick")

setup_file() {
    export BATS_TEST_TIMEOUT=3000
}

md_uuid() {
    md5sum <<<"$1" | sed -E 's/(.{8})(.{8})(.{8})(.{8}).*/\1:\2:\3:\4/'
}

# prepare DIRECTORY SUITE: the file systems, made here: by emulation it would take minutes.
prepare() {
    local tree=$BATS_TEST_TMPDIR/tree source
    source=$("$FIXTURES/suite" "$2")
    md_boot=$(md_uuid boot) md_root=$(md_uuid root) luks=5b0a1c52-6a3e-4b6e-9a0c-0d5c0f6c1a01
    printf '%s\n' "md_boot=$md_boot" "md_root=$md_root" "luks=$luks" >"$1/ids"
    cp -a "$source/." "$tree"
    mv "$tree/boot" "$1/bootdir"
    mkdir "$tree/boot"
    echo "layered" >"$tree/etc/hostname"
    cat >"$tree/etc/fstab" <<END
/dev/mapper/vg0-root / ext4 defaults 0 1
UUID=5b0a1c52-6a3e-4b6e-9a0c-0d5c0f6c1a02 /boot ext4 defaults 0 2
END
    echo "cr_root UUID=$luks none luks,initramfs" >"$tree/etc/crypttab"
    mkdir -p "$tree/etc/mdadm"
    printf '%s\n' 'HOMEHOST <system>' "ARRAY /dev/md/boot UUID=$md_boot" \
        "ARRAY /dev/md/root UUID=$md_root" >"$tree/etc/mdadm/mdadm.conf"
    truncate -s 200M "$1/boot.img"
    mke2fs -q -t ext4 -U 5b0a1c52-6a3e-4b6e-9a0c-0d5c0f6c1a02 -d "$1/bootdir" "$1/boot.img"
    truncate -s 900M "$1/root.img"
    mke2fs -q -t ext4 -d "$tree" "$1/root.img"
    rm -rf "$tree" "$1/bootdir"
}

# server SUITE PROMPT: made, rescued, and started; PROMPT asks for the passphrase there.
server() {
    local dir=/var/tmp/unbrick-layered.$$ vm=$BATS_TEST_DIRNAME/run
    local a=$BATS_TEST_TMPDIR/a.img b=$BATS_TEST_TMPDIR/b.img
    mkdir "$dir"
    prepare "$dir" "$1"
    truncate -s 1300M "$a" "$b"
    VM_TIMEOUT=900 "$vm" --disk "$a" --disk "$b" "$BATS_TEST_DIRNAME/guest/layered-disks" "$dir" || {
        rm -rf "$dir"
        fail "the disks cannot be made"
    }
    rm -rf "$dir"
    VM_TIMEOUT=2000 "$vm" --disk "$a" --disk "$b" "$BATS_TEST_DIRNAME/guest/layered-rescue" "$UNBRICK"
    "$PTY" --timeout 600 expect:"$2" 'send:secret\r' expect:'layered login:' signal:SIGTERM status:0 -- \
        qemu-system-x86_64 -accel tcg -cpu Nehalem -smp 2 -m 1024 -nodefaults -nographic -serial stdio \
        -no-reboot -drive "file=$a,format=raw,if=virtio" -drive "file=$b,format=raw,if=virtio"
}

@test "vm: LVM on LUKS on RAID, its boot loader and initramfs made again inside, boots through GRUB" {
    [ -n "$UNBRICK_TEST_ALL" ] || skip "slow: ./dev check --all"
    server layered 'unlock disk cr_root'
}

@test "vm: the same server with dracut" {
    [ -n "$UNBRICK_TEST_ALL" ] || skip "slow: ./dev check --all"
    server dracut 'passphrase for disk'
}
