#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# boot --run on every layout and release: the target's own systemd comes up, the script changes the
# disk, its status comes back, the file systems are clean afterwards.

load helpers

# What runs inside: it says what it found, and leaves a mark on the disk.
PROBE='set -eu
. /etc/os-release
echo "os=$ID ${VERSION_ID:-unstable}"
echo "init=$(cat /proc/1/comm)"
echo "state=$(systemctl is-system-running || true)"
findmnt -n -o FSTYPE,SOURCE /
echo mark >/root/unbrick-was-here
exit 7'

# boots WORD [OPTION...]: the image boots, WORD is in what the script wrote, and the mark stuck.
boots() {
    local word=$1
    script "$PROBE"
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 7 ] || fail "status $status, not the script's"
    [[ $output == *"init=systemd"* ]] || fail "process 1 is not systemd"
    [[ $output == *"$word"* ]] || fail "'$word' is not in the output"
    assert_host_clean
    in_image "$IMG" bash -c 'find "$M" -maxdepth 3 -path "*root/unbrick-was-here" | grep .' ||
        fail "what the script wrote is not on the disk"
}

@test "boot: Debian 12, ext4 on GPT, /boot of its own, swap" {
    image --boot --swap
    boots "os=debian 12"
    clean_ext "$IMG"
    clean_ext "$IMG" 2
}

@test "boot: Debian 11" {
    image --suite bullseye
    boots "os=debian 11"
    clean_ext "$IMG"
}

@test "boot: Debian 13" {
    image --suite trixie
    boots "os=debian 13"
    clean_ext "$IMG"
}

@test "boot: Debian sid" {
    image --suite sid
    boots "os=debian"
    clean_ext "$IMG"
}

@test "boot: xfs on MBR" {
    image --fs xfs --table mbr
    boots xfs
}

@test "boot: btrfs with the root in the subvolume @" {
    image --fs btrfs --subvol @
    boots btrfs
}

@test "boot: btrfs without subvolumes" {
    image --fs btrfs
    boots btrfs
}

@test "boot: ext4 without a partition table" {
    image --table none
    boots ext4
    clean_ext "$IMG"
}

@test "boot: sectors of 4096 bytes" {
    image --sector 4096
    attach "$IMG" -b 4096
    script "$PROBE"
    unb boot --run "$SCRIPT" "$DEV"
    [ "$status" -eq 7 ]
    detach_all
    export SECTOR_4096=1
    clean_ext "$IMG"
}

@test "boot: an image whose table counts in 4096 bytes" {
    image --sector 4096
    export SECTOR_4096=1
    boots ext4
}

@test "boot: a block device" {
    image --boot
    attach "$IMG"
    script "$PROBE"
    unb boot --run "$SCRIPT" "$DEV"
    [ "$status" -eq 7 ]
    [[ $stderr == *"safe to detach"* ]]
    detach_all
    clean_ext "$IMG"
}

@test "boot: a partition names the root; its siblings belong to the patient" {
    image --boot
    attach "$IMG"
    partx -a "$DEV"
    script 'findmnt -n -o TARGET /boot'
    unb boot --run "$SCRIPT" "${DEV}p3"
    [ "$status" -eq 0 ]
    [[ $output == */boot* ]]
    detach_all
    clean_ext "$IMG"
}

@test "boot: a directory" {
    tree
    script 'cat /proc/1/comm; echo mark >/root/mark'
    unb boot --run "$SCRIPT" "$TREE"
    [ "$status" -eq 0 ]
    [ "$output" = systemd ]
    [ "$(cat "$TREE/root/mark")" = mark ]
}

@test "boot: of two systems one must be named" {
    image --second trixie
    refused 3 "--system" boot "$IMG"
    [[ $stderr == *part2* && $stderr == *part3* ]]
    script 'cat /etc/hostname; . /etc/os-release; echo $VERSION_ID'
    unb boot --system=unbrick-second --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *13* ]]
    unb boot --run "$SCRIPT" --system part2 "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *12* ]]
    refused 4 "nosuch" boot --system=nosuch "$IMG"
}

@test "boot: options after the target, and status of the script" {
    image
    script 'exit 0'
    unb boot "$IMG" --run "$SCRIPT" --fsck=skip
    [ "$status" -eq 0 ]
    script 'exit 255'
    unb boot "$IMG" --run "$SCRIPT" --quiet
    [ "$status" -eq 255 ]
    script 'kill -9 $$'
    unb boot "$IMG" --run "$SCRIPT"
    [ "$status" -eq 137 ]
}

@test "boot: the script's pipes are ours: input, output and errors, 8-bit and complete" {
    image
    head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
    script '#!/bin/sh
cat
echo to-stderr >&2'
    "$UNBRICK" boot --quiet --run "$SCRIPT" "$IMG" <"$BATS_TEST_TMPDIR/in" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
    cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    grep -qx to-stderr "$BATS_TEST_TMPDIR/err"
}

