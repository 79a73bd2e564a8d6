# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of faults share. A breaker (tests/breakers/ID) puts one fault into a healthy system: a
# tree of its own, by an overlay, or an image with a partition table, /boot of its own and GRUB's files.
# shellcheck shell=bash

BREAKERS=$(realpath "${BASH_SOURCE[0]%/*}/../breakers")

#   needs: tree [SUITE] | image [OPTION...]   what is broken
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
        'GRUB_CMDLINE_LINUX=""' >"$1/etc/default/grub"
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
        grub_entry 'Debian GNU/Linux' "gnulinux-simple-$uuid" "$version" "$uuid" quiet
        echo "submenu 'Advanced options for Debian GNU/Linux' \$menuentry_id_option 'gnulinux-advanced-$uuid' {"
        grub_entry "Debian GNU/Linux, with Linux $version (recovery mode)" \
            "gnulinux-$version-recovery-$uuid" "$version" "$uuid" single
        echo "}"
    } >"$1/boot/grub/grub.cfg"
    {
        echo '# GRUB Environment Block'
        head -c 999 /dev/zero | tr '\0' '#'
    } >"$1/boot/grub/grubenv"
}

# give_grub_at TREE SUBVOLUME: the same where the root is a subvolume.
give_grub_at() {
    give_grub "$1/$2"
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
        [ -z "$with" ] || "give_${with%% *}" "$TREE" ${with#* }
        "$BREAKERS/$1" "$TREE"
        TARGET=$TREE
        ;;
    image*)
        # shellcheck disable=SC2086
        image ${needs#image}
        in_image "$IMG" eval "${with:+give_${with%% *} \"\$M\" ${with#* };} \"\$BREAKERS/$1\" \"\$M\""
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

# fault_case BREAKER: the breaker's fault (of a breaker ID+CASE: ID) is found with its severity; and when it has a remedy, that is
# applied, the fault is gone, and a second repair has nothing to do.
fault_case() {
    local id=${1%+*} severity options
    options=$(property "$1" options)
    broken "$1"
    # shellcheck disable=SC2086 # words
    unb examine --json $options "$TARGET"
    has_finding "$id" || fail "$id is not found" || return 1
    severity=$(findings ".findings[] | select(.id == \"$id\") | .severity" | head -n 1)
    [ "$severity" = "$(property "$1" severity)" ] || fail "$id is '$severity'" || return 1
    [ "$severity" = stops-boot ] && [ "$status" -eq 1 ] || [ "$severity" != stops-boot ] ||
        fail "status $status" || return 1
    [ "$(findings ".findings[] | select(.id == \"$id\") | .repairable" | head -n 1)" = true ] ||
        return 0
    # What runs long in the container is run once for all (./dev check --all: each time).
    if [ "$(property "$1" repair)" = slow ] && [ -z "${UNBRICK_TEST_ALL:-}" ]; then
        # shellcheck disable=SC2086
        unb repair --dry-run $options "$TARGET" "$id"
        [ "$status" -eq 0 ] && [[ $output == *"run  "* ]] || fail "no command is planned"
        return
    fi
    # shellcheck disable=SC2086
    unb repair $options "$TARGET" "$id"
    [ "$status" -le 1 ] || fail "repair ended with $status" || return 1
    # shellcheck disable=SC2086
    unb examine --json $options "$TARGET"
    ! findings ".findings[] | select(.repairable) | .id" | grep -qxF "$id" ||
        fail "$id is still there" || return 1
    [ "$(property "$1" remains)" = yes ] || ! has_finding "$id" || fail "$id remains"
}
