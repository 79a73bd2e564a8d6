#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images in other formats than raw, and the layer that takes the writes when nothing is to be written:
# both by qemu-storage-daemon. It never outlives what it is for, and the images stay what they were.

load helpers

# converted FORMAT [OPTION...]: the small system as an image in that format, in IMG.
converted() {
    local raw=$BATS_TEST_TMPDIR/raw
    mini_image "$raw"
    IMG=$BATS_TEST_TMPDIR/disk.img # its name says nothing of what it is
    qemu-img convert "${@:2}" -O "$1" "$raw" "$IMG"
    rm "$raw"
}

# mini_image FILE: the small system on GPT, 24 MiB.
mini_image() {
    local tree=$BATS_TEST_TMPDIR/mini
    "$FIXTURES/mini" "$tree"
    truncate -s 24M "$1"
    echo 'label: gpt
start=2048, type=L' | sfdisk -q "$1"
    truncate -s 22M "$1.part"
    mke2fs -q -t ext4 -d "$tree" "$1.part"
    dd if="$1.part" of="$1" bs=1M seek=1 conv=notrunc,sparse status=none
    rm -r "$1.part" "$tree"
}

# crashed FILE: an image as it is when the power fails: its newest file is in the journal only.
crashed() {
    local at=$BATS_TEST_TMPDIR/mnt
    mini_image "$1.live"
    mkdir "$at"
    mount -o loop,offset=1048576,commit=300 "$1.live" "$at"
    echo newest >"$at/root/newest"
    # fsync puts the file into the journal, and nothing more.
    python3 -c 'import os, sys; os.fsync(os.open(sys.argv[1], os.O_RDONLY))' "$at/root/newest"
    sync "$1.live"
    cp "$1.live" "$1"
    umount "$at"
    dumpe2fs -h "$1?offset=1048576" 2>/dev/null | grep -q needs_recovery
}

no_daemon() {
    ! pgrep -f '^qemu-storage-daemon.*id=unbrick-' >/dev/null
}

teardown() {
    [ -z "${PID:-}" ] || kill -KILL "$PID" 2>/dev/null || true
    wait_for 10 no_daemon || {
        pkill -KILL -f '^qemu-storage-daemon.*id=unbrick-'
        fail "a daemon is left"
    }
    assert_host_clean 6
}

works() {
    unb list "$IMG"
    [[ $output == *"Mini Linux"* ]]
    unchanged "$IMG" unb shell --read-only "$IMG" -- cat /etc/hostname
    [ "$output" = mini ]
    unb shell "$IMG" -- sh -c 'echo kept >/root/kept'
    [ "$status" -eq 0 ]
    unb shell "$IMG" -- cat /root/kept
    [ "$output" = kept ]
    qemu-img check -q "$IMG" || [ $? -eq 63 ] # 63: the format knows no check
}

@test "formats: qcow2, and with compression" {
    converted qcow2
    works
    converted qcow2 -c
    works
}

@test "formats: vmdk, vhd, vhdx, vdi" {
    local format
    for format in vmdk vpc vhdx vdi; do
        converted "$format"
        works
    done
}

@test "formats: what cannot be written to is said, and can be read" {
    converted vmdk -o subformat=streamOptimized
    unchanged "$IMG" refused 4 "cannot be written" boot "$IMG"
    unchanged "$IMG" unb shell --read-only "$IMG" -- cat /etc/hostname
    [ "$output" = mini ]
}

# named WORDS COMMAND-BEGINNING: the file at hand is refused with both, by boot and by list.
named() {
    unchanged "$IMG" refused 4 "$1" boot "$IMG"
    [[ $stderr == *"$2"* ]] || fail "no command"
    unchanged "$IMG" refused 4 "$1" list "$IMG"
    [[ $stderr == *"$2"* ]] || fail "no command"
}

@test "formats: what is packed is named with the command that unpacks it" {
    local raw=$BATS_TEST_TMPDIR/raw tool
    IMG=$BATS_TEST_TMPDIR/disk.img
    mini_image "$raw"
    for tool in gzip:gunzip xz:unxz zstd:unzstd bzip2:bunzip2; do
        "${tool%:*}" -1 -c <"$raw" >"$IMG"
        named "compressed by ${tool%:*}" "unpack it first: ${tool#*:}"
    done
    tar -C "$BATS_TEST_TMPDIR" -cf "$IMG" raw
    named "tar archive" "unpack it first: tar -xf"
    python3 -m zipfile -c "$IMG" "$raw"
    named "ZIP archive" "unpack it first: unzip"
    qemu-img convert -O qed "$raw" "$IMG"
    named "QED image" "qemu-img convert -O raw"
    qemu-img convert -O parallels "$raw" "$IMG"
    named "Parallels image" "qemu-img convert -O raw"
}