@test "boot: an interpreter of its own, environment and binds" {
    image
    mkdir "$BATS_TEST_TMPDIR/share"
    echo from-the-host >"$BATS_TEST_TMPDIR/share/file"
    script '#!/bin/bash
[[ $BASH_VERSION ]] && echo "word=$WORD" && cat /mnt/file && ! touch /mnt/other'
    unb boot --setenv WORD="two words" --bind-ro "$BATS_TEST_TMPDIR/share:/mnt" --run "$SCRIPT" \
        "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"word=two words"* && $output == *from-the-host* ]]
}

@test "boot: network of the host, or none" {
    image
    script 'ls /sys/class/net; readlink /proc/self/ns/net'
    unb boot --run "$SCRIPT" "$IMG"
    [[ $output == *"$(readlink /proc/self/ns/net)"* ]]
    unb boot --network=none --run "$SCRIPT" "$IMG"
    [[ $output != *"$(readlink /proc/self/ns/net)"* ]]
    [ "$(grep -vc '^net:' <<<"$output")" -eq 1 ]
}

@test "boot: poweroff and reboot end the session" {
    image
    script 'poweroff; sleep 30'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    script 'systemctl --no-block reboot; sleep 30'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *[Rr]eboot* ]]
    clean_ext "$IMG"
}

@test "boot: leaving starts nothing of the patient" {
    image
    add_unit() {
        cat >"$M/etc/systemd/system/tattle.service" <<'END'
[Service]
ExecStart=/bin/sh -c 'echo started >/root/tattle'
[Install]
WantedBy=multi-user.target
END
        mkdir -p "$M/etc/systemd/system/multi-user.target.wants"
        ln -s ../tattle.service "$M/etc/systemd/system/multi-user.target.wants/"
    }
    in_image "$IMG" add_unit
    script 'systemctl is-active tattle.service; true'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *inactive* ]]
    in_image "$IMG" bash -c '[ ! -e "$M/root/tattle" ]' || fail "the unit was started"
}

@test "boot: the shell at the prompt, with input from a pipe and output to a file" {
    image
    printf 'cat /proc/1/comm\necho 6*7=$((6*7))\nexit 3\n' |
        "$UNBRICK" boot "$IMG" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
    cat "$BATS_TEST_TMPDIR/err"
    grep -q systemd "$BATS_TEST_TMPDIR/out"
    grep -q '6\*7=42' "$BATS_TEST_TMPDIR/out"
    grep -q 'INSIDE the patient' "$BATS_TEST_TMPDIR/err" "$BATS_TEST_TMPDIR/out"
    grep -q 'safe to detach' "$BATS_TEST_TMPDIR/err"
    clean_ext "$IMG"
}

@test "boot: a log has everything in it" {
    image
    script 'echo spoken'
    unb boot --log "$BATS_TEST_TMPDIR/log" --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    grep -q 'safe to detach' "$BATS_TEST_TMPDIR/log"
}

@test "boot: arguments go to the init" {
    image
    script "x"
    run --separate-stderr timeout 60 "$UNBRICK" boot "$IMG" -- \
        --unit=poweroff.target </dev/null
    report_run
    [ "$status" -eq 0 ]
    clean_ext "$IMG"
}

@test "boot: a unit that the patient does not have is refused, where systemd would boot all of it" {
    image
    local form
    for form in --unit=recsue.target systemd.unit=recsue.target; do
        refused 4 "has no unit recsue.target" boot "$IMG" -- "$form"
        [[ $stderr == *"perhaps rescue.target is meant"* ]]
    done
    refused 4 "perhaps rescue.target is meant" boot "$IMG" -- --unit rescue
    refused 4 "perhaps rescue.target is meant" boot "$IMG" -- --unit recsue
    refused 4 "has no unit frobnicate.service" boot "$IMG" -- --unit frobnicate.service
    [[ $stderr != *perhaps* ]]
}

@test "boot: SIGTERM ends the session in order" {
    image
    script 'echo up; sleep 100'
    "$UNBRICK" boot --run "$SCRIPT" "$IMG" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    local pid=$!
    wait_for 30 grep -q up "$BATS_TEST_TMPDIR/out"
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    cat "$BATS_TEST_TMPDIR/err"
    [ "$status" -eq 143 ]
    assert_host_clean
    clean_ext "$IMG"
}

