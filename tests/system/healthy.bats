#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# No false alarms where there could be one: disks that have all that their boot menu, their fstab and the
# machine that they go to ask for. Each test shows, too, that the alarm comes when that is not so.

load helpers
load faults

teardown() {
    detach_all
    healthy_away
    assert_host_clean
}

# no_alarm ARGUMENT...: of examine; notices are none.
no_alarm() {
    unb examine --json "$@"
    [ "$status" -eq 0 ] || fail "status $status" || return 1
    [ -z "$(findings '.findings[] | select(.severity != "notice") | .id')" ] || fail "$(findings)"
}

# --- a root on btrfs, on XFS, with all that boots it ---------------------------------------------

# install_grub: on IMG, by the programs of the distribution.
install_grub() {
    script 'set -e
mkdir -p /boot/grub /etc/default
printf "%s\n" GRUB_DEFAULT=0 GRUB_DISABLE_OS_PROBER=true "GRUB_CMDLINE_LINUX_DEFAULT=quiet" >/etc/default/grub
root=$(findmnt -nvo SOURCE /)
grub-install --target=i386-pc "${root%p[0-9]*}"
update-grub'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ] || fail "GRUB is not installed"
}

# boots_until_broken DIRECTORY: IMG raises no alarm, and does when the initramfs that its menu names in
# that directory has another name.
boots_until_broken() {
    no_alarm "$IMG"
    [[ $(findings '.not_checked') != *"no kernel"* ]] || fail "what boots it was not seen"
    in_image "$IMG" eval "mv \"\$M/$1\"/boot/initrd.img-* \"\$M/$1/boot/renamed\""
    unb examine --json "$IMG"
    [ "$(summary initramfs.missing)" = "stops-boot true" ]
}

@test "healthy: a root in btrfs' subvolume @ that GRUB boots" {
    image --suite boot --fs btrfs --subvol @
    install_grub
    in_image "$IMG" eval 'grep -q "linux.*/@/boot/vmlinuz-.* ro rootflags=subvol=@ " "$M/@/boot/grub/grub.cfg"'
    boots_until_broken @
}

@test "healthy: a root in btrfs' subvolume @, its menu by hand" {
    image --suite boot --fs btrfs --subvol @
    in_image "$IMG" eval 'give_grub_at @ "$M"
        sed -i -e "s|/boot/|/@/boot/|" -e "s| ro | ro rootflags=subvol=@ |" -e "s|insmod ext2|insmod btrfs|" \
            "$M/@/boot/grub/grub.cfg"'
    boots_until_broken @
}

@test "healthy: a root on XFS that GRUB boots" {
    image --suite boot --fs xfs
    install_grub
    boots_until_broken .
}

@test "healthy: a root on XFS, its menu by hand" {
    image --suite boot --fs xfs
    in_image "$IMG" eval 'give_grub "$M"; sed -i "s|insmod ext2|insmod xfs|" "$M/boot/grub/grub.cfg"'
    boots_until_broken .
}

# --- fstab files of real systems, with their disks -----------------------------------------------

# device_lines FILE: number, tag, value, target, type and options of each line that names a device by what
# is on it. The blanks in values and targets stay "\040".
device_lines() {
    awk '!/^[ \t]*#/ && match($1, /^(UUID|LABEL|PARTUUID)=|^\/dev\/disk\/by-uuid\//) {
        tag = $1; value = substr($1, RLENGTH + 1)
        sub(/^\/dev\/disk\/by-uuid\/.*/, "UUID", tag); sub(/=.*/, "", tag)
        print NR, tag, value, $2, $3, $4 }' "$1"
}

# another VALUE: nearly the same. Of a PARTUUID in an MBR the disk's part changes.
another() {
    local head=$1 tail=''
    [[ ! $1 =~ ^(.{8})(-..)$ ]] || { head=${BASH_REMATCH[1]} tail=${BASH_REMATCH[2]}; }
    [ "${head: -1}" = 0 ] && echo "${head%?}1$tail" || echo "${head%?}0$tail"
}

