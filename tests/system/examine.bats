#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# How findings are shown, what the system's past says, many patients, the running host.

load helpers
load faults

teardown() {
    detach_all
    healthy_away
    assert_host_clean
}

@test "examine: no healthy system has a finding" {
    local suite
    for suite in bullseye bookworm trixie sid boot sysvinit openrc; do
        unb examine --json "$("$FIXTURES/suite" "$suite")"
        [ "$status" -eq 0 ]
        [ "$(findings '.findings | length')" -eq 0 ] || fail "$suite: $(findings)"
    done
}

@test "examine: a tree like a container's and the running host raise no alarm" {
    mkdir -p "$BATS_TEST_TMPDIR/mini"
    "$FIXTURES/mini" "$BATS_TEST_TMPDIR/mini"
    unb examine --json "$BATS_TEST_TMPDIR/mini"
    [ "$status" -eq 0 ]
    [ "$(findings '[.findings[] | select(.severity == "stops-boot")] | length')" -eq 0 ]
    unb examine --json /
    [ "$status" -eq 0 ]
    [ "$(findings .schema)" = unbrick.examine/1 ]
}

@test "examine: fstab files of real systems raise no alarm" {
    local file
    healthy_tree
    truncate -s 1M "$TREE/swap.img" # one of them has its swap there
    for file in "$FIXTURES"/fstab/*; do
        cp "$file" "$TREE/etc/fstab"
        unb examine --json "$TREE"
        [ "$status" -eq 0 ]
        [ "$(findings '.findings | length')" -eq 0 ] || fail "$file: $(findings)"
    done
    [ "$(find "$FIXTURES/fstab" -type f | wc -l)" -eq 10 ]
}

@test "examine --html: one page that needs nothing else and escapes what it shows" {
    local page=$BATS_TEST_TMPDIR/page.html
    healthy_tree
    echo '<script>alert(1)</script>' >"$TREE/etc/nologin"
    echo '"><img src=x onerror=alert(1)>' >>"$TREE/etc/fstab"
    unb examine --html "$page" "$TREE"
    [ "$(stat -c %a "$page")" = 600 ]
    python3 - "$page" <<'EOF'
import sys, html.parser
tags, links = [], []
class Page(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        tags.append(tag)
        links.extend(k for k, v in attributes if k in ("src", "href", "onerror", "onload"))
text = open(sys.argv[1]).read()
page = Page(); page.feed(text); page.close()
assert not {"script", "img", "link", "iframe", "object"} & set(tags), tags
assert not links and "url(" not in text and "@import" not in text, links
assert "&lt;script&gt;alert(1)" in text
EOF
    # Written over, not appended to.
    unb examine --html "$page" "$TREE"
    [ "$(grep -c '</html>' "$page")" -eq 1 ]
}

@test "examine: a remedy that is not applied here is said in words, in each form" {
    local page=$BATS_TEST_TMPDIR/page.html remedy
    healthy_tree
    rm -rf "$TREE/run"
    : >"$TREE/run" # something else has the name: no directory is made in its place
    unb examine --json --html "$page" "$TREE"
    [ "$(summary tree.directory-missing)" = "stops-boot false" ]
    remedy=$(findings '.findings[] | select(.id == "tree.directory-missing").remedy' | tr -d '"')
    [ -n "$remedy" ]
    grep -qF "<dd>$remedy</dd>" "$page"
    unb examine "$TREE"
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"remedy $remedy"* ]]
    [[ $output != *"unbrick repair"*"tree.directory-missing"* ]]
}

@test "examine --html: a disk, or any file that is no page of ours, is not written over" {
    local sum
    image --table none
    sum=$(sha256sum "$IMG")
    refused 2 "is no page of unbrick's" examine --html "$IMG" "$IMG"
    refused 2 "is no page of unbrick's" examine --html "$IMG" /
    attach "$IMG"
    refused 2 "is no page of unbrick's" examine --html "$DEV" /
    detach_all
    [ "$(sha256sum "$IMG")" = "$sum" ]
}

@test "examine: fits terminals of 60, 80 and 200 columns, and colours them" {
    local columns widest
    healthy_tree
    "$BREAKERS/start.service-hangs" "$TREE"
    "$BREAKERS/network.card-pinned" "$TREE"
    for columns in 60 80 200; do
        python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
            sh -c "stty cols $columns; '$UNBRICK' examine --color=always '$TREE'" \
            </dev/null >"$BATS_TEST_TMPDIR/out"
        grep -q $'\033\[1;31mSTOPS THE BOOT' "$BATS_TEST_TMPDIR/out"
        grep -q 'repair .* start.service-hangs' <(tr -d '\r\n' <"$BATS_TEST_TMPDIR/out")
        # Evidence is as it is in the file: four spaces before it.
        widest=$(sed -e 's/\x1b\[[0-9;]*m//g' -e 's/\r$//' "$BATS_TEST_TMPDIR/out" | grep -v '^    [^ ]' | wc -L)
        [ "$widest" -le "$columns" ] || fail "$widest of $columns"
    done
}

@test "examine: a boot that did not come up: what failed, and its last words, also when none ever did" {
    tree boot
    mkdir -p "$TREE/var/log/journal" "$TREE/etc/systemd/system/multi-user.target.requires"
    printf '[Service]\nType=oneshot\nExecStart=/bin/false\n' >"$TREE/etc/systemd/system/broken.service"
    ln -s ../broken.service "$TREE/etc/systemd/system/multi-user.target.requires/"
    timeout -k 5 100 "$UNBRICK" spawn -q -D "$TREE" --boot --private-network </dev/null \
        >"$BATS_TEST_TMPDIR/console" 2>&1 &
    stopped() { grep -q 'Dependency failed for.*multi-user\|Dependency failed.*Multi-User' "$BATS_TEST_TMPDIR/console"; }
    wait_for 60 stopped
    sleep 1
    kill -TERM $!
    wait $! || true
    rm -f "$TREE/var/log/wtmp"
    unb examine --json "$TREE"
    [ "$(findings .history.failed_units[0])" = broken.service ]
    [ "$(findings '.history.failed_boot.time > 0')" = true ]
    [ "$(findings .history.good_boot)" = null ]
    [ -n "$(findings .history.last_message)" ]
    documented unbrick.examine/1
    unb examine "$TREE"
    [[ $output == *"none of the boots that are recorded came up"*"it did not come up; failed: broken.service"* ]]
}

@test "examine: the last good boot, and what was changed since" {
    tree boot
    mkdir -p "$TREE/var/log/journal"
    timeout -k 5 100 "$UNBRICK" spawn -q -D "$TREE" --boot --private-network </dev/null \
        >"$BATS_TEST_TMPDIR/console" 2>&1 &
    reached() { grep -q 'Runlevel Change' "$BATS_TEST_TMPDIR/console"; }
    wait_for 60 reached
    sleep 1
    kill -TERM $!
    wait $! || true
    touch "$TREE/etc/fstab"
    date +'%Y-%m-%d %H:%M:%S upgrade libc6:amd64 2.36-8 2.36-9' >>"$TREE/var/log/dpkg.log"
    unb examine --json "$TREE"
    [ "$(findings .history.source)" = "the journal" ]
    [ "$(findings .history.good_boot.kernel)" = "$(uname -r)" ]
    findings '.history.changes[].what' | grep -qx '/etc/fstab was changed'
    findings '.history.changes[].what' | grep -qx 'libc6 was upgraded to 2.36-9'
    # A damaged journal is no obstacle, and wtmp knows it, too.
    for file in "$TREE"/var/log/journal/*/*.journal; do
        truncate -s 300 "$file"
    done
    unb examine --json "$TREE"
    [ "$status" -eq 0 ]
    [ "$(findings .history.source)" = wtmp ]
    for file in "$TREE"/var/log/journal/*/*.journal; do
        ln -sf /etc/shadow "$file"
    done
    unb examine "$TREE"
    [[ $output == *"last good"*", by wtmp"* ]]
}

@test "examine --each: a line for each, in parallel, and the status of the worst" {
    healthy_tree
    "$BREAKERS/start.service-hangs" "$TREE"
    unb examine --each "$("$FIXTURES/suite" bookworm)" "$TREE" /nowhere
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 3 ]
    grep -q "^$TREE	unbrick-boot	Will not boot: " <<<"$output"
    grep -q "^/nowhere	-	there is no file or device /nowhere$" <<<"$output"
    unb examine --each --json "$("$FIXTURES/suite" bookworm)" /nowhere
    [ "$status" -eq 4 ]
    [ "$(jq -s 'map(.schema) | sort | join(" ")' <<<"$output")" = '"unbrick.error/1 unbrick.examine/1"' ]
}

@test "examine --each: kill -9 leaves nothing" {
    local i
    image
    cp "$IMG" "$BATS_TEST_TMPDIR/second.img"
    for i in 1 2 3; do
        "$UNBRICK" examine --each "$IMG" "$BATS_TEST_TMPDIR/second.img" >/dev/null 2>&1 &
        sleep "0.$((i * 2))"
        kill -9 $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        wait_for 10 eval '[ -z "$(our_processes)$(our_loops)" ]'
    done
}

@test "faults: each one has a breaker, or a test that names it" {
    local id rest
    unb examine --list-faults
    while IFS=$'\t' read -r id rest; do
        compgen -G "$BREAKERS/$id" >/dev/null || compgen -G "$BREAKERS/$id+*" >/dev/null ||
            grep -rqF --include='*.bats' -e "$id" "$BATS_TEST_DIRNAME" "$BATS_TEST_DIRNAME/../vm" ||
            fail "nothing tests $id"
    done <<<"$output"
}

@test "examine: the manual's table of faults is that of --list-faults" {
    unb examine --list-faults
    diff <("$BATS_TEST_DIRNAME/../../docs/faults-table" "$UNBRICK") \
        <(sed -n '/^; faults: begin/,/^; faults: end/p' "$BATS_TEST_DIRNAME/../../docs/unbrick.1.scd")
}

@test "boot: the faults are at the prompt, and looked at again when it is left" {
    healthy_tree
    "$BREAKERS/users.nologin" "$TREE"
    script 'grep -q "users.nologin" /run/unbrick/faults && rm /etc/nologin && echo found'
    unb boot --run "$SCRIPT" "$TREE"
    [ "$output" = found ]
    [[ $stderr == *"Examined again: 1 finding is gone."* ]]
    script 'ln -s /dev/null /etc/systemd/system/systemd-udevd.service; rm /proc/none 2>/dev/null; test ! -e /run/unbrick/faults'
    unb boot --run "$SCRIPT" "$TREE"
    [ "$status" -eq 0 ]
    [[ $stderr == *"new since this session began, stops the boot: systemd-udevd.service is masked (systemd.unit-masked)"* ]]
}

# The process that looks stands still (base/step.h); the prompt waits for it, but not for ever.
@test "boot: a prompt that waits for the faults loses nothing, and comes without them" {
    local file=$BATS_TEST_TMPDIR/stopped signal
    healthy_tree
    "$BREAKERS/users.nologin" "$TREE"
    export UNBRICK_STOP_AT=look-faults UNBRICK_STOP_FILE=$file
    UNBRICK_PROMPT_SECONDS=2 "$PTY" --timeout 60 'expect:took too long' 'expect:you are INSIDE' 'expect:# ' \
        'absent:nologin' 'send:test -e /run/unbrick/faults; echo $?-\r' 'expect:1-' 'send:exit\r' status:0 -- \
        "$UNBRICK" boot "$TREE"
    rm "$file"
    UNBRICK_PROMPT_SECONDS=50 "$PTY" --timeout 60 'expect:still looking for' 'expect:faults .*lesser' 'expect:# ' \
        'send:exit\r' status:0 -- "$UNBRICK" boot "$TREE" &
    wait_for 20 test -s "$file"
    sleep 9
    kill -CONT "$(cat "$file")"
    wait $!
    rm "$file"
    # A signal meanwhile ends the session, and is not taken for the time that is over.
    for signal in TERM:143 INT:130; do
        "$PTY" --timeout 60 status:${signal#*:} -- "$UNBRICK" shell "$TREE" >"$BATS_TEST_TMPDIR/out" &
        wait_for 20 test -s "$file"
        sleep 1
        kill "-${signal%:*}" "$(awk '/^PPid:/ { print $2 }' "/proc/$(cat "$file")/status")"
        wait $!
        ! grep "took too long" "$BATS_TEST_TMPDIR/out" || fail "the time was not over"
        rm "$file"
    done
    unset UNBRICK_STOP_AT
    "$PTY" --timeout 60 'expect:faults .*lesser' 'expect:# ' 'send:exit\r' status:0 -- "$UNBRICK" shell "$TREE"
}

@test "storage.duplicate-id: two volumes with one UUID" {
    image --boot
    local uuid start size
    read -r start size < <(part_range "$IMG" 2)
    uuid=$(blkid -p -O "$start" -s UUID -o value "$IMG")
    truncate -s 20M "$BATS_TEST_TMPDIR/other.img"
    mke2fs -q -t ext4 -U "$uuid" "$BATS_TEST_TMPDIR/other.img"
    unb examine --json "$IMG" "$BATS_TEST_TMPDIR/other.img"
    has_finding storage.duplicate-id
}

# as_pv: the swap partition of IMG becomes a physical volume of LVM, of whose group nothing is known.
as_pv() {
    local start size
    read -r start size < <(part_range "$IMG" 2)
    attach "$IMG" -o "$start" --sizelimit "$size"
    pvcreate -qq -y -ff "$DEV"
    detach_all
}

@test "storage.lvm-devices-file, storage.lvm-filter: LVM is kept from its disks" {
    image --swap
    as_pv
    in_image "$IMG" eval 'mkdir -p "$M/etc/lvm/devices"
        sed -i /swap/d "$M/etc/fstab"
        echo "IDTYPE=sys_wwid IDNAME=naa.1 DEVNAME=/dev/sda2 PVID=abc PART=2" >"$M/etc/lvm/devices/system.devices"
        printf "devices {\n\tfilter = [ \"r|.*|\" ]\n}\n" >"$M/etc/lvm/lvm.conf"'
    unb examine --json "$IMG"
    [ "$status" -eq 1 ]
    # With a devices file LVM looks at no filter: that is a fault only when the file is away.
    [ "$(findings)" = storage.lvm-devices-file ]
    unb repair "$IMG" storage.lvm-devices-file
    unb examine --json "$IMG"
    [ "$(findings)" = storage.lvm-filter ]
    unb repair "$IMG" storage.lvm-filter
    unb examine --json "$IMG"
    [ "$(findings '.findings | length')" -eq 0 ]
}

@test "examine: a hostile tree with FIFOs, loops and floods where its files should be" {
    local i
    healthy_tree
    for i in fstab crypttab passwd shadow group sudoers ld.so.preload machine-id rc.local hostname; do
        rm -f "$TREE/etc/$i"
        mkfifo "$TREE/etc/$i"
    done
    mkdir -p "$TREE/etc/modprobe.d" "$TREE/var/log/journal/x" "$TREE/etc/systemd/system/multi-user.target.wants"
    mkfifo "$TREE/etc/modprobe.d/a.conf" "$TREE/var/log/journal/x/system.journal"
    ln -sf loop "$TREE/etc/systemd/system/loop.service"
    ln -sf loop.service "$TREE/etc/systemd/system/loop"
    # Each unit wants and orders hundreds of others.
    for ((i = 1; i <= 60; i++)); do
        { echo '[Unit]'; for ((k = 1; k <= 200; k++)); do echo "After=u$((i * k % 977)).service u$k.service"; echo "Wants=u$k.service"; done; } \
            >"$TREE/etc/systemd/system/u$i.service"
        ln -sf "../u$i.service" "$TREE/etc/systemd/system/multi-user.target.wants/"
    done
    unb examine --json "$TREE"
    [ "$status" -eq 1 ]
    jq -e '.findings | length > 0' <<<"$output" >/dev/null
}

# on_root IMAGE COMMAND...: the command gets the partition with the root as a device, in PART.
on_root() {
    local image=$1 start size
    shift
    read -r start size < <(part_range "$image")
    PART=$(losetup --show -f -o "$start" --sizelimit "$size" "$image")
    export PART
    "$@" || true
    losetup -d "$PART"
}

@test "file systems: a forced check finds what the superblock denies; the disk stays as it is" {
    image --boot
    on_root "$IMG" eval 'debugfs -w -R "clri <50>" "$PART" 2>/dev/null'
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$status" -eq 0 ]
    [ "$(findings '.findings[0].id + " " + .findings[0].severity')" = "filesystem.errors degrades" ]
    # Without the check nothing is said, and not that all is well.
    unb examine --quick "$IMG"
    [[ $output == *"file systems were not checked"* ]]
    # Marked as faulty, the boot stops there.
    on_root "$IMG" eval 'debugfs -w -R "ssv state 2" "$PART" 2>/dev/null'
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$status" -eq 1 ]
    [ "$(findings '.findings[0].id + " " + .findings[0].severity')" = "filesystem.errors stops-boot" ]
    # The command that is shown mends it.
    PATH=${UNBRICK%/*}:$PATH eval "$(findings '.findings[0].command')"
    unb examine --json "$IMG"
    [ "$status" -eq 0 ]
    [ -z "$(findings '.findings[].id')" ]
}

@test "file systems: a root that cannot be mounted is examined all the same" {
    image --boot
    on_root "$IMG" eval 'dd if=/dev/urandom of="$PART" bs=4k seek=1 count=4 conv=notrunc status=none'
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$status" -eq 1 ]
    [ "$(findings '.findings[0].id')" = filesystem.unmountable ]
    [ "$(findings .system)" = "Debian GNU/Linux 12 (bookworm)" ]
}

@test "file systems: a root whose directories cannot be read is no disk without a system" {
    local mini=$BATS_TEST_TMPDIR/mini img=$BATS_TEST_TMPDIR/mini.img
    "$FIXTURES/mini" "$mini" mini1
    truncate -s 24M "$img"
    mke2fs -q -t ext4 -d "$mini" "$img"
    debugfs -w -R 'sif /etc mode 0' "$img"
    unchanged "$img" unb examine --json "$img"
    [ "$status" -eq 1 ]
    jq -e '[.findings[].id] | index("filesystem.unmountable")' <<<"$output"
    [[ $output == *"cannot read /etc of disk"* ]]
    refused 125 "cannot read /etc of disk" shell --read-only "$img" -- true
    unb shell --fsck=repair "$img" -- ls /
    [[ $stderr == *"cannot be read as it is; checking it"* ]]
}

@test "file systems: one that this host's kernel cannot read is no fault of the patient's" {
    ! modprobe -q vfat 2>/dev/null && ! grep -qw vfat /proc/filesystems || skip "this kernel has vfat"
    image --esp
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$status" -eq 0 ]
    [ "$(findings '.findings[] | .id + " " + .severity')" = "filesystem.unseen notice" ]
}

@test "file systems: a lost superblock is told by its copy" {
    image --boot
    on_root "$IMG" eval 'dd if=/dev/zero of="$PART" bs=1k count=64 conv=notrunc status=none'
    unchanged "$IMG" refused 4 "block 32768" examine "$IMG"
    unchanged "$IMG" refused 4 "block 32768" boot "$IMG"
    # That of a data partition, which fstab wants.
    image --boot
    local start size
    read -r start size < <(part_range "$IMG" 2)
    dd if=/dev/zero of="$IMG" bs=1k seek=$((start >> 10)) count=64 conv=notrunc status=none
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$status" -eq 1 ]
    findings '.findings[].id' | grep -qx filesystem.superblock-lost
}

@test "file systems: errors of XFS and of btrfs are found by their own checkers, and change nothing" {
    local device at
    image --fs xfs
    # The count of links of a directory: what a mount corrects by itself (the counts of the superblock) is
    # no error.
    on_root "$IMG" eval 'xfs_db -x -c "sb 0" -c "addr rootino" -c "write -d core.nlinkv2 77" "$PART" >/dev/null'
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$status" -eq 0 ] # xfs_repair does not run at boot
    [ "$(findings '.findings[0].id + " " + .findings[0].severity')" = "filesystem.errors degrades" ]
    image --fs btrfs
    # A node of the tree of checksums: its own sum is wrong then. With one copy of metadata.
    find_node() {
        btrfs inspect-internal dump-tree -t csum "$PART" | sed -n 's/^leaf \([0-9]*\) .*/\1/p' | head -n 1 >"$BATS_TEST_TMPDIR/leaf"
        btrfs inspect-internal dump-tree -t chunk "$PART" >"$BATS_TEST_TMPDIR/chunks"
    }
    on_root "$IMG" find_node
    at=$(python3 - "$(cat "$BATS_TEST_TMPDIR/leaf")" "$BATS_TEST_TMPDIR/chunks" <<'END'
import re, sys
leaf, text = int(sys.argv[1]), open(sys.argv[2]).read()
for start, length, rest in re.findall(r"CHUNK_ITEM (\d+)\)[^\n]*\n\s+length (\d+)(.*?)(?=\titem|\Z)", text, re.S):
    if int(start) <= leaf < int(start) + int(length):
        for offset in re.findall(r"offset (\d+)", rest):
            print(int(offset) + leaf - int(start))
END
    )
    [ -n "$at" ]
    for device in $at; do
        on_root "$IMG" eval "dd if=/dev/urandom of=\"\$PART\" bs=1 seek=$((device + 200)) count=64 conv=notrunc status=none"
    done
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$(findings '.findings[0].id')" = filesystem.errors ]
}

