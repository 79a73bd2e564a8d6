#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# --untrusted: boot, shell and spawn of a system that may have been prepared by an attacker.

load helpers

setup_file() {
    load helpers
    export TREE=$BATS_FILE_TMPDIR/tree
    "$FIXTURES/mini" "$TREE"
    mkdir "$TREE"/{mnt,srv}
    for applet in id mknod chown unshare head true nc; do
        ln -sf busybox "$TREE/bin/$applet"
    done
}

spawn() {
    unb spawn -q -D "$TREE" -P --untrusted "$@"
}

@test "untrusted: root inside is nobody outside, and owners on the disk are what they were" {
    chown 1:2 "$TREE/etc/hostname"
    spawn sh -c 'id -u; cat /proc/self/uid_map; stat -c "%u %g" /etc/passwd /etc/hostname'
    [[ ${lines[0]} == 0 ]]
    [[ ${lines[1]} == *2147483648*2147483647 ]]
    [ "${lines[2]}" = "0 0" ]
    [ "${lines[3]}" = "1 2" ]
    "$UNBRICK" spawn -q -D "$TREE" -P --untrusted sleep 1000 </dev/null 3>&- &
    PID=$!
    wait_for 5 pgrep -u 2147483648 -fx 'sleep 1000'
    kill "$PID"
    wait "$PID" || true
}

@test "untrusted: owners that have no place inside are nobody's, and their files closed to root" {
    local tree=$BATS_TEST_TMPDIR/tree img=$BATS_TEST_TMPDIR/disk.img
    cp -a "$TREE" "$tree"
    echo last >"$tree/last" && chown 2147483646:2147483646 "$tree/last" && chmod 600 "$tree/last"
    echo open >"$tree/open" && chown 2147483647:4294967294 "$tree/open"
    echo closed >"$tree/closed" && chown 3000000000:3000000000 "$tree/closed" && chmod 600 "$tree/closed"
    truncate -s 24M "$img"
    mke2fs -q -t ext4 -d "$tree" "$img"
    for target in "$tree" "$img"; do
        unb shell --untrusted "$target" -- sh -c 'stat -c "%u %g" /last /open /closed; cat /last /open /closed'
        [ "$status" -ne 0 ]
        [ "$output" = $'2147483646 2147483646\n65534 65534\n65534 65534\nlast\nopen' ]
        [[ $stderr == *"/closed"*"Permission denied"* ]]
        unb shell --read-only "$target" -- sh -c 'stat -c "%u %g" /open; cat /closed'
        [ "$output" = $'2147483647 4294967294\nclosed' ]
    done
}

@test "untrusted: the tree stays read-only, whatever root inside does" {
    local before
    before=$(manifest "$TREE")
    spawn sh -c 'touch /mark; mount -o remount,rw / && touch /mark; mount -t proc proc /mnt;
        umount /proc/sys; mount -o remount,bind,rw / && touch /mark; chown 0 /etc/hostname'
    [ "$status" -ne 0 ]
    [ "$before" = "$(manifest "$TREE")" ]
    # A bind mount neither, also when its owners are mapped.
    mkdir "$BATS_TEST_TMPDIR/share"
    spawn --bind-ro="$BATS_TEST_TMPDIR/share:/srv:idmap" \
        sh -c 'mount -o remount,bind,rw /srv; touch /srv/mark'
    [ "$status" -ne 0 ]
    [ ! -e "$BATS_TEST_TMPDIR/share/mark" ]
    spawn --bind="$BATS_TEST_TMPDIR/share:/srv:idmap" touch /srv/mark
    [ "$(stat -c %u "$BATS_TEST_TMPDIR/share/mark")" -eq 0 ]
    spawn --bind="$BATS_TEST_TMPDIR/share:/srv" touch /srv/other
    [ "$status" -ne 0 ]
}

@test "untrusted: with --ephemeral changes go to memory" {
    local before
    before=$(manifest "$TREE")
    spawn -x sh -c 'echo changed >/etc/hostname; rm /etc/fstab; mkdir /new; cat /etc/hostname; ls -d /new /etc/fstab'
    [ "${lines[0]}" = changed ]
    [ "${lines[1]}" = /new ]
    [ "$status" -ne 0 ]
    [ "$before" = "$(manifest "$TREE")" ]
}

@test "untrusted: no network, no device, no user namespace, no /proc of the host" {
    spawn sh -c 'ls /sys/class/net'
    [ "$output" = lo ]
    spawn sh -c 'mknod /run/disk b 254 0'
    [ "$status" -ne 0 ]
    spawn unshare -r true
    [ "$status" -ne 0 ]
    spawn sh -c 'echo 1 >/proc/sys/user/max_user_namespaces'
    [ "$status" -ne 0 ]
    spawn sh -c 'umount /proc/sys; echo 1 >/proc/sys/user/max_user_namespaces'
    [ "$status" -ne 0 ]
    spawn sh -c 'umount /proc/sys; cat /proc/sys/kernel/core_pattern; echo x >/proc/sys/kernel/core_pattern'
    [ "$status" -ne 0 ]
    spawn sh -c 'umount /proc/sysrq-trigger; echo h >/proc/sysrq-trigger'
    [ "$status" -ne 0 ]
}

