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

@test "filesystem.failing-disk: it is named, with how to image it first, and nothing is written" {
    slow
    local size at
    disk a 60M
    mkdir -p extra/srv/deep/down
    mini "$A"
    size=$(blockdev --getsz "$A")
    # The block of a directory, which nothing but the check needs.
    at=$(debugfs -R "blocks /srv/deep" "$A" 2>/dev/null)
    at=$((at * $(dumpe2fs -h "$A" 2>/dev/null | sed -n 's/^Block size: *//p') / 512))
    dmsetup create bad <<END
0 $at linear $A 0
$at 8 error
$((at + 8)) $((size - at - 8)) linear $A $((at + 8))
END
    unb examine --json /dev/mapper/bad
    [ "$status" -eq 1 ]
    [ "$(found filesystem.failing-disk)" = "stops-boot false" ]
    [[ $output == *ddrescue* ]]
    unb examine /dev/mapper/bad
    [[ $output == *ddrescue* ]]
    dmsetup remove bad
    # Not even what it is can be read.
    dmsetup create bad <<END
0 8 error
8 $((size - 8)) linear $A 8
END
    refused 3 ddrescue examine /dev/mapper/bad
    dmsetup remove bad
    no_layers
}
