#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The proof of the remedies: a disk that boots is broken, and its machine is shown not to get to the
# login; it is repaired, and gets there.

load ../system/helpers
load ../system/faults
load serial

setup_file() {
    export BATS_TEST_TIMEOUT=900
}

setup() {
    remember_host
    IMG=$BATS_TEST_TMPDIR/disk.img
    "$FIXTURES/booting" "$IMG"
    LOG=$BATS_TEST_TMPDIR/serial
}

# machine SECONDS PATTERN: run it until its serial line says the pattern. Without graphics what the BIOS and GRUB
# print goes there, too. What the machine writes to the disk is dropped.
machine() {
    serial "$1" "$2" -M pc,graphics=off -drive "file=$IMG,format=raw,if=virtio,snapshot=on"
}

# breaks BREAKER...: put these faults into the disk.
breaks() {
    local breaker
    for breaker in "$@"; do
        in_image "$IMG" eval "\"\$BREAKERS/$breaker\" \"\$M\" \"\$IMG\""
    done
    # The boot need not wait as long as on a real machine.
    in_image "$IMG" eval 'sed -i "s|^\(UUID=1111.*\) defaults |\1 defaults,x-systemd.device-timeout=9s |" "$M/etc/fstab"'
}

# proves PATTERN ID [OPTION...]: it does not boot, and says PATTERN; repaired, it does.
proves() {
    local pattern=$1 id=$2
    shift 2
    machine 200 "$pattern|login:"
    not_said login: || return 1
    unb repair "$@" "$IMG" "$id"
    [ "$status" -le 1 ] || fail "repair ended with $status" || return 1
    machine 300 login:
    not_said 'emergency mode|Kernel panic'
}

# not_said PATTERN: by the machine that ran last.
not_said() {
    ! grep -qaE "$1" "$LOG" || {
        tail -c 3000 "$LOG"
        fail "the machine said '$1'"
    }
}

# loud: without "quiet" systemd says on the console what it waits for.
loud() {
    in_image "$IMG" eval 'sed -i "s/ quiet / /; s/ quiet$//" "$M/boot/grub/grub.cfg"'
}

# on_console STEP...: run it with its serial line on a terminal that these steps of pty.py drive, and stop it.
on_console() {
    "$PTY" --timeout 300 expect:'login:' 'send:root\r' "$@" signal:SIGTERM status:0 -- \
        qemu-system-x86_64 -accel tcg -cpu Nehalem -smp 2 -m 1024 -nodefaults -display none -serial stdio \
        -no-reboot -drive "file=$IMG,format=raw,if=virtio,snapshot=on" >"$LOG" || {
        tail -c 3000 "$LOG"
        fail "on its console: $*"
    }
}

# denies ID STEP...: nobody gets in at the login, as the steps show; repaired, root does.
denies() {
    local id=$1
    shift
    on_console "$@" || return 1
    unb repair "$IMG" "$id"
    [ "$status" -le 1 ] || fail "repair ended with $status" || return 1
    on_console 'expect:assword:' 'send:root\r' 'expect:root@.*# '
}

slow() {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
}

@test "vm: grub.config-missing, and the disk boots after its repair" {
    breaks grub.config-missing
    proves 'grub>' grub.config-missing
}

@test "vm: a second fault behind the first: both are found and mended at once" {
    breaks initramfs.damaged fstab.source-missing
    machine 200 'unpacking failed|login:'
    not_said login:
    unb examine "$IMG"
    [ "$status" -eq 1 ]
    [[ $output == *"and 1 more"* ]]
    unb repair --yes "$IMG"
    [ "$status" -eq 0 ]
    machine 300 login:
    not_said 'emergency mode|Kernel panic'
}

# patterns LOUD: of those tests that are loud, or of the others.
patterns() {
    awk -v loud="$1" '/^@test/ { is_loud = 0 } /^    loud$/ { is_loud = 1 }
        is_loud == loud && /^    proves / { split($0, part, "\047"); print part[2] }' "$BATS_TEST_FILENAME"
}

@test "vm: what the broken machines say, the healthy one does not" {
    slow
    local pattern is_loud
    for is_loud in 0 1; do
        [ "$is_loud" = 0 ] || loud
        machine 300 login:
        grep -qa 'Loading Linux' "$LOG" # what loader.core-differs waits for
        [ "$(patterns "$is_loud" | wc -l)" -ge 3 ]
        while IFS= read -r pattern; do
            not_said "$pattern" || return 1
        done < <(patterns "$is_loud")
    done
}

@test "vm: fstab.source-missing" {
    slow
    breaks fstab.source-missing
    proves 'emergency mode' fstab.source-missing
}

@test "vm: option.refused: loop" {
    slow
    breaks option.refused+loop
    proves 'emergency mode' option.refused
}

@test "vm: mount.point-unusable: loop" {
    slow
    breaks mount.point-unusable+loop
    proves 'emergency mode' mount.point-unusable
}

@test "vm: mount.network" {
    slow
    breaks mount.network
    proves 'emergency mode' mount.network
}

@test "vm: mountunit.source-missing" {
    slow
    breaks mountunit.source-missing
    proves 'emergency mode' mountunit.source-missing
}

@test "vm: initramfs.missing" {
    slow
    breaks initramfs.missing
    proves 'Kernel panic|not found' initramfs.missing
}

@test "vm: initramfs.none" {
    slow
    breaks initramfs.none
    proves 'Kernel panic' initramfs.none
}

@test "vm: initramfs.damaged" {
    slow
    breaks initramfs.damaged
    proves 'unpacking failed|Kernel panic|initramfs\)' initramfs.damaged
}

@test "vm: initramfs.damaged: no-init" {
    slow
    breaks initramfs.damaged+no-init
    proves 'unpacking failed|Kernel panic|initramfs\)' initramfs.damaged
}

