#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shell: a command of the patient without its init; the status is the command's own.

load helpers

setup_file() {
    load helpers
    shared_image --boot
}

# The tests here write to one image, which no test compares.

@test "shell: the command's status and output are passed through" {
    unb shell "$IMG" -- sh -c 'echo out; echo err >&2; exit 42'
    [ "$status" -eq 42 ]
    [ "$output" = out ]
    [ "$stderr" = err ]
    unb shell "$IMG" -- true
    [ "$status" -eq 0 ]
    [ -z "$output$stderr" ] || fail "something of ours is mixed in"
}

@test "shell: 127 for a command that is not there, 126 for one that cannot be executed" {
    unb shell "$IMG" -- no-such-command
    [ "$status" -eq 127 ]
    assert_one_sentence
    unb shell "$IMG" -- /etc/fstab
    [ "$status" -eq 126 ]
    assert_one_sentence
    unb shell "$IMG" -- /etc
    [ "$status" -eq 126 ]
}

@test "shell: 125 for failures of ours" {
    refused 125 "device /nowhere" shell /nowhere -- true
    truncate -s 10M "$BATS_TEST_TMPDIR/empty"
    refused 125 "file system" shell "$BATS_TEST_TMPDIR/empty" -- true
    refused 125 "option" shell --frobnicate "$IMG" -- true
}

@test "shell: 128 + N for a command ended by a signal" {
    unb shell "$IMG" -- sh -c 'kill -TERM $$'
    [ "$status" -eq 143 ]
    unb shell "$IMG" -- sh -c 'kill -KILL $$'
    [ "$status" -eq 137 ]
}

@test "shell: a command with many arguments, empty ones and spaces" {
    unb shell "$IMG" -- sh -c 'echo $#; for a; do echo "<$a>"; done' sh "" "a b" --help --
    [ "$status" -eq 0 ]
    [ "$output" = $'4\n<>\n<a b>\n<--help>\n<-->' ]
}

@test "shell: standard input from a pipe, without a terminal" {
    run --separate-stderr bash -c "seq 1 200000 | '$UNBRICK' shell '$IMG' -- md5sum"
    [ "$status" -eq 0 ]
    [ "$output" = "$(seq 1 200000 | md5sum)" ]
    run --separate-stderr bash -c "echo 'echo from-the-shell; exit 5' | '$UNBRICK' shell '$IMG'"
    report_run
    [ "$status" -eq 5 ]
    [[ $output == *from-the-shell* ]]
}

@test "shell: what the fstab names is mounted, /boot included" {
    unb shell "$IMG" -- findmnt -n -o TARGET,FSTYPE
    [ "$status" -eq 0 ]
    [[ $output =~ /boot\ +ext4 ]]
}

@test "shell, spawn: a file system that cannot be mounted is told before a command writes below it" {
    image --esp
    if grep -qw vfat /proc/filesystems || modprobe -q vfat; then
        # Here it can: until its type is another one.
        "$UNBRICK" shell "$IMG" -- sed -i 's/ vfat / xfs /' /etc/fstab
    fi
    unb shell "$IMG" -- true
    [ "$status" -eq 0 ]
    [[ $stderr == *"/boot/efi is not mounted: /etc/fstab line "* ]]
    unb spawn --image "$IMG" true
    [ "$status" -eq 0 ]
    [[ $stderr == *"/boot/efi is not mounted: /etc/fstab line "* ]]
}

@test "shell: API file systems, devices and links are there" {
    unb shell "$IMG" -- sh -c '
        set -e
        for f in /proc/self/status /sys/class /dev/null /dev/zero /dev/full /dev/random /dev/tty \
            /dev/ptmx /dev/pts /dev/shm /dev/fd /dev/stdin /run; do
            test -e $f || { echo missing $f; exit 1; }
        done
        echo >/dev/null
        uuid=$(sed -n "s/^UUID=\([^ ]*\) \/ .*/\1/p" /etc/fstab)
        test -b "/dev/disk/by-uuid/$uuid" || { echo no link for $uuid; ls -lR /dev/disk; exit 1; }
        dd if="/dev/disk/by-uuid/$uuid" of=/dev/null bs=4k count=1 2>&1
        touch /run/x /tmp/x && rm /tmp/x'
    [ "$status" -eq 0 ]
}

@test "shell: another device than the patient's cannot be opened, not even by mknod" {
    local number
    truncate -s 8M "$BATS_TEST_TMPDIR/other"
    attach "$BATS_TEST_TMPDIR/other"
    read -r -a number < <(stat -c '%Hr %Lr' "$DEV")
    unb shell "$IMG" -- sh -c 'mknod /tmp/other b $0 $1 && head -c1 /tmp/other; s=$?
        rm -f /tmp/other; exit $s' "${number[@]}"
    [ "$status" -ne 0 ]
    [[ $stderr == *"cannot open"* ]]
}

@test "shell: process 1 is ours, the host's processes are not seen" {
    unb shell "$IMG" -- sh -c 'ls -d /proc/[0-9]* | wc -l; echo $$'
    [ "$status" -eq 0 ]
    [ "$(head -n1 <<<"$output")" -le 5 ]
}

@test "shell: read-only" {
    unb shell --read-only "$IMG" -- touch /etc/mark
    [ "$status" -ne 0 ]
    [[ $stderr == *[Rr]ead-only* ]]
}

