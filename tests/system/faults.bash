# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of faults share. A breaker (tests/breakers/ID) puts one fault into a healthy system: a
# tree of its own, by an overlay, or an image with a partition table, /boot of its own and GRUB's files.
# shellcheck shell=bash

BREAKERS=$(realpath "${BASH_SOURCE[0]%/*}/../breakers")

#   needs: tree [SUITE] | image [OPTION...] | booting   what is broken: the breaker gets the directory, and
#                                             the image
#   with: grub | bls | extlinux | ...         a boot menu that it is given first: give_grub and the like
#   options: --for=...                        for examine and repair
#   severity: stops-boot | degrades | notice  what it is found as
#   repair: slow                              it runs longer than some seconds
#   remains: yes                              after the repair it is still found, as something milder

# property BREAKER NAME: the value of "# NAME: VALUE" in its head.
property() {
    sed -n "s/^# $2: //p" "$BREAKERS/$1" | head -n 1
}

# healthy_tree [SUITE]: a system in TREE that may be broken.
healthy_tree() {
    local lower
    lower=$("$FIXTURES/suite" "${1:-boot}")
    TREE=$BATS_TEST_TMPDIR/tree
    mkdir -p "$TREE" "$BATS_TEST_TMPDIR/overlay/up" "$BATS_TEST_TMPDIR/overlay/work"
    mount -t overlay -o "lowerdir=$lower,upperdir=$BATS_TEST_TMPDIR/overlay/up,workdir=$BATS_TEST_TMPDIR/overlay/work" \
        overlay "$TREE"
}

healthy_away() {
    ! mountpoint -q "$BATS_TEST_TMPDIR/tree" || umount "$BATS_TEST_TMPDIR/tree"
}

# --- boot menus, as the programs of distributions make them ---

# root_uuid TREE: of the line for "/" in its fstab.
root_uuid() {
    local uuid
    uuid=$(sed -n 's/^UUID=\([^ ]*\) \/ .*/\1/p' "$1/etc/fstab")
    echo "${uuid:-12345678-1234-4234-8234-123456789abc}"
}

release() {
    ls "$1/usr/lib/modules"
}