@test "vm: grub.config-broken" {
    slow
    breaks grub.config-broken
    proves 'syntax error|ncorrect command|grub>' grub.config-broken
}

@test "vm: grub.modules-missing" {
    slow
    breaks grub.modules-missing
    proves 'grub rescue>' grub.modules-missing
}

@test "vm: loader.code-missing" {
    slow
    breaks loader.code-missing
    # The BIOS runs into nothing: neither GRUB nor the BIOS says a word any more.
    machine 60 'Booting from Hard Disk'
    run machine 40 'GRUB|login:'
    [ "$status" -ne 0 ]
    unb repair "$IMG" loader.code-missing
    [ "$status" -le 1 ]
    machine 300 login:
}

@test "vm: loader.core-differs" {
    slow
    breaks loader.core-differs
    # Its first sector says its name, and what it loads is nothing: it never comes to a menu.
    machine 60 GRUB
    run machine 60 'Loading Linux|login:'
    [ "$status" -ne 0 ] || fail "$(tail -c 600 "$LOG" | tr -d "\r")"
    unb repair "$IMG" loader.core-differs
    [ "$status" -le 1 ]
    machine 300 login:
}

@test "vm: kernel.image-missing: two" {
    slow
    breaks kernel.image-missing+two
    proves 'not found' kernel.image-missing
}

@test "vm: cmdline.root-missing" {
    slow
    breaks cmdline.root-missing
    proves 'does not exist|initramfs\)' cmdline.root-missing
}

@test "vm: cmdline.root-type" {
    slow
    breaks cmdline.root-type
    proves 'initramfs\)|Invalid argument|Failed to mount' cmdline.root-type
}

@test "vm: cmdline.init-missing: the initramfs passes it over" {
    slow
    breaks cmdline.init-missing
    unb examine "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == *"passes it over"* ]]
    machine 300 login:
}

@test "vm: argument.rescue-left: unit" {
    slow
    breaks argument.rescue-left+unit
    proves 'emergency mode' argument.rescue-left
}

@test "vm: argument.rescue-left: break" {
    slow
    breaks argument.rescue-left+break
    proves 'initramfs\)' argument.rescue-left
}

@test "vm: driver.machine-missing: virtio" {
    slow
    breaks driver.machine-missing+virtio
    proves 'does not exist|initramfs\)' driver.machine-missing --for=virtio
}

@test "vm: modprobe.banned: initramfs" {
    slow
    breaks modprobe.banned+initramfs
    proves 'does not exist|initramfs\)' modprobe.banned --for=virtio
}

@test "vm: modprobe.banned-by-kernel: virtio" {
    slow
    breaks modprobe.banned-by-kernel+virtio
    proves 'does not exist|initramfs\)' modprobe.banned-by-kernel --for=virtio
}

@test "vm: init.not-executable" {
    slow
    breaks init.not-executable
    proves 'run-init: /sbin/init: No such file' init.not-executable
}

@test "vm: init.usr-merge" {
    slow
    breaks init.usr-merge
    proves 'No working init found|No init found|Kernel panic' init.usr-merge
}

@test "vm: systemd.default-target" {
    slow
    breaks systemd.default-target
    proves 'Restarting system|reboot: ' systemd.default-target
}

@test "vm: tree.directory-missing" {
    slow
    breaks tree.directory-missing
    proves 'Kernel panic|Freezing execution|Failed to mount' tree.directory-missing
}

@test "vm: filesystem.errors: what fsck -a does not mend" {
    slow
    # The map of a file's blocks is none, and the file system is marked as faulty.
    spoil() {
        debugfs -w -R "sif /usr/share/common-licenses/GPL-3 block[0] 0xdeadbeef" "$1"
        debugfs -w -R "ssv state 2" "$1"
    }
    local start size device
    read -r start size < <(part_range "$IMG")
    device=$(losetup --show -f -o "$start" --sizelimit "$size" "$IMG")
    spoil "$device" 2>/dev/null
    losetup -d "$device"
    machine 200 'manual fsck|MANUALLY|Control-D|login:'
    not_said login:
    unb examine --json "$IMG"
    [ "$(jq -r '.findings[0].id' <<<"$output")" = filesystem.errors ]
    unb repair --fsck=repair "$IMG"
    [ "$status" -le 1 ]
    machine 300 login:
    not_said 'emergency mode|manual fsck'
}

@test "vm: start.service-hangs" {
    slow
    loud
    breaks start.service-hangs
    proves 'job is running for wait|Job wait.service' start.service-hangs
}

@test "vm: systemd.unit-masked" {
    slow
    loud
    breaks systemd.unit-masked
    proves 'job is running for /dev/|Timed out waiting|emergency mode' systemd.unit-masked
}

@test "vm: unit.refused: core" {
    slow
    loud
    breaks unit.refused+core
    proves 'job is running for /dev/|Timed out waiting|emergency mode' unit.refused
}

@test "vm: pam.module-missing" {
    slow
    breaks pam.module-missing
    denies pam.module-missing 'expect:assword:' 'send:root\r' 'expect:ncorrect|Module is unknown|ystem error|ailure'
}

@test "vm: users.root-locked" {
    slow
    breaks users.root-locked
    on_console 'expect:assword:' 'send:root\r' 'expect:incorrect'
    echo root >"$BATS_TEST_TMPDIR/password"
    unb repair --yes --root-password="$BATS_TEST_TMPDIR/password" "$IMG"
    [ "$status" -le 1 ]
    on_console 'expect:assword:' 'send:root\r' 'expect:root@.*# '
}

@test "vm: users.root-shell" {
    slow
    breaks users.root-shell
    denies users.root-shell 'expect:assword:' 'send:root\r' 'expect:o such file'
}
