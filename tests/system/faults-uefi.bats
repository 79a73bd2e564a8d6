#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# EFI system partitions as distributions make them, with their real programs: healthy ones have no fault, and
# broken ones have theirs.

load helpers
load faults
load uefi

teardown() {
    healthy_away
    assert_host_clean
}

# healthy NAME [ID...]: nothing is found with it but these notices.
healthy() {
    healthy_tree boot
    "give_$1" "$TREE"
    unb examine --json "$TREE"
    [ "$status" -eq 0 ]
    [ "$(findings)" = "${*:2}" ] || fail "$1: $(findings)"
}

@test "UEFI: healthy: shim and GRUB of Debian" { healthy shim; }

@test "UEFI: healthy: Ubuntu" { healthy ubuntu; }

@test "UEFI: healthy: Fedora" { healthy fedora; }

@test "UEFI: healthy: openSUSE" { healthy opensuse; }

@test "UEFI: healthy: a unified kernel image by systemd-boot" { healthy unified; }

@test "UEFI: healthy: a unified kernel image in place of a loader" { healthy unified_alone; }

@test "UEFI: healthy: a unified kernel image by an entry of the firmware alone" { healthy unified_entry esp.no-fallback; }

@test "shim.loader-missing" {
    fault_case shim.loader-missing
    cmp "$TREE/boot/efi/EFI/debian/grubx64.efi" "$LOADERS/grub.efi"
}

@test "shim.loader-missing: opensuse" {
    fault_case shim.loader-missing+opensuse
    cmp "$TREE/boot/efi/EFI/opensuse/grub.efi" "$LOADERS/grub.efi"
}

@test "shim.loader-missing: of the copy for any machine alone" { fault_case shim.loader-missing+fallback; }

@test "shim.loader-missing: where the ESP has the packages' only files it is for the package manager" {
    healthy_tree boot
    give_fedora "$TREE"
    rm "$TREE/boot/efi/EFI/fedora/grubx64.efi"
    unb examine --json "$TREE"
    [ "$(summary shim.loader-missing)" = "stops-boot false" ]
    [[ $(findings '.findings[].remedy') == *"dnf reinstall"* ]]
}

@test "shim.loader-unsigned" {
    local name
    fault_case shim.loader-unsigned
    cmp "$TREE/boot/efi/EFI/ubuntu/grubx64.efi" "$LOADERS/grub.efi"
    # What was there is kept.
    name=$(echo "$TREE"/boot/efi/EFI/ubuntu/grubx64.efi.unbrick-*)
    cmp "$name" "$LOADERS/stub.efi"
}

@test "esp.damaged: opensuse" {
    fault_case esp.damaged+opensuse
    cmp "$TREE/boot/efi/EFI/opensuse/shim.efi" "$TREE/usr/share/efi/x86_64/shim.efi"
    cmp "$TREE/boot/efi/EFI/boot/bootx64.efi" "$TREE/usr/share/efi/x86_64/shim.efi"
}

@test "esp.no-fallback: opensuse" {
    fault_case esp.no-fallback+opensuse
    cmp "$TREE/boot/efi/EFI/BOOT/BOOTX64.EFI" "$TREE/boot/efi/EFI/opensuse/shim.efi"
    cmp "$TREE/boot/efi/EFI/BOOT/grub.efi" "$TREE/boot/efi/EFI/opensuse/grub.efi"
}

@test "esp.no-loader: the images that systemd-boot starts are none" { fault_case esp.no-loader+unified; }

@test "menu.empty: no unified kernel image is left" { fault_case menu.empty+unified; }

@test "kernel.image-damaged: a unified kernel image by systemd-boot" { fault_case kernel.image-damaged+unified; }

@test "kernel.image-damaged: a unified kernel image, of which not even the beginning is left" {
    healthy_tree boot
    give_unified_entry "$TREE"
    : >"$TREE/efi/EFI/Linux/debian.efi"
    unb examine --json "$TREE"
    [ "$(summary kernel.image-damaged)" = "stops-boot false" ]
}

@test "kernel.image-damaged: a unified kernel image in place of a loader" {
    healthy_tree boot
    give_unified_alone "$TREE"
    truncate -s 5000000 "$TREE/efi/EFI/BOOT/BOOTX64.EFI"
    unb examine --json "$TREE"
    [ "$(summary kernel.image-damaged)" = "stops-boot false" ]
    [ "$(summary esp.damaged)" = "stops-boot false" ]
}

@test "kernel.modules-missing: of the kernel in an image" {
    healthy_tree boot
    give_unified "$TREE"
    mv "$TREE"/usr/lib/modules/* "$TREE/usr/lib/modules/5.0.0"
    unb examine --json "$TREE"
    has_finding kernel.modules-missing
}

@test "cmdline.init-missing: of the line in an image, in which nothing is edited" {
    local sum
    broken cmdline.init-missing+unified
    sum=$(cat "$TREE"/efi/EFI/Linux/*.efi | sha256sum)
    unb examine --json "$TREE"
    [ "$(summary cmdline.init-missing)" = "degrades false" ]
    [[ $(findings '.findings[].remedy') == *"/etc/kernel/cmdline"* ]]
    echo "root=UUID=$(root_uuid "$TREE") init=/nowhere" >"$TREE/etc/kernel/cmdline"
    unb repair "$TREE" cmdline.init-missing
    [ "$status" -ne 0 ]
    [ "$(cat "$TREE"/efi/EFI/Linux/*.efi | sha256sum)" = "$sum" ]
}

@test "unified kernel images: one of another system on the same ESP is none of this one's" {
    healthy_tree boot
    give_unified "$TREE"
    sed 's/^ID=.*/ID=fedora/' "$TREE/usr/lib/os-release" >"$BATS_TEST_TMPDIR/os-release"
    "$FIXTURES/uki" "$LOADERS/stub.efi" "$BATS_TEST_TMPDIR/os-release" 'root=/dev/sdz9 init=/nowhere' \
        6.99.0-1.fc99 '' "$KERNELS"/vmlinuz-* "$TREE/efi/EFI/Linux/fedora.efi"
    unb examine --json "$TREE"
    [ "$(findings)" = "" ] || fail "$(findings)"
}

@test "unified kernel images: one without a command line of its own is no fault" {
    healthy_tree boot
    give_unified "$TREE"
    image_of "$TREE" "$(echo "$TREE"/efi/EFI/Linux/*.efi)" ''
    unb examine --json "$TREE"
    [ "$(findings)" = "" ] || fail "$(findings)"
}
