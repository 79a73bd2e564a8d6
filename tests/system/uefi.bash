# SPDX-License-Identifier: LGPL-2.1-or-later
# EFI system partitions as distributions make them, of real programs (tests/fixtures/loaders), in a tree:
# give_NAME TREE, for "with:" in breakers (faults.bash).
# shellcheck shell=bash

# put FILE DIRECTORY/NAME: below the directory PLACE.
put() {
    install -D -m 600 "$1" "$PLACE/$2"
}

# of_system TREE ID: the tree is of that distribution.
of_system() {
    sed -i -e "s/^ID=.*/ID=$2/" "$1/usr/lib/os-release"
}

# shim_for NAME FILE: a shim that starts NAME, as its makers choose: Debian's, with that name in it.
shim_for() {
    python3 - "$LOADERS/shim.efi" "$1" "$2" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
old = "\\\\grubx64.efi\0".encode("utf-16le")
new = ("\\" + sys.argv[2] + "\0").encode("utf-16le")
assert data.count(old) == 1 and len(new) <= len(old)
open(sys.argv[3], "wb").write(data.replace(old, new.ljust(len(old), b"\0")))
END
}

# stub_for TREE PREFIX: what leads GRUB from the ESP to its directory.
stub_for() {
    printf '%s\n' "search --no-floppy --fs-uuid --set=dev $(root_uuid "$1")" "set prefix=(\$dev)$2" \
        'export $prefix' 'configfile $prefix/grub.cfg'
}

# For the breakers, too.
give_loaders() {
    LOADERS=$("$FIXTURES/loaders")
    export LOADERS
}

# give_shim TREE: Debian's, with Secure Boot in mind.
give_shim() {
    local PLACE=$1/boot/efi
    give_loaders
    give_grub "$1"
    mkdir -p "$1/boot/grub/x86_64-efi"
    put "$LOADERS/shim.efi" EFI/debian/shimx64.efi
    put "$LOADERS/grub.efi" EFI/debian/grubx64.efi
    put "$LOADERS/mok.efi" EFI/debian/mmx64.efi
    put "$LOADERS/shim.efi" EFI/BOOT/BOOTX64.EFI
    put "$LOADERS/grub.efi" EFI/BOOT/grubx64.efi
    printf '%s\n' "search.fs_uuid $(root_uuid "$1") root hd0,gpt2 " \
        "set prefix=(\$root)'/boot/grub'" 'configfile $prefix/grub.cfg' >"$PLACE/EFI/debian/grub.cfg"
    # The packages that they are from.
    PLACE=$1/usr/lib
    put "$LOADERS/shim.efi" shim/shimx64.efi.signed
    put "$LOADERS/grub.efi" grub/x86_64-efi-signed/grubx64.efi.signed
}

# give_ubuntu TREE: the same under its name, and with the program that makes the firmware's entries.
give_ubuntu() {
    give_shim "$1"
    of_system "$1" ubuntu
    mv "$1/boot/efi/EFI/debian" "$1/boot/efi/EFI/ubuntu"
    rm "$1/boot/efi/EFI/BOOT/grubx64.efi"
    cp "$LOADERS/fallback.efi" "$1/boot/efi/EFI/BOOT/fbx64.efi"
    cp "$LOADERS/mok.efi" "$1/boot/efi/EFI/BOOT/mmx64.efi"
    printf 'shimx64.efi,ubuntu,,This is the boot entry for ubuntu\n' | iconv -t UTF-16LE \
        >"$1/boot/efi/EFI/ubuntu/BOOTX64.CSV"
}