@test "formats: VHD of a fixed size is the disk, with a sector behind it" {
    converted vpc -o subformat=fixed,force_size
    cp "$IMG" "$BATS_TEST_TMPDIR/before"
    works
    cmp -n 512 -i $((24 << 20)) "$IMG" "$BATS_TEST_TMPDIR/before"
}

@test "formats: a description is not the disk" {
    mini_image "$BATS_TEST_TMPDIR/raw"
    qemu-img convert -O vmdk -o subformat=monolithicFlat "$BATS_TEST_TMPDIR/raw" \
        "$BATS_TEST_TMPDIR/disk.vmdk"
    refused 4 "disk-flat.vmdk" boot "$BATS_TEST_TMPDIR/disk.vmdk"
    unb shell "$BATS_TEST_TMPDIR/disk-flat.vmdk" -- cat /etc/hostname
    [ "$output" = mini ]
}

@test "formats: a difference is opened with its base when that is allowed" {
    converted raw
    mv "$IMG" "$BATS_TEST_TMPDIR/base"
    qemu-img create -q -f qcow2 -F raw -b base "$IMG" # relative to the image
    unchanged "$IMG" refused 3 "--yes" shell "$IMG" -- true || unchanged "$IMG" refused 3 "--yes" boot "$IMG"
    unchanged "$BATS_TEST_TMPDIR/base" unb shell --yes "$IMG" -- sh -c 'echo x >/root/x'
    [ "$status" -eq 0 ]
    unb shell --yes "$IMG" -- cat /root/x
    [ "$output" = x ]
    unchanged "$IMG" refused 3 "is the difference to" list "$IMG" # as boot without --yes
    unchanged "$IMG" unb list --yes "$IMG"
    [[ $output == *"Mini Linux"* ]]
}

@test "formats: an image names no file of the host by itself" {
    echo secret-of-the-host >"$BATS_TEST_TMPDIR/secret"
    truncate -s 1M "$BATS_TEST_TMPDIR/secret"
    # A guest has written a header into its raw disk.
    qemu-img create -q -f qcow2 -F raw -b "$BATS_TEST_TMPDIR/secret" "$BATS_TEST_TMPDIR/evil" 1M
    refused 3 "secret" boot "$BATS_TEST_TMPDIR/evil"
    # A base that is said to be raw is raw, whatever is written in it.
    mv "$BATS_TEST_TMPDIR/evil" "$BATS_TEST_TMPDIR/base"
    qemu-img create -q -f qcow2 -F raw -b "$BATS_TEST_TMPDIR/base" "$BATS_TEST_TMPDIR/top"
    unb shell --yes "$BATS_TEST_TMPDIR/top" -- true
    [ "$status" -eq 125 ]
    [[ $stderr == *"no partition table and no file system"* ]]
    # Names that are no paths, data in another file, no format: none is opened, also with --yes.
    qemu-img create -q -f qcow2 -u -F raw -b 'json:{"driver":"file","filename":"/etc/passwd"}' \
        "$BATS_TEST_TMPDIR/json" 1M
    refused 4 "no file of this host" boot --yes "$BATS_TEST_TMPDIR/json"
    qemu-img create -q -f qcow2 -o data_file="$BATS_TEST_TMPDIR/secret.data" \
        "$BATS_TEST_TMPDIR/external" 1M
    refused 4 "another file" boot --yes "$BATS_TEST_TMPDIR/external"
}

@test "formats: a running virtual machine's qcow2 is left alone" {
    converted qcow2
    qemu-system-x86_64 -accel tcg -M none -nodefaults -display none \
        -blockdev "driver=file,filename=$IMG,node-name=f" -blockdev driver=qcow2,file=f,node-name=d \
        3>&- &
    PID=$!
    wait_for 20 grep -q "$(stat -c %i "$IMG")" /proc/locks
    refused 3 "in use" boot "$IMG"
    kill -KILL "$PID"
    wait "$PID" || true
    PID=
}

@test "layer: --read-only sees what is only in the journal, and writes nothing" {
    crashed "$BATS_TEST_TMPDIR/disk.img"
    unchanged "$BATS_TEST_TMPDIR/disk.img" unb shell --read-only "$BATS_TEST_TMPDIR/disk.img" -- \
        cat /root/newest
    [ "$output" = newest ]
    [ -z "$stderr" ]
    unchanged "$BATS_TEST_TMPDIR/disk.img" unb examine "$BATS_TEST_TMPDIR/disk.img"
    [ "$status" -le 1 ]
    # A dry run looks without; and the disk's own journal is still to be replayed.
    unchanged "$BATS_TEST_TMPDIR/disk.img" unb boot --dry-run "$BATS_TEST_TMPDIR/disk.img"
    dumpe2fs -h "$BATS_TEST_TMPDIR/disk.img?offset=1048576" 2>/dev/null | grep -q needs_recovery
}