# make_file_system FILE TYPE UUID LABEL: either may be empty.
make_file_system() {
    local file=$1 type=$2 uuid=$3 label=$4
    case $type in
    ext4) truncate -s 24M "$file" && mke2fs -q -t ext4 ${uuid:+-U "$uuid"} -L "$label" "$file" ;;
    xfs) truncate -s 320M "$file" && mkfs.xfs -q -f ${uuid:+-m "uuid=$uuid"} -L "$label" "$file" ;;
    vfat) truncate -s 16M "$file" && mkfs.vfat ${uuid:+-i "${uuid/-/}"} ${label:+-n "$label"} "$file" >/dev/null ;;
    btrfs) truncate -s 140M "$file" && mkfs.btrfs -q -f ${uuid:+-U "$uuid"} -L "$label" "$file" >/dev/null ;;
    swap) truncate -s 4M "$file" && mkswap -q ${uuid:+-U "$uuid"} ${label:+-L "$label"} "$file" ;;
    esac
}

# fill_file_system FILE FSTAB TAG VALUE TREE: the subvolumes that lines of the fstab want of it, and the
# tree when it is the root's. Where others have one and "/" has not, its is the default one, as on openSUSE.
fill_file_system() {
    local at=$BATS_TEST_TMPDIR/fill target options subvolume
    mkdir -p "$at"
    mount -o loop "$1" "$at"
    while read -r _ _ _ target _ options; do
        subvolume=$(sed -nE 's#(.*,)?subvol=/?([^,]*).*#\2#p' <<<"$options")
        [ "$target" != / ] || [ -n "$subvolume" ] || ! grep -q subvol= "$2" ||
            subvolume=@/.snapshots/1/snapshot
        if [ -n "$subvolume" ]; then
            [ -d "$at/${subvolume%%/*}" ] || btrfs -q subvolume create "$at/${subvolume%%/*}" >/dev/null
            mkdir -p "$at/$(dirname "$subvolume")"
            [ -d "$at/$subvolume" ] || btrfs -q subvolume create "$at/$subvolume" >/dev/null
        fi
        [ "$target" = / ] || continue
        cp -a "$5/." "$at/$subvolume"
        [[ $subvolume != */* ]] || btrfs subvolume set-default "$at/$subvolume"
    done < <(device_lines "$2" | awk -v tag="$3" -v value="$4" '$2 == tag && $3 == value' | LC_ALL=C sort -r -k 4,4)
    umount "$at"
}

# disk_for FSTAB [RENAME]: IMG is a disk with a small system that has this fstab, and with each volume
# that it names, under exactly that name, or what the command RENAME makes of it.
disk_for() {
    local fstab=$1 rename=${2:-echo} directory=$BATS_TEST_TMPDIR/tree-for part=$BATS_TEST_TMPDIR/part
    local table=gpt next=1 size tag value name target type rows=() uuid label partuuid kind
    local -A seen=()
    IMG=$BATS_TEST_TMPDIR/disk.img
    rm -rf "$IMG" "$directory"
    truncate -s 1M "$IMG"
    "$FIXTURES/mini" "$directory"
    cp "$fstab" "$directory/etc/fstab"
    for type in ext4 vfat xfs; do # as a system has them whose fstab wants checks
        ln -s ../bin/busybox "$directory/sbin/fsck.$type"
    done
    while read -r target; do
        mkdir -p "$directory${target//\\040/ }"
    done < <(awk '!/^[ \t]*#/ && $2 ~ /^\// { print $2 }' "$fstab")
    while read -r _ tag value target type _; do
        [ -z "${seen[$tag=$value]:-}" ] || continue
        seen[$tag=$value]=1
        name=$($rename "${value//\\040/ }")
        uuid='' label='' partuuid=''
        case $tag in
        UUID) uuid=$name ;;
        LABEL) label=$name ;;
        PARTUUID) partuuid=$name ;;
        esac
        make_file_system "$part" "$type" "$uuid" "$label"
        [ "$type" = swap ] || [ "$type" = vfat ] ||
            fill_file_system "$part" "$fstab" "$tag" "$value" "$directory"
        size=$(($(stat -c %s "$part") >> 20))
        dd if="$part" of="$IMG" bs=1M seek=$next conv=sparse,notrunc status=none
        rm "$part"
        kind=linux
        [ "$type" != swap ] || kind=swap
        [ "$type" != vfat ] || kind=uefi
        if [[ $partuuid =~ ^(.{8})-..$ ]]; then
            table="dos
label-id: 0x${BASH_REMATCH[1]}" partuuid=''
        fi
        rows+=("start=$((next * 2048)), size=$((size * 2048)), type=$kind${partuuid:+, uuid=$partuuid}")
        next=$((next + size))
    done < <(device_lines "$fstab")
    truncate -s $((next + 1))M "$IMG"
    printf '%s\n' "label: $table" "${rows[@]}" | sfdisk -q -w never "$IMG" >/dev/null 2>&1
}

# has_its_disks NAME: of the directory with fstab files.
has_its_disks() {
    local fstab=$FIXTURES/fstab/$1 wrong
    disk_for "$fstab"
    no_alarm "$IMG" || fail "$1" || return 1
    # A subvolume is checked with the file system that it is of.
    [[ $(findings .not_checked) != *"was not checked"* ]] || fail "$1: $(findings .not_checked)" || return 1
    # All of them are there by name, and nothing else is taken for them.
    disk_for "$fstab" another
    unb examine --json "$IMG"
    wrong='fstab.source-missing fstab.root-wrong swap.source-missing'
    [ "$(findings "[.findings[] | select(.id | IN(\"${wrong// /\",\"}\")) | .line] | unique[]")" = \
        "$(device_lines "$fstab" | cut -d' ' -f1)" ] || fail "$1: not all are missed"
}

@test "healthy: fstab files of real systems and their disks: UUIDs" {
    has_its_disks debian-installer
    has_its_disks arch
}

@test "healthy: fstab files of real systems and their disks: labels" {
    has_its_disks ubuntu-cloud
    has_its_disks file-server
}

@test "healthy: fstab files of real systems and their disks: PARTUUIDs" {
    local file=$BATS_TEST_TMPDIR/fstab
    has_its_disks raspberry-pi
    # The same with a GPT.
    sed -e 's/8a438930-01/5c0f3d3a-83b5-4f0e-9d58-1d2a4fa0b001/' \
        -e 's/8a438930-02/5C0F3D3A-83B5-4F0E-9D58-1D2A4FA0B002/' "$FIXTURES/fstab/raspberry-pi" >"$file"
    [ "$(device_lines "$file" | grep -c 5c0f3d3a -i)" -eq 2 ]
    FIXTURES=$BATS_TEST_TMPDIR/fixtures-gpt
    mkdir -p "$FIXTURES/fstab"
    ln -s "$(dirname "$BREAKERS")/fixtures/mini" "$FIXTURES/mini"
    cp "$file" "$FIXTURES/fstab/raspberry-pi-gpt"
    has_its_disks raspberry-pi-gpt
}

@test "healthy: fstab files of real systems and their disks: subvolumes" {
    has_its_disks fedora-btrfs
    has_its_disks opensuse
}

# --- the machine that the disk goes to ----------------------------------------------------------

# What each has to find its disk with: of the words of a line one module each, of several any.
NEEDS='virtio virtio_blk|virtio_scsi virtio_pci
nvme nvme
xen xen_blkfront
hyperv hv_storvsc hv_vmbus
vmware vmw_pvscsi|mptspi|mptsas|nvme|ahci
sata ahci|ata_piix'

# modules_of LIST: the names that modprobe has for them.
modules_of() {
    sed -E 's#:.*##; s#.*/##; s#[.]ko([.].*)?$##; y#-#_#' "$1" | sort -u
}

# loadable MODULE: it is a part of the kernel, or is in the initramfs with all that it depends on.
# (builtin, inside: lists of names; dep: modules.dep with names.)
loadable() {
    local needed
    ! grep -qx "$1" "$LISTS/builtin" || return 0
    for needed in "$1" $(sed -n "s/^$1://p" "$LISTS/dep"); do
        grep -qx -e "$needed" "$LISTS/inside" "$LISTS/builtin" -h >/dev/null || return 1
    done
}

# lists: what there is, of the tree's kernel and initramfs.
lists() {
    local modules
    modules=$(echo "$TREE"/usr/lib/modules/*)
    LISTS=$BATS_TEST_TMPDIR/lists
    mkdir -p "$LISTS"
    modules_of "$modules/modules.builtin" >"$LISTS/builtin"
    sed -E 's#[^ :]*/##g; s#[.]ko([.][a-z]+)?##g; y#-#_#' "$modules/modules.dep" >"$LISTS/dep"
    modules_of <(zcat "$TREE"/boot/initrd.img-* | cpio --quiet -it | grep '[.]ko') >"$LISTS/inside"
    [ "$(wc -l <"$LISTS/inside")" -gt 20 ] || fail "nothing is known of the initramfs"
}

# machines WANTED: --for each machine says what follows from these lists; WANTED of them are told that a
# driver is missing, which a new initramfs brings when the kernel has it as a module.
machines() {
    local machine needs need module met has_file expected alarms=0
    while read -r machine needs; do
        expected=''
        for need in $needs; do
            met='' has_file=false
            for module in ${need//|/ }; do
                ! loadable "$module" || met=1
                ! grep -q "^$module:" "$LISTS/dep" || has_file=true
            done
            [ -n "$met$expected" ] || expected="stops-boot $has_file"
        done
        unb examine --json --for="$machine" "$TREE"
        [ "$status" -eq "$([ -z "$expected" ] && echo 0 || echo 1)" ] || fail "$machine: status $status" || return 1
        [ "$(summary driver.machine-missing)" = "$expected" ] ||
            fail "$machine: not '$expected' but '$(summary driver.machine-missing)'" || return 1
        [ "$(findings '[.findings[].id] | unique[]')" = "${expected:+driver.machine-missing}" ] ||
            fail "$machine: $(findings)" || return 1
        [ -z "$expected" ] || alarms=$((alarms + 1))
    done <<<"$NEEDS"
    [ "$alarms" -eq "$1" ] || fail "$alarms alarms"
}

@test "healthy: --for each machine says whether this kernel and initramfs can see its disk" {
    local file in=$BATS_TEST_TMPDIR/in
    healthy_tree
    give_grub "$TREE"
    # The cloud kernel of Debian has a driver for each, and its initramfs takes "most".
    lists
    machines 0
    # An initramfs without them: what is a part of the kernel is there all the same.
    file=$(echo "$TREE"/boot/initrd.img-*)
    mkdir "$in"
    (cd "$in" && zcat "$file" | cpio -i --quiet &&
        find . -regex '.*/\(virtio_blk\|virtio_scsi\|xen-blkfront\|hv_storvsc\|vmw_pvscsi\|ata_piix\)[.]ko.*' -delete &&
        find . | cpio -o -H newc --quiet | gzip -1) >"$BATS_TEST_TMPDIR/new"
    cp "$BATS_TEST_TMPDIR/new" "$file"
    lists
    machines 4
    # And a kernel to which they were never built: a new initramfs brings nothing.
    sed -i -E '/\/(virtio_blk|virtio_scsi|xen-blkfront|hv_storvsc|ata_piix)[.]ko/d' "$TREE"/usr/lib/modules/*/modules.dep
    sed -i -E '/\/nvme[.]ko/d' "$TREE"/usr/lib/modules/*/modules.builtin
    lists
    machines 6
}
