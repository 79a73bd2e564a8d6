#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Machines with UEFI: a disk that boots through systemd-boot or GRUB is healthy to examine; broken, its machine is
# shown not to get to the login; repaired, it gets there. The firmware begins with an empty memory, as another
# machine's does, so that it goes by the name for any machine. The repair is made in a virtual machine, since this
# host's kernel may lack vfat; the faults are put in with mtools.

load ../system/helpers
load serial

ESP_AT=@@1M # where the partition begins in the image

setup_file() {
    export BATS_TEST_TIMEOUT=2000
}

setup() {
    remember_host
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
    IMG=$BATS_TEST_TMPDIR/disk.img
    LOG=$BATS_TEST_TMPDIR/serial
}

# firmware NAME: of OVMF, in whichever of its sizes the distribution has.
firmware() {
    local file
    for file in "/usr/share/OVMF/OVMF_$1"{_4M,}.fd; do
        [ ! -f "$file" ] || break
    done
    echo "$file"
}

# machine PATTERN: run it until its serial line says that; what it writes is dropped.
machine() {
    cp "$(firmware VARS)" "$BATS_TEST_TMPDIR/vars"
    serial 400 "$1" -M q35 \
        -drive "if=pflash,format=raw,readonly=on,file=$(firmware CODE)" \
        -drive "if=pflash,format=raw,file=$BATS_TEST_TMPDIR/vars" \
        -drive "file=$IMG,format=raw,if=virtio,snapshot=on"
}

# in_guest [ID]: examine the disk there, and repair it.
in_guest() {
    VM_TIMEOUT=900 "$BATS_TEST_DIRNAME/run" --disk "$IMG" "$BATS_TEST_DIRNAME/guest/uefi-repair" \
        "$UNBRICK" /dev/vda "$@"
}

# proves LOADER ID PATTERN COMMAND...: the command breaks the disk.
proves() {
    local id=$2 pattern=$3
    "$FIXTURES/uefi" "$IMG" "$1"
    shift 3
    "$@"
    machine "$pattern|login:"
    ! grep -qa login: "$LOG" || fail "it boots all the same"
    in_guest "$id"
    machine login:
}

# esp_remove NAME...: files and directories of the ESP.
esp_remove() {
    local name
    for name in "$@"; do
        mdeltree -i "$IMG$ESP_AT" "::$name"
    done
}

# cut_short NAME...: these programs of the ESP were not written to their end.
cut_short() {
    local name
    for name in "$@"; do
        mcopy -n -i "$IMG$ESP_AT" "::$name" "$BATS_TEST_TMPDIR/program"
        truncate -s 20000 "$BATS_TEST_TMPDIR/program"
        mcopy -o -i "$IMG$ESP_AT" "$BATS_TEST_TMPDIR/program" "::$name"
    done
}

# lose_initramfs: what the entry of systemd-boot loads besides the kernel is gone.
lose_initramfs() {
    mdel -i "$IMG$ESP_AT" "$(mdir -b -i "$IMG$ESP_AT" '::/0123456789abcdef0123456789abcdef/*/initrd*')"
}

wrong_stub() {
    mtype -i "$IMG$ESP_AT" ::/EFI/debian/grub.cfg |
        sed 's/^search.fs_uuid [^ ]*/search.fs_uuid 99999999-8888-4777-8666-555555555555/' >"$BATS_TEST_TMPDIR/stub"
    mcopy -o -i "$IMG$ESP_AT" "$BATS_TEST_TMPDIR/stub" ::/EFI/debian/grub.cfg
}

@test "vm: UEFI: a healthy disk of systemd-boot boots, and has nothing that stops it" {
    "$FIXTURES/uefi" "$IMG" systemd-boot
    in_guest
    machine login:
}

@test "vm: UEFI: a healthy disk of GRUB boots, and has nothing that stops it" {
    "$FIXTURES/uefi" "$IMG" grub
    in_guest
    machine login:
}

@test "vm: UEFI: esp.no-fallback: systemd-boot" {
    proves systemd-boot esp.no-fallback 'Shell>' esp_remove /EFI/BOOT
}

@test "vm: UEFI: esp.no-loader: systemd-boot" {
    proves systemd-boot esp.no-loader 'Shell>' esp_remove /EFI
}

@test "vm: UEFI: esp.damaged: systemd-boot" {
    proves systemd-boot esp.damaged 'Shell>' cut_short /EFI/BOOT/BOOTX64.EFI /EFI/systemd/systemd-bootx64.efi
}

@test "vm: UEFI: initramfs.missing: systemd-boot" {
    proves systemd-boot initramfs.missing 'Error preparing initrd|Shell>' lose_initramfs
}

@test "vm: UEFI: esp.no-fallback: GRUB" {
    proves grub esp.no-fallback 'Shell>' esp_remove /EFI/BOOT
}

@test "vm: UEFI: esp.no-loader: GRUB" {
    proves grub esp.no-loader 'Shell>' esp_remove /EFI
}

@test "vm: UEFI: esp.stub-wrong" {
    proves grub esp.stub-wrong 'grub>' wrong_stub
}
