#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# Faults that take LUKS, vfat or a failing disk to have, which the host of the other tests lacks.

load ../../system/helpers
load storage

found() {
    jq -r "[.findings[] | select(.id == \"$1\")][0] | select(.) | \"\(.severity) \(.repairable)\"" <<<"$output"
}

@test "storage.crypttab-source: the line of the root itself is corrected, and not made optional" {
    slow
    local uuid
    disk a 100M
    luks "$A" cr_root
    uuid=$(blkid -o value -s UUID "$A")
    mkdir -p extra/etc
    echo "cr_root UUID=11111111-2222-4333-8444-555555555555 none luks,discard" >extra/etc/crypttab
    mini /dev/mapper/cr_root "/dev/mapper/cr_root / ext4 defaults 0 1"
    put_away
    unchanged a.img unb examine --json --key-file "$KEY" a.img
    [ "$(found storage.crypttab-source)" = "stops-boot true" ]
    # Only by name: the line may be meant for another disk.
    unchanged a.img unb repair --yes --key-file "$KEY" a.img
    unb repair --key-file "$KEY" a.img storage.crypttab-source
    unb shell --key-file "$KEY" a.img -- cat /etc/crypttab
    [ "$output" = "cr_root UUID=$uuid none luks,discard" ]
    unb examine --json --key-file "$KEY" a.img
    [ -z "$(found storage.crypttab-source)" ]
    no_layers
}

@test "loader.luks-unreadable: a key slot of Argon2, which GRUB cannot open" {
    slow
    local pbkdf
    mkdir -p extra/boot/grub/i386-pc
    cp "$("$FIXTURES/suite" boot)/usr/lib/grub/i386-pc/normal.mod" extra/boot/grub/i386-pc
    echo 'set default=0' >extra/boot/grub/grub.cfg
    for pbkdf in pbkdf2 "argon2id --pbkdf-memory 32768 --pbkdf-parallel 1"; do
        disk a 100M
        # shellcheck disable=SC2086 # words
        cryptsetup -q luksFormat --type luks2 --pbkdf-force-iterations "$([ "$pbkdf" = pbkdf2 ] && echo 1000 || echo 4)" \
            --pbkdf $pbkdf "$A" "$KEY"
        cryptsetup open --key-file "$KEY" "$A" secret
        mini /dev/mapper/secret "/dev/mapper/secret / ext4 defaults 0 1"
        put_away
        unb examine --json --key-file "$KEY" a.img
        if [ "$pbkdf" = pbkdf2 ]; then
            [ -z "$(found loader.luks-unreadable)" ]
        else
            [ "$(found loader.luks-unreadable)" = "stops-boot false" ]
        fi
        rm a.img
    done
    no_layers
}

@test "array.unlisted: mdadm.conf names the array that was there before" {
    slow
    local uuid
    disk a 60M
    disk b 60M
    array root 1 "$A" "$B"
    uuid=$(mdadm --detail /dev/md/root | sed -n 's/.*UUID : //p')
    mkdir -p extra/etc/mdadm
    printf '%s\n' 'HOMEHOST <system>' 'ARRAY /dev/md/root metadata=1.2 UUID=11111111:22222222:33333333:44444444 name=old' \
        >extra/etc/mdadm/mdadm.conf
    mini /dev/md/root "/dev/md/root / ext4 defaults 0 1"
    put_away
    unchanged a.img unb examine --json a.img b.img
    [ "$(found array.unlisted)" = "stops-boot true" ]
    unchanged a.img unb repair --yes a.img b.img
    unb repair a.img b.img array.unlisted
    unb shell a.img b.img -- grep ^ARRAY /etc/mdadm/mdadm.conf
    [ "$output" = "ARRAY /dev/md/root metadata=1.2 UUID=$uuid name=old" ]
    unb examine --json a.img b.img
    [ -z "$(found array.unlisted)" ]
    no_layers
}

@test "storage.duplicate-id: two file systems of the label that fstab names" {
    slow
    disk a 60M
    disk b 60M
    mini "$A" "LABEL=root / ext4 defaults 0 1"
    e2label "$A" root
    mke2fs -q -t ext4 -L root "$B"
    put_away
    unb examine --json a.img b.img
    [ "$(found storage.duplicate-id)" = "degrades false" ]
    no_layers
}