@test "untrusted: what it shares is said" {
    unb spawn -D "$TREE" -P --untrusted true
    [[ $stderr == *"Shared with it: the kernel"* ]]
}

teardown() {
    [ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
    ! mountpoint -q "$BATS_TEST_TMPDIR/keep-merged" || umount "$BATS_TEST_TMPDIR/keep-merged"
    detach_all
    assert_host_clean 6
}

@test "untrusted: a file system that cannot map owners, in one sentence" {
    local lower=$BATS_TEST_TMPDIR/keep-lower merged=$BATS_TEST_TMPDIR/keep-merged
    mkdir "$lower" "$merged" "$BATS_TEST_TMPDIR/keep-more"
    cp -a "$TREE/." "$lower"
    mount -t overlay -o "lowerdir=$lower:$BATS_TEST_TMPDIR/keep-more" overlay "$merged"
    refused 1 "file system" spawn -D "$merged" -P --untrusted true
    refused 125 "file system" shell --untrusted "$merged" -- true
    script true
    refused 6 "file system" boot --untrusted --run "$SCRIPT" "$merged"
}

@test "untrusted: options that would open it again are refused" {
    refused 2 "exclude" boot --untrusted --network=host "$TREE"
    refused 125 "exclude" shell --untrusted --host-tools "$TREE"
    refused 1 "exclude" spawn --untrusted --network-namespace-path=/proc/self/ns/net
    refused 1 "exclude" spawn --untrusted --bind=/usr:/mnt:rootidmap
}

# A rescue prompt under the suite's own systemd, nothing written to the disk.
boots() {
    local tree
    tree=$("$FIXTURES/suite" "$1")
    script 'id -u; cat /proc/self/uid_map; systemctl is-system-running; ls /dev/disk; touch /etc/mark'
    unb boot --untrusted --run "$SCRIPT" "$tree"
    [ "$status" -ne 0 ] # of touch
    [ "${lines[0]}" = 0 ]
    [[ ${lines[1]} == *2147483648* ]]
    [[ $stderr == *"/dev/disk"* ]]
    [[ $stderr == *"Read-only file system"* ]]
    [ ! -e "$tree/etc/mark" ]
}

@test "untrusted: boot: Debian 11" { boots bullseye; }

@test "untrusted: boot: Debian 12" { boots bookworm; }

@test "untrusted: boot: Debian 13" { boots trixie; }

@test "untrusted: boot: Debian unstable" { boots sid; }

@test "untrusted: boot of an image: the banner says what is shared; the image is not changed" {
    local before
    image
    before=$(checksum "$IMG")
    run "$PTY" --timeout 60 expect:'trust.*nobody outside' expect:'owners.*2147483647' expect:'SHARED.*the kernel' expect:'# ' \
        'send:ls /dev/disk /dev/loop*; echo w >/root/x; exit\r' status:0 \
        -- "$UNBRICK" boot --untrusted "$IMG"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$before" = "$(checksum "$IMG")" ]
}

@test "untrusted: kill -9 leaves nothing" {
    local stopped=$BATS_TEST_TMPDIR/stopped step
    # Steps of ours alone: nobody outside may write down that a step inside is reached.
    for step in container-stub container-run; do
        rm -f "$stopped"
        UNBRICK_STOP_AT=$step UNBRICK_STOP_FILE=$stopped "$UNBRICK" spawn -q -D "$TREE" -P \
            --untrusted sleep 1000 </dev/null 3>&- &
        PID=$!
        wait_for 10 test -s "$stopped"
        kill -KILL "$PID"
        wait "$PID" || true
        kill -CONT "$(cat "$stopped")" 2>/dev/null || true
        assert_host_clean 10
    done
}

@test "untrusted: what enters a session has the ids, capabilities and filter of what runs there" {
    local go=$BATS_TEST_TMPDIR/go
    local look='sed -nE "/^(Uid|Gid|Groups|Cap[A-Z][a-z]+|NoNewPrivs|Seccomp|Seccomp_filters):/p" /proc/self/status
        cat /proc/self/uid_map /proc/self/gid_map'
    mkfifo "$go"
    "$UNBRICK" shell --untrusted "$TREE" -- sh -c "$look; echo up; read line" \
        <"$go" >"$BATS_TEST_TMPDIR/main" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    PID=$!
    exec {GO}>"$go"
    wait_for 20 grep -qx up "$BATS_TEST_TMPDIR/main" || cat "$BATS_TEST_TMPDIR/err"
    unb enter mini -- sh -c "$look"
    echo >&"$GO"
    exec {GO}>&-
    wait "$PID" || true
    [ "$status" -eq 0 ]
    [ "$output" = "$(grep -vx up "$BATS_TEST_TMPDIR/main")" ]
    [[ $output == *Seccomp:*2* ]]
    [[ $output == *2147483648* ]]
}