@test "no false alarms: healthy images of Debian 11, 12 and 13 on ext4, XFS and btrfs" {
    local suite layout
    for suite in bullseye bookworm trixie; do
        for layout in "--fs ext4 --boot --swap" "--fs xfs --table mbr" "--fs btrfs --subvol @"; do
            # shellcheck disable=SC2086 # words
            image --suite $suite $layout
            unb examine --json "$IMG"
            [ "$status" -eq 0 ]
            [ -z "$(findings '.findings[] | select(.severity != "notice") | .id')" ] || fail "$suite $layout"
        done
    done
}

@test "examine: what was not checked is said, also in the page" {
    image
    unb examine --quick --html "$BATS_TEST_TMPDIR/page.html" "$IMG"
    [[ $output == *"were not checked"* ]]
    grep -q "were not checked" "$BATS_TEST_TMPDIR/page.html"
    unb examine "$("$FIXTURES/suite" bookworm)"
    [[ $output == *"were not checked: a directory was named"* ]]
    unb examine /
    [[ $output == *"were not checked: they are in use"* ]]
}

@test "examine: what boots a disk without a kernel is said not to be on it" {
    image
    unb examine "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == "Nothing was found that is wrong"*"There is no kernel and no boot menu on it"* ]]
    rm "$IMG"
    "$FIXTURES/booting" "$BATS_TEST_TMPDIR/disk.img"
    unb examine "$BATS_TEST_TMPDIR/disk.img"
    [[ $output != *"no kernel"* ]]
    # It may be a container's.
    unb examine "$("$FIXTURES/suite" bookworm)"
    [[ $output != *"no kernel"* ]]
}