@test "filesystem.errors: an EFI system partition after a crash has none; a damaged one has" {
    disk a 200M
    partition "$A" 40M -
    mkfs.vfat -F 32 "${A}p1" >/dev/null
    mini "${A}p2" "UUID=$(blkid -o value -s UUID "${A}p1") /boot/efi vfat umask=0077 0 1" /boot/efi
    mkdir -p esp/EFI/BOOT && echo loader >esp/EFI/BOOT/BOOTX64.EFI
    mcopy -s -i "${A}p1" esp/EFI ::
    # FAT32: bit 0 of the byte at 0x41 is what a mount sets and an unmount takes away.
    printf '\x01' | dd of="${A}p1" bs=1 seek=$((0x41)) conv=notrunc status=none
    put_away
    unchanged a.img unb examine --json a.img
    [ -z "$(found filesystem.errors)" ]
    # A chain of clusters that belongs to no file, in both tables.
    attach a.img -P
    python3 - "${DEV}p1" <<'END'
import struct, sys
with open(sys.argv[1], "r+b") as f:
    boot = f.read(512)
    reserved, copies, length = struct.unpack_from("<H", boot, 14)[0], boot[16], struct.unpack_from("<I", boot, 36)[0]
    for copy in range(copies):
        f.seek(512 * (reserved + copy * length) + 4 * 5000)
        f.write(struct.pack("<I", 0x0fffffff))
END
    detach_all
    unchanged a.img unb examine --json a.img
    [ "$(found filesystem.errors)" = "degrades false" ]
    no_layers
}

# bad SECTOR COUNT [TARGET...]: the table of a disk that is $A, but for these sectors, which have another
# target.
bad() {
    local at=$1 count=$2 size
    shift 2
    size=$(blockdev --getsz "$A")
    printf '0 %s linear %s 0\n%s %s %s\n%s %s linear %s %s\n' "$at" "$A" "$at" "$count" "${*:-error}" \
        $((at + count)) $((size - at - count)) "$A" $((at + count)) | grep -v '^0 0 '
}

# turns_bad SECTOR COUNT: /dev/mapper/bad does, whoever has it open.
turns_bad() {
    bad "$@" | dmsetup load bad
    dmsetup suspend --noflush --nolockfs bad
    dmsetup resume bad
    # What was read before is in memory.
    echo 3 >/proc/sys/vm/drop_caches
}

# sector_of PATH: of the first block of that file or directory.
sector_of() {
    local block size
    read -r block _ < <(debugfs -R "blocks $1" "$A" 2>/dev/null)
    size=$(dumpe2fs -h "$A" 2>/dev/null | sed -n 's/^Block size: *//p')
    echo $((block * size / 512))
}

# names_the_copy: the last report has that finding and no other, and how to copy the disk.
names_the_copy() {
    [ "$status" -eq 1 ]
    [ "$(found filesystem.failing-disk)" = "stops-boot false" ]
    [ "$(jq '.findings | length' <<<"$output")" -eq 1 ]
    [[ $output == *ddrescue* ]]
    [[ $(jq -r .not_checked <<<"$output") == *"stopped there"* ]]
}

@test "failing disk: one that begins to fail in a session is named, with how to copy it" {
    local session at
    disk a 60M
    mkdir -p extra/srv
    head -c 20000 /dev/urandom >extra/srv/file
    # A line that is wrong: it must not be told of when nothing can be believed.
    mini "$A" "UUID=11111111-2222-4333-8444-555555555555 /data ext4 defaults 0 2"
    at=$(sector_of /srv/file)
    bad "$at" 8 linear "$A" "$at" | dmsetup create bad
    # Device-mapper says nothing of what it cannot read, as the driver of a disk does.
    attach /dev/mapper/bad
    "$UNBRICK" shell "$DEV" -- sh -c 'sleep 4242 & echo up
        until [ -e /root/go ]; do sleep 0.2; done
        cat /srv/file >/dev/null || echo "cannot be read"; kill $!' </dev/null >out 2>err 3>&- &
    session=$!
    wait_for 60 grep -q up out
    turns_bad "$at" 8
    touch "/proc/$(pgrep -fx 'sleep 4242')/root/root/go"
    wait "$session" || true
    cat out err
    grep -q 'cannot be read' out
    [ "$(grep -c ddrescue err)" -eq 1 ]
    # What is examined afterwards stops at it.
    turns_bad "$(sector_of /etc/passwd)" 8
    unb examine --json --quick "$DEV"
    names_the_copy
    losetup -d "$DEV"
    dmsetup remove bad
    no_layers
}

