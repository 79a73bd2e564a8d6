#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults between the disks and fstab, and full file systems: found, explained, mended.

load helpers
load faults

teardown() {
    detach_all
    healthy_away
    assert_host_clean
}

@test "storage.crypttab-key" { fault_case storage.crypttab-key; }

@test "storage.crypttab-source" { fault_case storage.crypttab-source; }

@test "storage.multipath" { fault_case storage.multipath; }

# physical_volume: a disk in PV with what pvcreate wrote into its second sector: the label, and no group,
# so that there is nothing to activate.
physical_volume() {
    PV=$BATS_TEST_TMPDIR/pv.img
    truncate -s 8M "$PV"
    base64 -d <<'END' | dd of="$PV" bs=512 seek=1 conv=notrunc status=none
TEFCRUxPTkUBAAAAAAAAAI7KoR0gAAAATFZNMiAwMDFBQUFBQUFCQkJCQ0NDQ0RERERFRUVFRkZGRkdHR0dHRwAAgA
AAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAADwDwAAAAAAAAAAAAAAAAAAAAAAAAAA
AAI=
END
    [ "$(blkid -p -s TYPE -o value "$PV")" = LVM2_member ]
}

@test "storage.lvm-filter" {
    physical_volume
    broken storage.lvm-filter
    unb examine --json "$TARGET" "$PV"
    [ "$(summary storage.lvm-filter)" = "stops-boot true" ]
    findings '.findings[].what' | grep -qF 'lvm.conf line 3 hides pv.img from LVM'
    unb repair --dry-run "$TARGET" "$PV" storage.lvm-filter
    [ "$status" -eq 0 ]
    [[ $output == *'+#'*'"a|^/dev/loop|"'*'+#'*'"r|.*|" ]'* ]]
}

@test "storage.lvm-filter: one for names that only the machine gives is healthy" {
    local accepted
    physical_volume
    broken storage.lvm-filter
    for accepted in /dev/disk/.\* ^/dev/dm-; do
        in_image "$TARGET" eval \
            'printf "devices { filter = [ \"a|%s|\", \"r|.*|\" ] }\n" "$accepted" >"$M/etc/lvm/lvm.conf"'
        unb examine --json "$TARGET" "$PV"
        [ -z "$(summary storage.lvm-filter)" ] || fail "$accepted"
    done
}

@test "storage.lvm-devices-file" {
    physical_volume
    broken storage.lvm-devices-file
    unb examine --json "$TARGET" "$PV"
    [ "$(summary storage.lvm-devices-file)" = "stops-boot true" ]
    unb repair --dry-run "$TARGET" "$PV" storage.lvm-devices-file
    [ "$status" -eq 0 ]
    [[ $output == *system.devices* ]]
}

@test "space.full" { fault_case space.full; }

# largest ID: the first of the directories that the finding names, with its size.
largest() {
    findings ".findings[] | select(.id == \"$1\") | .evidence" | head -n 1 | tr -s ' ' | sed 's/^ //'
}

@test "space.full, space.inodes: the finding names what has filled the file system" {
    local bytes files
    broken space.full
    bytes=$(in_image "$TARGET" eval 'stat -c %b "$M/var/cache/apt/archives/big.deb"')
    unb examine --json "$TARGET"
    # Three levels get a line of their own.
    [[ $(largest space.full) =~ ^([0-9.]+)\ MiB\ \ ?/var/cache/apt$ ]] || fail "$(largest space.full)"
    python3 -c 'import sys; size, deb = map(float, sys.argv[1:]); assert deb <= size < deb + 10, sys.argv' \
        "${BASH_REMATCH[1]}" "$((bytes * 512 / 1048576))"
    [ "$(findings '[.findings[] | select(.id == "space.full")][0].file')" = / ]
    broken space.inodes
    files=$(in_image "$TARGET" eval 'find "$M/var/spool/queue" -type f | wc -l')
    [ "$files" -gt 1000 ]
    unb examine --json "$TARGET"
    [ "$(largest space.inodes)" = "$files files /var/spool/queue" ] || fail "$(largest space.inodes)"
}