# grub_entry TITLE ID RELEASE UUID [ARGUMENT...]
grub_entry() {
    cat <<END
menuentry '$1' --class debian --class gnu-linux --class os \$menuentry_id_option '$2' {
	load_video
	insmod gzio
	if [ x\$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	insmod part_gpt
	insmod ext2
	search --no-floppy --fs-uuid --set=root $4
	echo	'Loading Linux $3 ...'
	linux	/boot/vmlinuz-$3 root=UUID=$4 ro ${*:5}
	echo	'Loading initial ramdisk ...'
	initrd	/boot/initrd.img-$3
}
END
}

# give_grub TREE: GRUB's files, as update-grub writes them on Debian.
give_grub() {
    local uuid version
    uuid=$(root_uuid "$1")
    version=$(release "$1")
    mkdir -p "$1/boot/grub" "$1/etc/default"
    printf '%s\n' 'GRUB_DEFAULT=0' 'GRUB_TIMEOUT=5' 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"' \
        'GRUB_CMDLINE_LINUX="console=ttyS0"' >"$1/etc/default/grub"
    {
        cat <<'END'
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="0"
fi
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function load_video {
  if [ x$feature_all_video_module = xy ]; then
    insmod all_video
  else
    insmod vbe
  fi
}
END
        grub_entry 'Debian GNU/Linux' "gnulinux-simple-$uuid" "$version" "$uuid" quiet console=ttyS0
        echo "submenu 'Advanced options for Debian GNU/Linux' \$menuentry_id_option 'gnulinux-advanced-$uuid' {"
        grub_entry "Debian GNU/Linux, with Linux $version (recovery mode)" \
            "gnulinux-$version-recovery-$uuid" "$version" "$uuid" single
        echo "}"
    } >"$1/boot/grub/grub.cfg"
    echo '# GRUB Environment Block' >"$1/boot/grub/grubenv"
    truncate_with_hashes "$1/boot/grub/grubenv"
}

# give_grub_bios TREE: and its modules, as grub-install leaves them.
give_grub_bios() {
    give_grub "$1"
    cp -r "$1/usr/lib/grub/i386-pc" "$1/boot/grub/"
    echo core >"$1/boot/grub/i386-pc/core.img"
}

# give_bls TREE: GRUB with the entries of the Boot Loader Specification, as RHEL 8 has them.
give_bls() {
    local uuid version id=0123456789abcdef0123456789abcdef
    uuid=$(root_uuid "$1")
    version=$(release "$1")
    mkdir -p "$1/boot/grub2" "$1/boot/loader/entries" "$1/etc/default"
    echo $id >"$1/etc/machine-id"
    cat >"$1/boot/grub2/grub.cfg" <<'END'
set pager=1
if [ -f ${config_directory}/grubenv ]; then
  load_env -f ${config_directory}/grubenv
elif [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
if [ -n "${boot_counter}" -a "${boot_success}" = "0" ]; then
  if  [ "${boot_counter}" = "0" -o "${boot_counter}" = "-1" ]; then
    set default=1
    set boot_counter=-1
  fi
fi
insmod blscfg
blscfg
END
    cat >"$1/boot/loader/entries/$id-$version.conf" <<END
title Red Hat Enterprise Linux ($version) 8.9
version $version
machine-id $id
linux /vmlinuz-$version
initrd /initrd.img-$version \$tuned_initrd
options \$kernelopts \$tuned_params
id rhel-$version
grub_users \$grub_users
END
    printf '%s\n' '# GRUB Environment Block' "saved_entry=$id-$version" \
        "kernelopts=root=UUID=$uuid ro console=ttyS0 crashkernel=auto " 'boot_success=1' >"$1/boot/grub2/grubenv"
    truncate_with_hashes "$1/boot/grub2/grubenv"
}

# truncate_with_hashes FILE: to the 1024 bytes of an environment block.
truncate_with_hashes() {
    local size
    size=$(stat -c %s "$1")
    head -c $((1024 - size)) /dev/zero | tr '\0' '#' >>"$1"
}

# give_systemd_boot TREE: with its ESP mounted on /efi.
give_systemd_boot() {
    local version id=0123456789abcdef0123456789abcdef
    version=$(release "$1")
    mkdir -p "$1/efi/EFI/systemd" "$1/efi/EFI/BOOT" "$1/efi/loader/entries" "$1/efi/$id/$version"
    cp "$1/boot/vmlinuz-$version" "$1/efi/$id/$version/linux"
    cp "$1/boot/initrd.img-$version" "$1/efi/$id/$version/initrd"
    cp "$1/boot/vmlinuz-$version" "$1/efi/EFI/systemd/systemd-bootx64.efi" # an EFI program it is
    cp "$1/boot/vmlinuz-$version" "$1/efi/EFI/BOOT/BOOTX64.EFI"
    printf '%s\n' 'timeout 3' "default $id-*" >"$1/efi/loader/loader.conf"
    printf '%s\n' 'title Debian' "version $version" "machine-id $id" 'sort-key debian' \
        "options root=UUID=$(root_uuid "$1") ro console=ttyS0" "linux /$id/$version/linux" \
        "initrd /$id/$version/initrd" >"$1/efi/loader/entries/$id-$version.conf"
}

# give_efi TREE: GRUB for EFI behind shim, with the ESP on /boot/efi.
give_efi() {
    local version name
    version=$(release "$1")
    give_grub "$1"
    mkdir -p "$1/boot/efi/EFI/debian" "$1/boot/efi/EFI/BOOT" "$1/boot/grub/x86_64-efi"
    for name in debian/shimx64.efi debian/grubx64.efi BOOT/BOOTX64.EFI; do
        cp "$1/boot/vmlinuz-$version" "$1/boot/efi/EFI/$name" # an EFI program it is
    done
    printf '%s\n' "search.fs_uuid $(root_uuid "$1") root hd0,gpt2 " \
        "set prefix=(\$root)'/boot/grub'" 'configfile $prefix/grub.cfg' \
        >"$1/boot/efi/EFI/debian/grub.cfg"
}

# give_extlinux TREE: as U-Boot reads it on ARM boards.
give_extlinux() {
    local version
    version=$(release "$1")
    mkdir -p "$1/boot/extlinux" "$1/boot/dtb-$version"
    echo dtb >"$1/boot/dtb-$version/board.dtb"
    cat >"$1/boot/extlinux/extlinux.conf" <<END
default l0
menu title U-Boot menu
timeout 50

label l0
	menu label Debian GNU/Linux 12 $version
	linux /boot/vmlinuz-$version
	initrd /boot/initrd.img-$version
	fdt /boot/dtb-$version/board.dtb
	append root=UUID=$(root_uuid "$1") ro quiet console=ttyS0
END
}

# give_pi TREE: a Raspberry Pi's firmware partition on /boot/firmware.
give_pi() {
    local version
    version=$(release "$1")
    mkdir -p "$1/boot/firmware"
    echo elf >"$1/boot/firmware/start4.elf"
    cp "$1/boot/vmlinuz-$version" "$1/boot/firmware/kernel8.img"
    cp "$1/boot/initrd.img-$version" "$1/boot/firmware/initramfs8"
    printf '%s\n' '# For more options see the documentation' '[pi4]' 'arm_boost=1' '[all]' \
        'initramfs initramfs8 followkernel' 'arm_64bit=1' >"$1/boot/firmware/config.txt"
    echo "console=serial0,115200 console=tty1 root=UUID=$(root_uuid "$1") rootfstype=ext4 rootwait" \
        >"$1/boot/firmware/cmdline.txt"
}

# give_grub_at SUBVOLUME TREE: the same where the root is a subvolume.
give_grub_at() {
    give_grub "$2/$1"
}

# broken BREAKER: what it wants is made and broken; TARGET is what unbrick is given.
broken() {
    local needs with
    needs=$(property "$1" needs)
    with=$(property "$1" with)
    case $needs in
    tree*)
        # shellcheck disable=SC2086 # "tree bookworm"
        healthy_tree ${needs#tree}
        # shellcheck disable=SC2086 # "grub_at @"
        [ -z "$with" ] || give_$with "$TREE"
        "$BREAKERS/$1" "$TREE"
        TARGET=$TREE
        ;;
    image*)
        # shellcheck disable=SC2086
        image ${needs#image}
        in_image "$IMG" eval "${with:+give_$with \"\$M\";} \"\$BREAKERS/$1\" \"\$M\" \"\$IMG\""
        TARGET=$IMG
        ;;
    booting)
        IMG=$BATS_TEST_TMPDIR/disk.img
        "$FIXTURES/booting" "$IMG" || fail "no image"
        in_image "$IMG" eval "\"\$BREAKERS/$1\" \"\$M\" \"\$IMG\""
        TARGET=$IMG
        ;;
    *) fail "the breaker $1 does not say what it needs" ;;
    esac
}

