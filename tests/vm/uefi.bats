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

# firmware NAME [VARIANT]: of OVMF, in whichever of its sizes the distribution has.
firmware() {
    local file
    for file in "/usr/share/OVMF/OVMF_$1"{_4M,}"${2:-}.fd"; do
        [ ! -f "$file" ] || break
    done
    echo "$file"
}

# secure_machine PATTERN: the same with Secure Boot on, and the keys of Microsoft. It keeps its variables in System
# Management Mode.
secure_machine() {
    cp "$(firmware VARS .ms)" "$BATS_TEST_TMPDIR/vars"
    serial 700 "$1" -M q35,smm=on -global driver=cfi.pflash01,property=secure,value=on \
        -drive "if=pflash,format=raw,readonly=on,file=$(firmware CODE .ms)" \
        -drive "if=pflash,format=raw,file=$BATS_TEST_TMPDIR/vars" \
        -drive "file=$IMG,format=raw,if=virtio,snapshot=on"
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

# in_guest_is ID...: these are found there, and have no remedy.
in_guest_is() {
    VM_TIMEOUT=900 "$BATS_TEST_DIRNAME/run" --disk "$IMG" "$BATS_TEST_DIRNAME/guest/uefi-repair" \
        "$UNBRICK" /dev/vda "" "$@"
}

# proves LOADER ID PATTERN COMMAND...: the command breaks the disk.
proves() {
    local id=$2 pattern=$3
    "$FIXTURES/uefi" "$IMG" "$1"
    shift 3
    "$@"
    ${MACHINE:-machine} "$pattern|login:"
    ! grep -qa login: "$LOG" || fail "it boots all the same"
    in_guest "$id"
    ${MACHINE:-machine} login:
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

# lose_kernel: what systemd-boot's only entry loads.
lose_kernel() {
    mdel -i "$IMG$ESP_AT" "$(mdir -b -i "$IMG$ESP_AT" '::/0123456789abcdef0123456789abcdef/*/linux')"
}

# newer_entry: one more, which would come first, and whose kernel is not there.
newer_entry() {
    mtype -i "$IMG$ESP_AT" '::/loader/entries/*.conf' |
        sed -e 's/^version .*/version 99.0/' -e 's,^linux .*,linux /none,' >"$BATS_TEST_TMPDIR/entry"
    mcopy -i "$IMG$ESP_AT" "$BATS_TEST_TMPDIR/entry" \
        ::/loader/entries/0123456789abcdef0123456789abcdef-99.0.conf
}

wrong_default() {
    printf '%s\n' 'timeout 0' 'default ffffffffffffffffffffffffffffffff-*' >"$BATS_TEST_TMPDIR/loader.conf"
    mcopy -o -i "$IMG$ESP_AT" "$BATS_TEST_TMPDIR/loader.conf" ::/loader/loader.conf
}

# unsigned_loader: GRUB as grub-mkimage makes it, where the signed one was.
unsigned_loader() {
    local name
    "$FIXTURES/uefi" "$BATS_TEST_TMPDIR/other.img" grub
    mcopy -n -i "$BATS_TEST_TMPDIR/other.img$ESP_AT" ::/EFI/debian/grubx64.efi "$BATS_TEST_TMPDIR/program"
    for name in EFI/debian EFI/BOOT; do
        mcopy -o -i "$IMG$ESP_AT" "$BATS_TEST_TMPDIR/program" "::/$name/grubx64.efi"
    done
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

@test "vm: UEFI: no false alarms: Debian 11 and 13" {
    local of
    for of in "grub efi-bullseye" "grub efi-trixie" "systemd-boot efi-trixie"; do
        # shellcheck disable=SC2086 # words
        "$FIXTURES/uefi" "$IMG" $of
        in_guest
    done
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

@test "vm: UEFI: esp.wrong-type: OVMF boots it all the same" {
    "$FIXTURES/uefi" "$IMG" systemd-boot
    sfdisk -q --part-type "$IMG" 1 L
    machine login:
    in_guest esp.wrong-type
    machine login:
}

@test "vm: UEFI: kernel.image-missing: systemd-boot" {
    # What its menu has left is the way back into the firmware.
    proves systemd-boot kernel.image-missing 'Reboot Into Firmware Interface|Shell>' lose_kernel
}

@test "vm: UEFI: kernel.image-missing: systemd-boot passes over the entry that has none" {
    "$FIXTURES/uefi" "$IMG" systemd-boot
    newer_entry
    machine login:
    in_guest
}

@test "vm: UEFI: menu.default-missing: systemd-boot boots the first entry all the same" {
    "$FIXTURES/uefi" "$IMG" systemd-boot
    wrong_default
    machine login:
    in_guest menu.default-missing
    machine login:
}

@test "vm: UEFI: a unified kernel image by systemd-boot; its loader is lost, and comes back" {
    "$FIXTURES/uefi" "$IMG" unified
    in_guest
    machine login:
    esp_remove /EFI/BOOT /EFI/systemd
    machine 'Shell>|login:'
    ! grep -qa login: "$LOG" || fail "it boots all the same"
    in_guest esp.no-loader
    machine login:
}

@test "vm: UEFI: a unified kernel image in place of a loader, and cut short" {
    "$FIXTURES/uefi" "$IMG" unified-alone
    in_guest
    machine login:
    cut_short /EFI/BOOT/BOOTX64.EFI
    machine 'Shell>|login:'
    ! grep -qa login: "$LOG" || fail "it boots all the same"
    in_guest_is kernel.image-damaged esp.damaged
}

@test "vm: UEFI: Secure Boot: a healthy disk of shim and GRUB boots, and has nothing that stops it" {
    "$FIXTURES/uefi" "$IMG" shim
    in_guest
    secure_machine login:
    grep -qa 'Secure boot enabled' "$LOG"
}

@test "vm: UEFI: Secure Boot: shim.loader-missing" {
    MACHINE=secure_machine proves shim shim.loader-missing 'Shell>|Not Found' \
        mdel -i "$IMG$ESP_AT" ::/EFI/debian/grubx64.efi ::/EFI/BOOT/grubx64.efi
}

@test "vm: UEFI: Secure Boot: shim.loader-unsigned" {
    MACHINE=secure_machine proves shim shim.loader-unsigned 'Shell>|Security Violation' unsigned_loader
}