@test "repair: --json and --log record what was done" {
    load faults
    broken fstab.source-missing
    unb repair --json "$IMG"
    [ "$status" -eq 3 ]
    jq -e '.schema == "unbrick.error/1" and .command == "repair"' <<<"$output"
    unb repair --json --dry-run "$IMG"
    [ "$status" -eq 0 ]
    jq -e '.schema == "unbrick.repair/1" and (.applied | not) and (.changes | test("nofail"))' <<<"$output"
    unb repair --json --yes --log "$BATS_TEST_TMPDIR/log" "$IMG"
    [ "$status" -eq 0 ]
    jq -e '.applied and .copies != "" and ([.findings[] | select(.severity == "stops-boot")] | length == 0)' <<<"$output"
    grep -q "nofail" "$BATS_TEST_TMPDIR/log"
}

@test "examine: --strict ends with 1 for any finding, also of one of several" {
    load faults
    broken network.card-pinned # a notice
    unb examine "$TREE"
    [ "$status" -eq 0 ]
    unb examine --strict "$TREE"
    [ "$status" -eq 1 ]
    unb examine --each --strict "$TREE"
    [ "$status" -eq 1 ]
    [[ $stderr == *"1 examined: 1 with findings, 0 that"* ]]
    unb examine --each "$TREE"
    [ "$status" -eq 0 ]
    [[ $stderr == *"1 examined: 0 with findings that stop the boot, 0 that"* ]]
    healthy_away
}
