#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is no usable target: one clear sentence, the right status, nothing changed.

load helpers

# bad STATUS WORD TARGET...: boot refuses it, list does not fail over it, and nothing is written.
bad() {
    local wanted=$1 word=$2
    shift 2
    if [ -f "$1" ]; then
        unchanged "$1" refused "$wanted" "$word" boot "$@"
        unchanged "$1" unb list "$@"
        unchanged "$1" unb shell --read-only "$@" -- true
        [ "$status" -eq 125 ]
    else
        refused "$wanted" "$word" boot "$@"
    fi
    assert_host_clean
}

@test "bad input: missing file" {
    bad 4 "there is no" "$BATS_TEST_TMPDIR/none"
    bad 4 "there is no" /dev/nosuchdisk
}

@test "bad input: a directory without a system" {
    mkdir "$BATS_TEST_TMPDIR/dir"
    bad 4 "no linux system" "$BATS_TEST_TMPDIR/dir"
}

@test "bad input: a character device, a FIFO, a socket" {
    bad 4 "" /dev/null
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    bad 4 "" "$BATS_TEST_TMPDIR/fifo"
    python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
        "$BATS_TEST_TMPDIR/s"
    bad 4 "" "$BATS_TEST_TMPDIR/s"
}

@test "bad input: an empty file" {
    : >"$BATS_TEST_TMPDIR/empty"
    bad 4 "empty" "$BATS_TEST_TMPDIR/empty"
}

@test "bad input: a file smaller than a sector" {
    echo short >"$BATS_TEST_TMPDIR/short"
    bad 4 "" "$BATS_TEST_TMPDIR/short"
}

@test "bad input: zeros, random bytes" {
    truncate -s 64M "$BATS_TEST_TMPDIR/zeros"
    bad 4 "no file system" "$BATS_TEST_TMPDIR/zeros"
    head -c 16M /dev/urandom >"$BATS_TEST_TMPDIR/random"
    # 0x55aa at the end of the first sector would make a table of it, once in 65536 runs.
    printf '\0' | dd of="$BATS_TEST_TMPDIR/random" bs=1 seek=510 conv=notrunc status=none
    bad 4 "no file system" "$BATS_TEST_TMPDIR/random"
}

@test "bad input: a truncated image" {
    image
    truncate -s 100M "$IMG"
    unb list "$IMG"
    unb boot "$IMG"
    [ "$status" -eq 4 ] || [ "$status" -eq 5 ] || fail "status $status"
    [[ $stderr == "unbrick: "* || $stderr == *$'\nunbrick: '* ]]
    [[ $stderr != *Sanitizer* ]]
}

@test "bad input: a table for a larger disk, a table of which only the copy is left" {
    image
    local size
    size=$(stat -c %s "$IMG")
    cp --sparse=always "$IMG" "$IMG.copy"
    truncate -s 100M "$IMG"
    bad 4 "the disk is 100 MiB, its partition table is for $((size >> 20)) MiB: it is incomplete" "$IMG"
    [[ $stderr == *"copy it again"* ]]
    unb list "$IMG"
    [[ $output == *incomplete* ]]
    mv "$IMG.copy" "$IMG"
    dd if=/dev/zero of="$IMG" bs=512 count=34 conv=notrunc status=none
    bad 4 "the partition table at the start is gone, the copy at the end is intact" "$IMG"
    refused 4 "gdisk $IMG:" examine "$IMG"
    unb list --json "$IMG"
    [[ $(jq -r '.disks[0].table_error' <<<"$output") == *"copy at the end is intact" ]]
    # A file system that was made on the whole disk is no lost table.
    mke2fs -q -F "$IMG" 10M
    unb list --json "$IMG"
    [ "$(jq -r '.disks[0].table_error' <<<"$output")" = null ]
}

@test "bad input: a partition table that overlaps" {
    image --boot
    # MBR by hand: two entries for the same sectors.
    python3 - "$IMG" <<'END'
import struct, sys
entry = struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0x83, 0, 2, 0, 4096, 400000)
with open(sys.argv[1], "r+b") as f:
    f.seek(446)
    f.write(entry + entry + bytes(32) + b"\x55\xaa")
    f.seek(512)
    f.write(bytes(512))
    f.seek(-512, 2)
    f.write(bytes(512))