# Once it killed the shell that was about to start, and the session had nobody left in it. A step of the
# test build holds the prompt back (base/step.h).
@test "boot: Ctrl-C before the prompt ends it with 130; whatever ends the shell ends the session" {
    local file=$BATS_TEST_TMPDIR/stopped
    tree bookworm
    UNBRICK_STOP_AT=look-faults UNBRICK_STOP_FILE=$file "$PTY" --timeout 60 pause:3 'send:\x03' \
        'expect:Stopped by Ctrl-C' status:130 -- "$UNBRICK" boot "$TREE"
    [ -s "$file" ]
    rm "$file"
    UNBRICK_STOP_AT=look-faults UNBRICK_STOP_FILE=$file run "$PTY" --timeout 60 pause:3 'send:\x1d\x1d\x1d' \
        'expect:Back on the host' status:0 -- "$UNBRICK" boot "$TREE"
    [ "$status" -eq 0 ]
    [[ $output != *"had to be killed"* && $output != *INSIDE* ]]
    # A readline that is interrupted while it begins may swallow the next key: Enter is that one.
    "$PTY" --timeout 60 'expect:leave' 'send:\x03' 'expect:(# |Stopped by)' pause:1 'send:\r' pause:1 \
        'send:exit\r' 'expect:Back on the host' \
        -- "$UNBRICK" boot "$TREE"
    "$PTY" --timeout 60 'expect:# ' 'send:kill -KILL $PPID\r' 'expect:Back on the host' -- "$UNBRICK" boot "$TREE"
    "$PTY" --timeout 60 'expect:# ' 'send:sh -c "kill -INT 0; sleep 1"; echo still-$?\r' 'expect:still-' 'send:exit\r' \
        'expect:Back on the host' -- "$UNBRICK" boot "$TREE"
}

@test "boot: SIGINT while it runs a script ends it with 130" {
    image
    script 'echo up; sleep 100'
    # A background job of a shell ignores SIGINT; setsid with env gives it back.
    env --default-signal=INT "$UNBRICK" boot --run "$SCRIPT" "$IMG" >"$BATS_TEST_TMPDIR/out" \
        2>"$BATS_TEST_TMPDIR/err" 3>&- &
    local pid=$!
    wait_for 30 grep -q up "$BATS_TEST_TMPDIR/out"
    kill -INT "$pid"
    status=0
    wait "$pid" || status=$?
    cat "$BATS_TEST_TMPDIR/err"
    [ "$status" -eq 130 ]
    assert_host_clean
    clean_ext "$IMG"
}

# read_only_boots TYPE: the image of a file system that cannot be written to boots, and stays as it is.
read_only_boots() {
    local before
    before=$(checksum "$IMG")
    script 'findmnt -n -o FSTYPE,OPTIONS /; touch /root/x 2>/dev/null && exit 1; exit 7'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 7 ]
    [[ $output == *"$1"*ro* ]]
    [ "$before" = "$(checksum "$IMG")" ] || fail "it was written to"
}

@test "boot: squashfs and erofs, which cannot be written to" {
    local source
    source=$("$FIXTURES/suite" bookworm)
    IMG=$BATS_TEST_TMPDIR/disk.img
    mksquashfs "$source" "$IMG" -quiet -no-progress -comp zstd -Xcompression-level 1
    read_only_boots squashfs
    rm "$IMG"
    mkfs.erofs "$IMG" "$source" >/dev/null
    read_only_boots erofs
}

@test "boot: ext2 and ext3" {
    local source type
    source=$("$FIXTURES/suite" bookworm)
    IMG=$BATS_TEST_TMPDIR/disk.img
    script 'findmnt -n -o FSTYPE /; echo x >/root/x; exit 7'
    for type in ext2 ext3; do
        truncate -s 400M "$IMG"
        mke2fs -q -F -t "$type" -d "$source" "$IMG"
        unb boot --run "$SCRIPT" "$IMG"
        [ "$status" -eq 7 ]
        clean_ext "$IMG"
        rm "$IMG"
    done
}

@test "boot: several targets are named all, and copies of each other as that" {
    local other=$BATS_TEST_TMPDIR/other.img copy=$BATS_TEST_TMPDIR/copy.img
    image
    cp --sparse=always "$IMG" "$copy"
    unchanged "$IMG" refused 3 "$IMG and $copy are copies of each other (same partition table" boot "$IMG" "$copy"
    "$FIXTURES/image" "$other" --table none
    refused 3 "$IMG and $other hold 2 Linux systems" boot "$IMG" "$other"
    refused 4 "no system of the name \"web01\" is on them" boot --system web01 "$IMG" "$other"
    truncate -s 1M "$BATS_TEST_TMPDIR/empty.img"
    unb repair --yes "$IMG" "$BATS_TEST_TMPDIR/empty.img"
    [ "$status" -eq 0 ]
    [[ $stderr == *"$IMG and 1 more are safe to detach"* ]]
    mkdir "$BATS_TEST_TMPDIR/mnt"
    unb mount "$IMG" "$BATS_TEST_TMPDIR/empty.img" "$BATS_TEST_TMPDIR/mnt"
    [ "$status" -eq 0 ]
    unb umount "$BATS_TEST_TMPDIR/mnt"
    [[ $stderr == *"empty.img are safe to detach"* ]]
}