@test "filesystem.failing-disk: it is named, with how to image it first, and nothing is written" {
    slow
    local before
    disk a 60M
    mkdir -p extra/srv/deep/down
    mini "$A" "UUID=11111111-2222-4333-8444-555555555555 /data ext4 defaults 0 2"
    sync
    before=$(sha256sum a.img)
    # The block of a directory, which nothing but the check needs.
    bad "$(sector_of /srv/deep)" 8 | dmsetup create bad
    unb examine --json /dev/mapper/bad
    names_the_copy
    unb examine /dev/mapper/bad
    [[ $output == *ddrescue* ]]
    unb repair --yes /dev/mapper/bad
    [[ $output$stderr == *ddrescue* ]]
    dmsetup remove bad
    # Not even what it is can be read.
    bad 0 8 | dmsetup create bad
    refused 3 ddrescue examine /dev/mapper/bad
    refused 125 ddrescue shell --read-only /dev/mapper/bad -- true
    dmsetup remove bad
    sync
    [ "$(sha256sum a.img)" = "$before" ]
    no_layers
}

@test "failing disk: one that comes and goes" {
    slow
    disk a 60M
    mini "$A"
    # Up for a second after the mapping is made, then down.
    echo "0 $(blockdev --getsz "$A") flakey $A 0 1 3600" | dmsetup create bad
    sleep 2
    refused 3 ddrescue examine /dev/mapper/bad
    refused 125 ddrescue shell /dev/mapper/bad -- true
    refused 125 ddrescue shell --read-only /dev/mapper/bad -- true
    dmsetup remove bad
    no_layers
}

# The disk is attached already.
examine_as_host() {
    mkdir -p host
    run --separate-stderr "$FIXTURES/as-host" "$A" host "$UNBRICK" examine --json / </dev/null
    [ "$status" -le 1 ] || fail "$status $stderr $output"
}

# What is mounted there, and what it stands on, is found by /sys alone.
@test "examine / of a host whose root is on LVM on LUKS: what hides its disk from the next boot" {
    slow
    local uuid apart
    disk a 200M
    partition "$A" -
    luks "${A}p1" cr_root
    uuid=$(blkid -o value -s UUID "${A}p1")
    lvm_group vg0 /dev/mapper/cr_root root:120M
    mkdir -p extra/etc/lvm
    echo "cr_root UUID=$uuid none luks,discard" >extra/etc/crypttab
    mini /dev/vg0/root "/dev/mapper/vg0-root / ext4 defaults 0 1" /mnt
    export AS_HOST_ROOT=/dev/vg0/root
    examine_as_host
    [ "$(jq '.findings | length' <<<"$output")" -eq 0 ]

    mkdir mnt
    mount /dev/vg0/root mnt
    echo "cr_root UUID=11111111-2222-4333-8444-555555555555 none luks,discard" >mnt/etc/crypttab
    echo 'devices { filter = [ "a|^/dev/vda|", "r|.*|" ] }' >mnt/etc/lvm/lvm.conf
    umount mnt
    examine_as_host
    [[ $(found storage.crypttab-source) == stops-boot* ]]
    [[ $(found storage.lvm-filter) == stops-boot* ]]
    # What is missed may be on another disk that is attached.
    mount /dev/vg0/root mnt
    echo "UUID=deadbeef-0000-4000-8000-000000000000 /mnt ext4 defaults 0 0" >>mnt/etc/fstab
    umount mnt
    examine_as_host
    [[ $(found fstab.source-missing) == stops-boot* ]]
    apart=$(jq -r '[.findings[].id] | sort | .[]' <<<"$output")
    AS_HOST_OTHER=/dev/vdb examine_as_host
    [ -z "$(found fstab.source-missing)" ]
    put_away
    unb examine --json --key-file "$KEY" a.img
    [ "$apart" = "$(jq -r '[.findings[].id] | sort | .[]' <<<"$output")" ]
    no_layers
}