END
    unchanged "$IMG" unb boot "$IMG"
    [ "$status" -eq 4 ] || fail "status $status"
    # A note that it tries a check comes before.
    [[ $(tail -n 1 <<<"$stderr") == "unbrick: "* ]]
}

@test "bad input: a partition beyond the end of the disk" {
    image --table mbr
    python3 - "$IMG" <<'END'
import struct, sys
with open(sys.argv[1], "r+b") as f:
    f.seek(446 + 8)
    f.write(struct.pack("<II", 0x7fff0000, 0x7fffffff))
END
    unchanged "$IMG" unb boot "$IMG"
    [ "$status" -eq 4 ] || fail "status $status"
    assert_one_sentence
}

@test "bad input: a lying partition table: sizes of zero, a loop of extended partitions" {
    truncate -s 64M "$BATS_TEST_TMPDIR/loop"
    python3 - "$BATS_TEST_TMPDIR/loop" <<'END'
import struct, sys
def entry(kind, start, size):
    return struct.pack("<BBBBBBBBII", 0, 0, 2, 0, kind, 0, 2, 0, start, size)
with open(sys.argv[1], "r+b") as f:
    f.seek(446)
    f.write(entry(0x05, 2048, 100000) + entry(0x83, 0, 0) + bytes(32) + b"\x55\xaa")
    f.seek(2048 * 512 + 446)
    f.write(entry(0x83, 1, 100) + entry(0x05, 0, 100000) + bytes(32) + b"\x55\xaa")
END
    unb boot "$BATS_TEST_TMPDIR/loop"
    [ "$status" -eq 4 ] || fail "status $status"
    assert_one_sentence
    unb list "$BATS_TEST_TMPDIR/loop"
    [ "$status" -ne 124 ]
}

@test "bad input: the superblock is destroyed" {
    image --table none
    dd if=/dev/zero of="$IMG" bs=1k count=4 conv=notrunc status=none
    bad 4 "a copy of it is in block 32768" "$IMG"
}

@test "bad input: a disk with nothing but swap" {
    truncate -s 32M "$BATS_TEST_TMPDIR/swap"
    mkswap -q "$BATS_TEST_TMPDIR/swap"
    bad 4 "swap" "$BATS_TEST_TMPDIR/swap"
}

@test "bad input: a file system without a system in it" {
    truncate -s 32M "$BATS_TEST_TMPDIR/data"
    mke2fs -q -t ext4 "$BATS_TEST_TMPDIR/data"
    bad 4 "no linux system" "$BATS_TEST_TMPDIR/data"
}

# without SIGN STATUS: the status where the driver with that sign is there, else 6.
without() {
    [ -e "$1" ] && echo "$2" || echo 6
}

DEVICE_MAPPER=/sys/class/misc/device-mapper

@test "bad input: an encrypted disk is named as such" {
    truncate -s 32M "$BATS_TEST_TMPDIR/luks"
    printf secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
        "$BATS_TEST_TMPDIR/luks" -
    bad "$(without $DEVICE_MAPPER 4)" "luks" "$BATS_TEST_TMPDIR/luks"
}

@test "bad input: members of a volume group and of an array are named as such" {
    # The first bytes of each format: LVM wants device-mapper to make one, md an md driver.
    truncate -s 32M "$BATS_TEST_TMPDIR/lvm" "$BATS_TEST_TMPDIR/md"
    python3 - "$BATS_TEST_TMPDIR" <<'END'
import struct, sys
def crc(data):
    value = 0xf597a6cf
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xedb88320 if value & 1 else 0)
    return value
body = struct.pack("<I8s", 32, b"LVM2 001") + b"0123456789abcdefghijklmnopqrstuv"
body += struct.pack("<Q", 32 << 20) + bytes(512)
body = body[:492]
label = struct.pack("<8sQI", b"LABELONE", 1, crc(body)) + body
with open(sys.argv[1] + "/lvm", "r+b") as f:
    f.seek(512)
    f.write(label)
sb = bytearray(256)
struct.pack_into("<III", sb, 0, 0xa92b4efc, 1, 0)
sb[16:32] = bytes(range(16))
sb[32:38] = b"host:0"
struct.pack_into("<Q", sb, 80, 60000)
struct.pack_into("<I", sb, 92, 1)
struct.pack_into("<QQQ", sb, 128, 2048, 60000, 8)
struct.pack_into("<I", sb, 220, 0)
total = sum(struct.unpack("<64I", sb))
struct.pack_into("<I", sb, 216, ((total & 0xffffffff) + (total >> 32)) & 0xffffffff)
with open(sys.argv[1] + "/md", "r+b") as f:
    f.seek(4096)
    f.write(sb)
