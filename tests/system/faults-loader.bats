#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults of partition tables, boot loaders and their menus.

load helpers
load faults

teardown() {
    ! mountpoint -q "$BATS_TEST_TMPDIR/tree/boot" || umount "$BATS_TEST_TMPDIR/tree/boot"
    healthy_away
    assert_host_clean
}

# healthy MENU: nothing is found with it.
healthy() {
    healthy_tree boot
    "give_$1" "$TREE"
    unb examine --json "$TREE"
    [ "$status" -eq 0 ]
    [ "$(findings '.findings | length')" -eq 0 ] || fail "$1: $(findings)"
}

@test "faults: a healthy disk that boots has none" {
    "$FIXTURES/booting" "$BATS_TEST_TMPDIR/disk.img"
    unb examine --json "$BATS_TEST_TMPDIR/disk.img"
    [ "$status" -eq 0 ]
    [ "$(findings '.findings | length')" -eq 0 ]
}

@test "faults: healthy menus of all sorts have none: BLS" { healthy bls; }

@test "faults: healthy menus of all sorts have none: systemd-boot" { healthy systemd_boot; }

@test "faults: healthy menus of all sorts have none: GRUB for EFI" { healthy efi; }

@test "faults: healthy menus of all sorts have none: extlinux" { healthy extlinux; }

@test "faults: healthy menus of all sorts have none: Raspberry Pi" { healthy pi; }

@test "table.primary-damaged" { fault_case table.primary-damaged; }

@test "table.backup-damaged" { fault_case table.backup-damaged; }

@test "loader.code-missing" { fault_case loader.code-missing; }

@test "loader.core-differs" { fault_case loader.core-differs; }

@test "loader.unreadable" { fault_case loader.unreadable; }

@test "loader.no-place" { fault_case loader.no-place; }

@test "esp.no-loader" { fault_case esp.no-loader; }

@test "esp.stub-wrong" { fault_case esp.stub-wrong; }

@test "esp.wrong-type" { fault_case esp.wrong-type; }

@test "esp.wrong-type: mbr" { fault_case esp.wrong-type+mbr; }

@test "esp.wrong-type: nothing of the table is changed but that" {
    local healthy=$BATS_TEST_TMPDIR/healthy
    image --esp
    # Some BIOSes want the protective entry to be active; sfdisk would take that away.
    printf '\x80' | dd of="$IMG" bs=1 seek=446 conv=notrunc status=none
    cp --sparse=always "$IMG" "$healthy"
    "$BREAKERS/esp.wrong-type" '' "$IMG"
    printf '\x80' | dd of="$IMG" bs=1 seek=446 conv=notrunc status=none
    unb repair --dry-run "$IMG" esp.wrong-type
    [[ $output == *"type     "*" part2: 0fc63daf-8483-4772-8e79-3d69d8477de4 becomes c12a7328-"* ]]
    ! cmp -s -n 1048576 "$IMG" "$healthy" || fail "a dry run has written it"
    unb repair "$IMG" esp.wrong-type
    [ "$status" -le 1 ] # its GRUB is no program, where the kernel has vfat
    cmp -n 1048576 "$IMG" "$healthy"
    cmp <(tail -c 1048576 "$IMG") <(tail -c 1048576 "$healthy")
}

@test "esp.wrong-type: in a table that is not whole nothing is written" {
    image --esp
    "$BREAKERS/esp.wrong-type" '' "$IMG"
    truncate -s -512 "$IMG"
    truncate -s +512 "$IMG"
    unb examine --json "$IMG"
    [ "$(summary table.backup-damaged)" = "notice false" ]
    [ "$(summary esp.wrong-type)" = "degrades false" ]
    # sfdisk alone would write the copy anew with it, unasked.
    unb repair "$IMG" esp.wrong-type
    [ "$status" -ne 0 ]
    [[ $stderr == *"mend the partition table first"* ]]
}

@test "esp.wrong-type: FAT on an MBR is how images for ARM boards have it" {
    image --esp --table mbr
    unb examine --json "$IMG"
    ! has_finding esp.wrong-type || fail "of a healthy one"
    sfdisk -q --part-type "$IMG" 1 c
    unb examine --json "$IMG"
    ! has_finding esp.wrong-type || fail "of one that is FAT in the table, too"
}

@test "esp.damaged" { fault_case esp.damaged; }

@test "esp.no-fallback" {
    fault_case esp.no-fallback
    cmp "$TREE/boot/efi/EFI/debian/shimx64.efi" "$TREE/boot/efi/EFI/BOOT/BOOTX64.EFI"
    # shim starts what lies beside it.
    cmp "$TREE/boot/efi/EFI/debian/grubx64.efi" "$TREE/boot/efi/EFI/BOOT/grubx64.efi"
}

@test "esp.no-fallback: systemd-boot" { fault_case esp.no-fallback+systemd-boot; }

@test "esp.no-fallback: GRUB that is left over beside systemd-boot is not copied" {
    broken esp.no-fallback+systemd-boot
    mkdir "$TREE/efi/EFI/debian"
    { cat "$TREE/efi/EFI/systemd/systemd-bootx64.efi"; echo grub; } >"$TREE/efi/EFI/debian/grubx64.efi"
    unb repair "$TREE" esp.no-fallback
    [ "$status" -eq 0 ]
    cmp "$TREE/efi/EFI/systemd/systemd-bootx64.efi" "$TREE/efi/EFI/BOOT/BOOTX64.EFI"
}