@test "layer: without the program it is said that the newest files may be missing" {
    crashed "$BATS_TEST_TMPDIR/disk.img"
    mkdir "$BATS_TEST_TMPDIR/empty"
    # shellcheck disable=SC2016
    unshare -m sh -c 'mount --bind /dev/null "$(command -v qemu-storage-daemon)"; exec "$@"' sh \
        "$UNBRICK" shell --read-only "$BATS_TEST_TMPDIR/disk.img" -- ls /root \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null
    grep -q "newest files may be missing" "$BATS_TEST_TMPDIR/err"
}

@test "layer: kill -9 of the supervisor, its daemon ends when nothing stands on it" {
    converted qcow2
    "$UNBRICK" shell "$IMG" -- sh -c 'echo kept >/root/kept; sync; exec sleep 4242' \
        </dev/null >/dev/null 2>&1 3>&- &
    PID=$!
    wait_for 30 pgrep -f '^sleep 4242'
    kill -KILL "$PID"
    wait "$PID" || true
    PID=
    wait_for 10 no_daemon
    assert_host_clean 6
    qemu-img check -q "$IMG"
    unb shell "$IMG" -- cat /root/kept
    [ "$output" = kept ]
}

@test "layer: kill -9 at its step, and of the keeper with the supervisor: cleanup puts it right" {
    converted qcow2
    local file=$BATS_TEST_TMPDIR/stopped
    UNBRICK_STOP_AT=layer-daemon UNBRICK_STOP_FILE=$file "$UNBRICK" shell "$IMG" -- true \
        </dev/null >/dev/null 2>&1 3>&- &
    PID=$!
    wait_for 30 test -s "$file"
    no_daemon && fail "there is no daemon yet"
    kill -KILL "$PID"
    wait "$PID" || true
    PID=
    wait_for 10 no_daemon
    assert_host_clean 6

    rm "$file"
    UNBRICK_STOP_AT=layer-daemon UNBRICK_STOP_FILE=$file "$UNBRICK" shell "$IMG" -- true \
        </dev/null >/dev/null 2>&1 3>&- &
    PID=$!
    wait_for 30 test -s "$file"
    pkill -KILL -x unbrick-keeper
    kill -KILL "$PID"
    wait "$PID" || true
    PID=
    sleep 0.5
    no_daemon && fail "there is no daemon yet"
    unb cleanup
    [ "$status" -eq 0 ]
    no_daemon
}

# What is put together is looked at on a layer, whether or not this kernel can put it together.
@test "layer: list over a member leaves it unchanged, and kill -9 at its step leaves nothing" {
    local file=$BATS_TEST_TMPDIR/stopped
    IMG=$BATS_TEST_TMPDIR/member.img
    truncate -s 32M "$IMG"
    printf secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$IMG" -
    unchanged "$IMG" unb list "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *crypto_LUKS* ]]
    no_daemon
    UNBRICK_STOP_AT=layer-daemon UNBRICK_STOP_FILE=$file unchanged "$IMG" killed_at "$file" "$UNBRICK" list "$IMG"
    wait_for 10 no_daemon
    assert_host_clean 6
}

# killed_at FILE COMMAND...: it stops at its step, which FILE tells, and is killed there.
killed_at() {
    "${@:2}" </dev/null >/dev/null 2>&1 3>&- &
    wait_for 30 test -s "$1"
    no_daemon && fail "there is no daemon yet"
    kill -KILL $!
    wait $! || true
}

@test "layer: kill -9 of the daemon is an error, not a hang, and the image is as after a power cut" {
    converted qcow2
    "$UNBRICK" shell "$IMG" -- sh -c 'echo kept >/root/kept; sync; sleep 4242; cat /etc/hostname' \
        </dev/null >/dev/null 2>&1 3>&- &
    PID=$!
    wait_for 30 pgrep -f '^sleep 4242'
    pkill -KILL -f '^qemu-storage-daemon.*id=unbrick-'
    pkill -f '^sleep 4242'
    wait_for 20 sh -c "! kill -0 $PID 2>/dev/null"
    PID=
    assert_host_clean 6
    qemu-img check -q "$IMG"
    unb shell "$IMG" -- cat /root/kept
    [ "$output" = kept ]
}
