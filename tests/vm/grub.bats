#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The proof of a repair: a boot loader installed from inside the patient boots the disk in a virtual
# machine, to the login prompt.

load ../system/helpers


setup_file() {
    export BATS_TEST_TIMEOUT=400
}

# boots_to_login IMAGE: on the serial console, by emulation: a /dev/kvm that is there need not work.
# -cpu Nehalem saves half the time of TCG (fewer self-tests of ciphers).
boots_to_login() {
    local log=$BATS_TEST_TMPDIR/serial
    timeout 300 qemu-system-x86_64 -accel tcg -cpu Nehalem -smp 2 -m 1024 -nodefaults \
        -display none -serial "file:$log" -no-reboot -drive "file=$1,format=raw,if=virtio" 3>&- &
    local pid=$!
    wait_for 240 grep -q 'login:' "$log" || {
        kill "$pid"
        tail -n 40 "$log"
        fail "no login prompt"
    }
    kill "$pid"
    wait "$pid" 2>/dev/null || true
}

# install SCRIPT-PREFIX: GRUB for BIOS on the disk that carries /boot, as an administrator would.
INSTALL='set -eux
disk=/dev/$(lsblk -ndo PKNAME "$(findmnt -no SOURCE /)" 2>/dev/null || true)
[ -b "$disk" ] || disk=$(findmnt -no SOURCE / | sed -E "s/p?[0-9]+$//")
mkdir -p /boot/grub /etc/default
printf "%s\n" "GRUB_TIMEOUT=0" "GRUB_CMDLINE_LINUX=\"console=ttyS0,115200 net.ifnames=0\"" \
    "GRUB_TERMINAL=serial" "GRUB_DISABLE_OS_PROBER=true" >/etc/default/grub
grub-install --target=i386-pc "$disk"
update-grub
cat /boot/grub/grub.cfg
! grep -E "root=/dev/loop|unbrick" /boot/grub/grub.cfg'

@test "vm: grub-install and update-grub inside, then the disk boots to the login prompt" {
    image --suite boot --boot
    script "$INSTALL"
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    clean_ext "$IMG"
    clean_ext "$IMG" 2
    boots_to_login "$IMG"
}

@test "vm: the demo's repair makes its disk boot" {
    [ -n "$UNBRICK_TEST_ALL" ] || skip "slow: ./dev check --all"
    image --suite boot --boot --demo
    script "$INSTALL
systemctl disable wait-for-license.service
sed -i '/^UUID=deadbeef/d' /etc/fstab"
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    boots_to_login "$IMG"
}

@test "vm: an initramfs rebuilt inside boots" {
    [ -n "$UNBRICK_TEST_ALL" ] || skip "slow: ./dev check --all"
    image --suite boot --boot
    script "$INSTALL
update-initramfs -u -k all"
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    boots_to_login "$IMG"
}

@test "vm: grub-install inside on an MBR disk without /boot of its own" {
    [ -n "$UNBRICK_TEST_ALL" ] || skip "slow: ./dev check --all"
    image --suite boot --table mbr
    script "$INSTALL"
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    boots_to_login "$IMG"
}