@test "repair: a command that fails on a full disk is told with what is free, and what stays" {
    broken space.full
    in_image "$TARGET" eval 'rm "$M/usr/bin/apt-get"; ln -s false "$M/usr/bin/apt-get"
        echo "UUID=12345678-1234-4234-8234-00000000dead /srv ext4 defaults 0 2" >>"$M/etc/fstab"'
    unb repair "$TARGET" space.full
    [ "$status" -eq 1 ]
    [[ $stderr == *"apt-get failed inside"*"KiB are free on /: make room first"* ]]
    [[ $stderr != *stays* ]]
    unb repair "$TARGET" space.full fstab.source-missing
    [ "$status" -eq 1 ]
    [[ $stderr == *"make room first; what was changed before stays"* ]]
    in_image "$TARGET" eval 'grep -q "dead /srv .*nofail" "$M/etc/fstab"'
}

@test "space.inodes" { fault_case space.inodes; }

@test "filesystem.check-due: by its date" { fault_case filesystem.check-due; }

@test "filesystem.check-due: by its mounts" { fault_case filesystem.check-due+mounts; }

@test "filesystem.errors-recorded" { fault_case filesystem.errors-recorded; }

@test "filesystem.hibernated" { fault_case filesystem.hibernated; }

@test "table.entries" { fault_case table.entries; }

@test "filesystem.incomplete: a btrfs of two disks, one of which is there" {
    local data=$BATS_TEST_TMPDIR/data.img
    image
    truncate -s 140M "$data" "$BATS_TEST_TMPDIR/other.img"
    mkfs.btrfs -q -f -d single -m single "$data" "$BATS_TEST_TMPDIR/other.img"
    unb examine --json "$IMG" "$data"
    [ "$status" -eq 1 ]
    [ "$(summary filesystem.incomplete)" = "stops-boot false" ]
    unb examine --json "$IMG" "$data" "$BATS_TEST_TMPDIR/other.img"
    [ "$status" -eq 0 ]
    [ "$(findings '.findings | length')" -eq 0 ]
}

@test "leak.host-device" { fault_case leak.host-device; }

@test "leaks: the swap space of this host, planted in a session, is said before the disk is detached" {
    image --boot
    truncate -s 4M "$BATS_TEST_TMPDIR/swap.img"
    mkswap -q "$BATS_TEST_TMPDIR/swap.img"
    attach "$BATS_TEST_TMPDIR/swap.img"
    swapon "$DEV"
    script "mkdir -p /etc/initramfs-tools/conf.d
# As the hook of initramfs-tools does, which takes the swap space that it finds in /proc/swaps.
echo RESUME=UUID=$(blkid -p -s UUID -o value "$DEV") >/etc/initramfs-tools/conf.d/resume"
    unb boot --run "$SCRIPT" "$IMG"
    swapoff "$DEV"
    detach_all
    [ "$status" -eq 0 ]
    [[ $stderr == *"new since this session began"*"leak.host-device"* ]]
}

# Whoever makes an initramfs inside while this host has its swap on gets that into it, where no file of
# /etc says so any more.
@test "leaks: the swap space of this host, within an initramfs" {
    local uuid ended=""
    IMG=$BATS_TEST_TMPDIR/disk.img
    "$FIXTURES/booting" "$IMG"
    truncate -s 4M "$BATS_TEST_TMPDIR/swap.img"
    mkswap -q "$BATS_TEST_TMPDIR/swap.img"
    attach "$BATS_TEST_TMPDIR/swap.img"
    uuid=$(blkid -p -s UUID -o value "$DEV")
    swapon "$DEV"
    script "set -e
mkdir -p /root/piece/conf/conf.d
cd /root/piece
echo RESUME=UUID=$uuid >conf/conf.d/resume
find . | cpio -o -H newc --quiet | gzip >>\"\$(echo /boot/initrd.img-*)\"
rm -r /root/piece"
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ] || ended=$status
    [[ $stderr == *"leak.host-device"* ]] || ended="$ended not said"
    unb examine --quick --json "$IMG"
    swapoff "$DEV"
    detach_all
    [ -z "$ended" ] || fail "the session: $ended"
    [ "$(summary leak.host-device)" = "degrades false" ]
    [[ $(findings '.findings[] | select(.id == "leak.host-device") | .file') == /boot/initrd.img-* ]]
    [[ $(findings '.findings[] | select(.id == "leak.host-device") | .what') == \
        "in /boot/initrd.img-"*", conf/conf.d/resume line 1 names a file system or swap space of the machine"* ]]
    [ "$(findings '.findings[] | select(.id == "leak.host-device") | .evidence')" = "RESUME=UUID=$uuid" ]
    # It was on nothing but this host's being so: the patient's own is none.
    unb examine --quick --json "$IMG"
    [ -z "$(summary leak.host-device)" ]
}