@test "esp.no-fallback: what another system has at the place of a copy stays" {
    local boot
    broken esp.no-fallback
    boot=$TREE/boot/efi/EFI/BOOT
    mkdir "$boot"
    { cat "$TREE/boot/efi/EFI/debian/grubx64.efi"; echo other; } >"$boot/grubx64.efi"
    unb repair "$TREE" esp.no-fallback
    [ "$status" -ne 0 ]
    [[ $stderr == *"/boot/efi/EFI/BOOT/grubx64.efi is there, and is not this system's"* ]]
    [ ! -e "$boot/BOOTX64.EFI" ]
    # The same one is none of another.
    cp "$TREE/boot/efi/EFI/debian/grubx64.efi" "$boot/grubx64.efi"
    unb repair "$TREE" esp.no-fallback
    [ "$status" -eq 0 ]
    cmp "$TREE/boot/efi/EFI/debian/shimx64.efi" "$boot/BOOTX64.EFI"
}

@test "esp.no-fallback: the loader of another system is not copied" {
    broken esp.no-fallback
    mv "$TREE/boot/efi/EFI/debian" "$TREE/boot/efi/EFI/fedora"
    unb examine --json "$TREE"
    [ "$(summary esp.no-fallback)" = "notice false" ]
}

@test "esp.kernel-unsigned" { fault_case esp.kernel-unsigned; }

@test "grub.config-missing" { fault_case grub.config-missing; }

@test "grub.config-missing: empty" { fault_case grub.config-missing+empty; }

@test "grub.config-broken" { fault_case grub.config-broken; }

@test "grub.modules-missing" { fault_case grub.modules-missing; }

@test "grub.device-missing" { fault_case grub.device-missing; }

@test "grub.environment" { fault_case grub.environment; }

@test "menu.default-missing" { fault_case menu.default-missing; }

@test "menu.default-missing: saved" { fault_case menu.default-missing+saved; }

@test "menu.default-missing: systemd-boot" { fault_case menu.default-missing+systemd-boot; }

@test "menu.default-missing: extlinux" { fault_case menu.default-missing+extlinux; }

@test "menu.empty" { fault_case menu.empty; }

@test "menu.no-bls-entries" { fault_case menu.no-bls-entries; }

@test "menu.variable-unset" { fault_case menu.variable-unset; }

@test "menu.machine-id" { fault_case menu.machine-id; }

@test "menu.devicetree-missing" { fault_case menu.devicetree-missing; }

@test "initramfs.missing: bls" { fault_case initramfs.missing+bls; }

@test "initramfs.missing: systemd-boot" { fault_case initramfs.missing+systemd-boot; }

@test "kernel.image-missing: systemd-boot" {
    fault_case kernel.image-missing+systemd-boot
    cmp "$TREE"/efi/*/*/linux "$TREE"/boot/vmlinuz-*
}

@test "kernel.image-missing: systemd-boot passes over the entry that has none, and boots the next one" {
    local entry
    healthy_tree boot
    give_systemd_boot "$TREE"
    entry=$(echo "$TREE"/efi/loader/entries/*.conf)
    # A newer one, whose directory is gone.
    sed -e 's/^version .*/version 99.0/' -e 's,^\(linux\|initrd\) \(/[0-9a-f]*\)/[^/]*,\1 \2/99.0,' "$entry" \
        >"${entry%/*}/0123456789abcdef0123456789abcdef-99.0.conf"
    unb examine --json "$TREE"
    [ "$status" -eq 0 ]
    [ "$(summary kernel.image-missing)" = "degrades false" ]
    [ "$(findings '.findings[] | select(.severity == "stops-boot") | .id')" = "" ]
}

@test "kernel.image-missing: pi" { fault_case kernel.image-missing+pi; }

@test "pi.firmware-missing" { fault_case pi.firmware-missing; }

@test "pi.cmdline-missing" { fault_case pi.cmdline-missing; }

@test "pi.cmdline-lines" { fault_case pi.cmdline-lines; }

@test "pi.cmdline-lines: what the first line says already is not said again behind it" {
    local file
    broken pi.cmdline-lines
    file=$TREE/boot/firmware/cmdline.txt
    echo 'root=/dev/sda9' >>"$file"
    cp "$file" "$BATS_TEST_TMPDIR/before"
    unb examine --json "$TREE"
    [ "$(summary pi.cmdline-lines)" = "degrades false" ]
    findings '.findings[] | select(.id == "pi.cmdline-lines") | .remedy' | grep -q 'by hand'
    unb repair --yes "$TREE"
    cmp "$file" "$BATS_TEST_TMPDIR/before"
}

@test "boot.line-lost" { fault_case boot.line-lost; }

@test "boot.esp-line-lost" { fault_case boot.esp-line-lost; }

@test "boot.shadowed" { fault_case boot.shadowed; }

@test "boot.full" { fault_case boot.full; }