@test "shell: --host-tools has the host's programs, and the patient at /sysroot" {
    unb shell --host-tools "$IMG" -- sh -c 'cat /sysroot/etc/hostname; command -v bash'
    [ "$status" -eq 0 ]
    [[ $output == unbrick-bookworm* ]]
    unb shell --host-tools "$IMG" -- touch /sysroot/root/by-host-tools
    [ "$status" -eq 0 ]
    unb shell "$IMG" -- test -e /root/by-host-tools
    [ "$status" -eq 0 ]
    unb shell --host-tools "$IMG" -- touch /usr/by-unbrick
    [ "$status" -ne 0 ]
    [ ! -e /usr/by-unbrick ]
}

@test "shell: --host-tools works where nothing of the patient executes" {
    tree
    find "$TREE" -type f -perm /111 -exec chmod a-x {} +
    unb shell "$TREE" -- /bin/true
    [ "$status" -eq 126 ]
    unb shell --host-tools "$TREE" -- cat /sysroot/etc/hostname
    [ "$status" -eq 0 ]
    [ "$output" = unbrick-bookworm ]
}

@test "shell: a broken init is named by boot, and shell works" {
    tree
    rm "$TREE/lib/systemd/systemd"
    refused 4 "init" boot "$TREE"
    [[ $stderr == *"shell"* ]]
    unb shell "$TREE" -- echo works
    [ "$output" = works ]
}

@test "shell: the hostname inside is the patient's, the host's stays" {
    local before
    before=$(hostname)
    unb shell "$IMG" -- sh -c 'hostname 2>/dev/null || cat /proc/sys/kernel/hostname'
    [ "$output" = unbrick-bookworm ]
    [ "$(hostname)" = "$before" ]
}

@test "shell: --setenv, and the host's environment does not leak" {
    LEAK=leaked unb shell --setenv=WORD='a b' "$IMG" -- env
    [[ $output == *"WORD=a b"* ]]
    [[ $output != *leaked* ]]
}

@test "shell: --bind shows a directory of the host for writing" {
    mkdir "$BATS_TEST_TMPDIR/share"
    unb shell --bind "$BATS_TEST_TMPDIR/share:/mnt" "$IMG" -- touch /mnt/new
    [ "$status" -eq 0 ]
    [ -e "$BATS_TEST_TMPDIR/share/new" ]
    unb shell --bind /nowhere:/mnt "$IMG" -- true
    [ "$status" -eq 125 ]
    assert_one_sentence
}

@test "shell --no-mount: the disk's devices and the host's programs, and nothing mounted" {
    image --boot
    unb shell --host-tools --no-mount "$IMG" -- sh -c 'ls /sysroot; grep -c " /sysroot/" /proc/self/mounts
        mount /dev/disk/by-label/root /sysroot && echo x >/sysroot/root/x'
    [ "$status" -eq 0 ]
    [ "$output" = 0 ]
    unb shell "$IMG" -- cat /root/x
    [ "$output" = x ]
    unb shell --host-tools --no-mount --dry-run "$IMG"
    [[ $output == *"mount    nothing"* ]]
    unchanged "$IMG" unb shell --host-tools --no-mount --read-only "$IMG" -- \
        sh -c 'mount -o ro,noload /dev/disk/by-label/root /sysroot && cat /sysroot/root/x; echo x >/dev/disk/by-label/root'
    [ "$output" = x ]
    [[ $stderr == *"not permitted"* ]]
}

@test "shell --no-mount: also for a disk without any system; not for what it makes no sense with" {
    truncate -s 8M "$BATS_TEST_TMPDIR/empty"
    unb shell --host-tools --no-mount "$BATS_TEST_TMPDIR/empty" -- sh -c 'ls /dev/loop*'
    [ "$status" -eq 0 ]
    [[ $output == /dev/loop* ]]
    unb shell --no-mount "$BATS_TEST_TMPDIR/empty" -- true
    [ "$status" -eq 125 ]
    [[ $stderr == *--host-tools* ]]
    unb shell --host-tools --no-mount --system x "$BATS_TEST_TMPDIR/empty" -- true
    [ "$status" -eq 125 ]
    unb shell --host-tools --no-mount "$BATS_TEST_TMPDIR" -- true
    [ "$status" -eq 125 ]
    [[ $stderr == *directory* ]]
}

@test "shell, mount: what could not be written is said, and is no success" {
    local small=$BATS_TEST_TMPDIR/small dir=$BATS_TEST_TMPDIR/dir full
    mkdir "$small" "$dir"
    full='head -c 40M /dev/zero | tr "\0" x'
    image --table none
    mount -t tmpfs -o "size=$(($(du -k "$IMG" | cut -f1) + 6144))k" tmpfs "$small"
    cp --sparse=always "$IMG" "$small/disk.img"
    refused 125 "what was written last did not all get to $small/disk.img" \
        shell "$small/disk.img" -- sh -c "$full >/root/data || true"
    cp --sparse=always "$IMG" "$small/disk.img"
    unb mount "$small/disk.img" "$dir"
    [ "$status" -eq 0 ]
    eval "$full" >"$dir/root/data" || true
    refused 1 "did not all get to $small/disk.img" umount "$dir"
    umount "$small"
    assert_host_clean
}