# give_fedora TREE: entries of the Boot Loader Specification, and no copy of the loaders in the system.
give_fedora() {
    local PLACE=$1/boot/efi
    give_loaders
    give_bls "$1"
    of_system "$1" fedora
    mkdir -p "$1/boot/grub2"
    put "$LOADERS/shim.efi" EFI/fedora/shimx64.efi
    put "$LOADERS/shim.efi" EFI/fedora/shim.efi
    put "$LOADERS/grub.efi" EFI/fedora/grubx64.efi
    put "$LOADERS/mok.efi" EFI/fedora/mmx64.efi
    put "$LOADERS/shim.efi" EFI/BOOT/BOOTX64.EFI
    put "$LOADERS/fallback.efi" EFI/BOOT/fbx64.efi
    stub_for "$1" /boot/grub2 >"$PLACE/EFI/fedora/grub.cfg"
}

# give_opensuse TREE: names of its own, in small letters, and the stub goes on by "source".
give_opensuse() {
    local PLACE=$1/boot/efi
    give_loaders
    give_grub "$1"
    mv "$1/boot/grub" "$1/boot/grub2"
    of_system "$1" opensuse-tumbleweed
    mkdir -p "$1/boot/grub2/x86_64-efi"
    shim_for grub.efi "$BATS_TEST_TMPDIR/shim.efi"
    put "$BATS_TEST_TMPDIR/shim.efi" EFI/opensuse/shim.efi
    put "$LOADERS/grub.efi" EFI/opensuse/grub.efi
    put "$LOADERS/mok.efi" EFI/opensuse/MokManager.efi
    put "$BATS_TEST_TMPDIR/shim.efi" EFI/boot/bootx64.efi
    put "$LOADERS/fallback.efi" EFI/boot/fallback.efi
    put "$LOADERS/mok.efi" EFI/boot/MokManager.efi
    printf '%s\n' 'set btrfs_relative_path="yes"' "search --fs-uuid --set=root $(root_uuid "$1")" \
        'set prefix=(${root})/boot/grub2' 'source "${prefix}/grub.cfg"' >"$PLACE/EFI/opensuse/grub.cfg"
    PLACE=$1/usr/share/efi/x86_64
    put "$BATS_TEST_TMPDIR/shim.efi" shim.efi
    put "$LOADERS/grub.efi" grub.efi
}

# kernels_away TREE: out of /boot: they are to be found in the images alone.
kernels_away() {
    KERNELS=$BATS_TEST_TMPDIR/kernels
    mkdir "$KERNELS"
    mv "$1"/boot/vmlinuz-* "$1"/boot/initrd.img-* "$KERNELS"
}

# image_of TREE OUT [CMDLINE]: a unified kernel image of these.
image_of() {
    local version
    version=$(release "$1")
    mkdir -p "${2%/*}"
    "$FIXTURES/uki" "$LOADERS/stub.efi" "$1/usr/lib/os-release" \
        "${3-root=UUID=$(root_uuid "$1") ro console=ttyS0}" "$version" "$KERNELS/initrd.img-$version" \
        "$KERNELS/vmlinuz-$version" "$2"
}

# give_unified TREE: such an image, started by systemd-boot.
give_unified() {
    local PLACE=$1/efi
    give_loaders
    kernels_away "$1"
    put "$LOADERS/systemd-boot.efi" EFI/systemd/systemd-bootx64.efi
    put "$LOADERS/systemd-boot.efi" EFI/BOOT/BOOTX64.EFI
    mkdir -p "$PLACE/loader"
    echo 'timeout 3' >"$PLACE/loader/loader.conf"
    image_of "$1" "$PLACE/EFI/Linux/debian-$(release "$1").efi"
}

# give_unified_alone TREE: one, which the firmware starts without a loader.
give_unified_alone() {
    give_loaders
    kernels_away "$1"
    image_of "$1" "$1/efi/EFI/BOOT/BOOTX64.EFI"
}

# give_unified_entry TREE: the firmware has an entry for it.
give_unified_entry() {
    give_unified_alone "$1"
    mkdir "$1/efi/EFI/Linux"
    mv "$1/efi/EFI/BOOT/BOOTX64.EFI" "$1/efi/EFI/Linux/debian.efi"
    rmdir "$1/efi/EFI/BOOT"
}
