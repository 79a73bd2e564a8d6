#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# examine /: what is found of the running host is what is found of its disk when it is attached to another
# machine. The images of the breakers are made the root of a mount namespace (tests/fixtures/as-host).

load helpers
load faults

teardown() {
    detach_all
    assert_host_clean
}

# What takes vfat, which this host may lack, is left out.
ids() {
    findings '[.findings[] | select(.id != "filesystem.unseen") | "\(.id) \(.severity)"] | unique | .[]'
}

# same_case BREAKER...: both find the same.
same_case() {
    local breaker options apart
    for breaker in "$@"; do
        options=$(property "$breaker" options)
        AS_HOST_OPTIONS=$(property "$breaker" needs | sed -n 's/.*--subvol /subvol=/p')
        export AS_HOST_OPTIONS
        broken "$breaker"
        # shellcheck disable=SC2086 # words
        unb examine --json $options "$TARGET"
        apart=$(ids)
        # shellcheck disable=SC2086
        as_host "$TARGET" examine --json $options /
        [ "$apart" = "$(ids)" ] || fail "$breaker: of the image '$apart', of the host '$(ids)' $stderr" || return 1
        [[ $'\n'$apart == *$'\n'"${breaker%+*} "* ]] || fail "$breaker is not found" || return 1
        detach_all
        rm "$TARGET"
    done
}

all_only() {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
}

@test "running host: a healthy one, with partitions of its own for /boot and swap" {
    image --boot --swap
    as_host "$IMG" examine /
    [ "$status" -eq 0 ]
    [[ $output == "Nothing was found that is wrong"*"were not checked: they are in use."* ]]
    [[ $output != *"not looked at"* ]]
}

@test "running host: nothing is written to its disk" {
    local before
    image --boot
    in_image "$IMG" sed -i 's/defaults/ro,noload/' "$BATS_TEST_TMPDIR/edit/etc/fstab"
    # Mounted read-only, it is not written to by the file system.
    export AS_HOST_OPTIONS=ro,noload
    before=$(checksum "$IMG")
    as_host "$IMG" examine /
    [ "$status" -eq 0 ]
    [ "$before" = "$(checksum "$IMG")" ]
}

@test "running host: what helps is said in words, since repair does not write to it" {
    broken fstab.source-missing
    as_host "$IMG" examine /
    [ "$status" -eq 1 ]
    [[ $output == *"fstab.source-missing"*"remedy"*"nofail"* ]]
    [[ $output != *"unbrick repair"* ]]
    refused 3 "examine /" repair /
}

@test "running host: another disk than its own is none of its concern" {
    image
    "$FIXTURES/image" "$BATS_TEST_TMPDIR/other.img"
    dd if=/dev/zero of="$BATS_TEST_TMPDIR/other.img" bs=512 count=2 conv=notrunc status=none
    attach "$BATS_TEST_TMPDIR/other.img"
    as_host "$IMG" examine --json /
    [ "$(findings '.findings | length')" -eq 0 ]
}

# A live system, or one in a container: nothing is known of any disk.
@test "running host: without a disk below its root" {
    healthy_tree
    echo 'LABEL=UEFI /boot/efi vfat defaults 0 1' >>"$TREE/etc/fstab"
    run --separate-stderr "$FIXTURES/as-host" none "$TREE" "$UNBRICK" examine --json / </dev/null
    healthy_away
    [ "$status" -eq 0 ] || fail "$output $stderr"
    run ! jq -e '.findings[] | select(.id == "fstab.source-missing")' <<<"$output"
}

@test "running host: a btrfs root on two devices" {
    local fixture=$FIXTURES/as-host mnt=$BATS_TEST_TMPDIR/host uuid
    IMG=$BATS_TEST_TMPDIR/disk.img
    truncate -s 1500M "$IMG"
    printf '%s\n' 'label: gpt' 'size=700MiB, type=L' 'type=L' | sfdisk -q "$IMG"
    attach_whole "$IMG"
    mkfs.btrfs -q -f "${DEV}p1" "${DEV}p2"
    uuid=$(blkid -p -o value -s UUID "${DEV}p1")
    mkdir "$mnt"
    mount "${DEV}p1" "$mnt"
    cp -a "$("$FIXTURES/suite" bookworm)/." "$mnt"
    echo "UUID=$uuid / btrfs defaults 0 0" >"$mnt/etc/fstab"
    umount "$mnt"
    for AS_HOST_ROOT in "${DEV}p1" "${DEV}p2"; do
        export AS_HOST_ROOT
        run --separate-stderr "$fixture" "$DEV" "$mnt" "$UNBRICK" examine --json / </dev/null
        [ "$(findings '.findings | length')" -eq 0 ] || fail "$AS_HOST_ROOT $output $stderr"
    done
    btrfs device scan --forget "${DEV}p1" "${DEV}p2" || true
}

@test "running host: boot sector, partition table, superblock, files: as from another machine" {
    same_case loader.code-missing table.primary-damaged filesystem.errors-recorded cmdline.root-wrong \
        boot.shadowed
}

@test "running host: every fault that an image can have (1)" {
    all_only
    same_case argument.object-missing argument.resume-missing boot.esp-line-lost boot.line-lost \
        cmdline.root-missing cmdline.root-type cmdline.subvolume-missing device.kernel-name \
        device.kernel-name+other device.wrong-type
}

@test "running host: every fault that an image can have (2)" {
    all_only
    same_case driver.machine-missing+virtio driver.root-missing esp.stub-wrong esp.wrong-type esp.wrong-type+mbr \
        filesystem.check-due filesystem.check-due+mounts filesystem.hibernated fips.boot-unset fstab.missing
}

@test "running host: every fault that an image can have (3)" {
    all_only
    same_case fstab.root-wrong fstab.source-missing grub.config-broken grub.config-missing grub.device-missing \
        grub.modules-missing initramfs.none kernel.image-missing+two kernel.none leak.host-device
}

@test "running host: every fault that an image can have (4)" {
    all_only
    same_case loader.core-differs loader.no-place loader.unreadable modprobe.banned+initramfs \
        modprobe.banned-by-kernel+virtio mountunit.source-missing security.audit-halts space.full space.inodes
}

@test "running host: every fault that an image can have (5)" {
    all_only
    same_case storage.crypttab-source swap.resume-missing swap.source-missing table.backup-damaged table.entries
}

# mount.subvolume-missing: no host runs from that; storage.lvm-*: take a physical volume (guest/faults.bats).
@test "running host: no breaker of an image is forgotten here" {
    local breaker text
    text=$(tr '\n' ' ' <"$BATS_TEST_FILENAME")
    for breaker in "$BREAKERS"/*; do
        breaker=${breaker##*/}
        case $(property "$breaker" needs),$breaker in
        tree* | *,mount.subvolume-missing | *,storage.lvm-*) continue ;;
        esac
        [[ $text == *" $breaker "* ]] || fail "$breaker"
    done
}