# findings [JQ-FILTER]: of the last examine --json.
findings() {
    jq -r "${1:-.findings[].id}" <<<"$output"
}

has_finding() {
    findings | grep -qxF "$1"
}

# summary ID: severity and repairable of the worst finding of that id; "" when there is none.
summary() {
    findings "[.findings[] | select(.id == \"$1\")][0] | select(.) | \"\(.severity) \(.repairable)\""
}

# fault_case BREAKER: the breaker's fault (of a breaker ID+CASE: ID) is found with its severity; and when
# it has a remedy, that is applied, the fault is gone, and a second repair has nothing to do.
fault_case() {
    local id=${1%+*} options found
    options=$(property "$1" options)
    broken "$1"
    # shellcheck disable=SC2086 # words
    unb examine --json $options "$TARGET"
    found=$(summary "$id")
    [ -n "$found" ] || fail "$id is not found" || return 1
    [ "${found% *}" = "$(property "$1" severity)" ] || fail "$id is '${found% *}'" || return 1
    [ "$status" -eq 1 ] || [[ $found != stops-boot* ]] || fail "status $status" || return 1
    [[ $found == *true ]] || return 0
    # What runs long in the container is run once for all (./dev check --all: each time).
    if [ "$(property "$1" repair)" = slow ] && [ -z "${UNBRICK_TEST_ALL:-}" ]; then
        # shellcheck disable=SC2086
        unb repair --dry-run $options "$TARGET" "$id"
        [ "$status" -le 1 ] || fail "status $status" || return 1
        [[ $output == *"run  "* ]] || fail "no command is planned"
        return
    fi
    # shellcheck disable=SC2086
    unb repair $options "$TARGET" "$id"
    [ "$status" -le 1 ] || fail "repair ended with $status" || return 1
    # shellcheck disable=SC2086
    unb examine --json $options "$TARGET"
    found=$(summary "$id")
    [[ $found != *true ]] || fail "$id is still there" || return 1
    [ "$(property "$1" remains)" = yes ] || [ -z "$found" ] || fail "$id remains"
}