END
    [ "$(blkid -p -o value -s TYPE "$BATS_TEST_TMPDIR/lvm")" = LVM2_member ]
    bad 4 "lvm" "$BATS_TEST_TMPDIR/lvm"
    [ "$(blkid -p -o value -s TYPE "$BATS_TEST_TMPDIR/md")" = linux_raid_member ]
    bad "$(without /proc/mdstat 4)" "raid" "$BATS_TEST_TMPDIR/md"
}

@test "bad input: the same disk twice, under two names" {
    image
    ln -s "$IMG" "$BATS_TEST_TMPDIR/link"
    refused 2 "same disk" boot "$IMG" "$BATS_TEST_TMPDIR/link" || [ "$status" -eq 3 ]
    ln "$IMG" "$BATS_TEST_TMPDIR/hard"
    unchanged "$IMG" unb boot "$IMG" "$BATS_TEST_TMPDIR/hard"
    [ "$status" -eq 2 ] || [ "$status" -eq 3 ]
    assert_one_sentence
}

@test "bad input: two targets, one of them missing" {
    image
    unchanged "$IMG" refused 4 "device /nowhere" boot "$IMG" /nowhere
}

@test "bad input: a qcow2 image with nothing on it, and a damaged one" {
    qemu-img create -q -f qcow2 "$BATS_TEST_TMPDIR/disk.qcow2" 64M
    bad 4 "no file system" "$BATS_TEST_TMPDIR/disk.qcow2"
    printf '\xff\xff' | dd of="$BATS_TEST_TMPDIR/disk.qcow2" bs=1 seek=40 conv=notrunc status=none
    bad 4 "disk.qcow2" "$BATS_TEST_TMPDIR/disk.qcow2"
}

@test "bad input: a name with a newline and control characters" {
    image
    mv "$IMG" "$BATS_TEST_TMPDIR/"$'a\nb\e[31m'
    unb boot --dry-run "$BATS_TEST_TMPDIR/"$'a\nb\e[31m'
    [[ $output$stderr != *$'\e'* ]]
    [ "$status" -eq 4 ]
    [[ $stderr == *"its path holds a newline"*"make a link to it"* ]]
    ln -s "$BATS_TEST_TMPDIR/"$'a\nb\e[31m' "$BATS_TEST_TMPDIR/link"
    unb boot --dry-run "$BATS_TEST_TMPDIR/link"
    [ "$status" -eq 0 ]
}

@test "bad input: a link that leads nowhere, a difference to an image that is not there" {
    ln -s ../nowhere.img "$BATS_TEST_TMPDIR/link"
    bad 4 "link is a link to ../nowhere.img, and that is not there" "$BATS_TEST_TMPDIR/link"
    refused 4 "is a link to ../nowhere.img" list "$BATS_TEST_TMPDIR/link"
    qemu-img create -q -f qcow2 -F raw -u -b gone.img "$BATS_TEST_TMPDIR/top.qcow2" 64M
    local command
    for command in boot "boot --yes" "repair --yes" examine list "list --yes"; do
        # shellcheck disable=SC2086
        refused 4 "gone.img: that file is missing" $command "$BATS_TEST_TMPDIR/top.qcow2"
        [[ $stderr != *--yes* ]] || fail "$command: it asks for what is not there" || return 1
    done
}

@test "bad input: Ctrl-C at the question which system" {
    image --second trixie
    unchanged "$IMG" "$PTY" 'expect:[Ww]hich system' 'send:\x03' status:130 -- \
        "$UNBRICK" boot "$IMG"
}

@test "bad input: an answer that is none, then the end of the input" {
    image --second trixie
    unchanged "$IMG" "$PTY" 'expect:[Ww]hich system' 'send:99\r' 'expect:.' 'send:\x04' -- \
        "$UNBRICK" boot "$IMG" || true
    clean_ext "$IMG"
}

@test "bad input: a foreign architecture" {
    tree
    # The machine field of the ELF header (elf(5), e_machine): s390x on every architecture we run on.
    printf '\x16\x00' | dd of="$TREE/lib/systemd/systemd" bs=1 seek=18 conv=notrunc status=none
    unb boot "$TREE"
    [ "$status" -eq 4 ]
    assert_one_sentence
}
