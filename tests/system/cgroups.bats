#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Cgroups on hosts of every kind, for payloads of every age. tests/vm/guest/cgroups.bats is the other
# half: a host with the unified hierarchy alone, and one with systemd.

load helpers

setup_file() {
    load helpers
    export TREE=$BATS_FILE_TMPDIR/tree
    "$FIXTURES/mini" "$TREE"
    for applet in mknod head true mkdir rmdir readlink; do
        ln -sf busybox "$TREE/bin/$applet"
    done
    imitation "$TREE" 219
}

# without WHERE COMMAND...: in a mount namespace in which that hierarchy cannot be seen.
without() {
    # shellcheck disable=SC2016 # for the inner shell
    run --separate-stderr unshare -m sh -c '
        ! mountpoint -q "$0" || umount "$0"
        exec "$@"' "$@" </dev/null
    report_run "$@"
}

@test "cgroups: a systemd of before 230 gets its own hierarchy, and no other does" {
    unb spawn -q -D "$TREE" -P -b
    [ "$status" -eq 0 ]
    [ "$output" = "old systemd is up" ]
    # The imitation is one: where it does not find the hierarchy it does not start.
    imitation "$BATS_TEST_TMPDIR/newer" 230 "$TREE"
    unb spawn -q -D "$BATS_TEST_TMPDIR/newer" -P -b
    [ "$status" -eq 1 ]
    [[ $output == "Failed to mount cgroup"* ]]
}

@test "cgroups: the same without trust" {
    unb spawn -q -D "$TREE" -P -b --untrusted
    [ "$status" -eq 0 ]
    [ "$output" = "old systemd is up" ]
}

@test "cgroups: on a host without the unified hierarchy" {
    without /sys/fs/cgroup/unified "$UNBRICK" spawn -q -D "$TREE" -P sh -c \
        'readlink /proc/self/ns/cgroup; mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo own
        mknod /dev/mem c 1 1 && head -c1 /dev/mem'
    [ "$status" -ne 0 ]
    [ "${lines[0]}" != "$(readlink /proc/self/ns/cgroup)" ]
    [ "${lines[1]}" = own ]
    [[ $stderr == *"not permitted"* ]]
}

# boots SUITE: the rescue prompt's script on a host without the unified hierarchy.
boots() {
    BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR tree "$1"
    script 'systemctl is-system-running; stat -fc %T /sys/fs/cgroup'
    without /sys/fs/cgroup/unified "$UNBRICK" boot --run "$SCRIPT" "$BATS_TEST_TMPDIR/tree"
    [ "$status" -eq 0 ]
    [[ $output == *cgroup2fs ]]
}

@test "cgroups: Debian 11 on a host without the unified hierarchy" { boots bullseye; }

@test "cgroups: Debian unstable on a host without the unified hierarchy" { boots sid; }

@test "cgroups: Debian 12 and 13 on a host without the unified hierarchy" {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
    boots bookworm
    rm -rf "$BATS_TEST_TMPDIR/tree"
    boots trixie
}

@test "cgroups: where the kernel takes no program, the old hierarchy keeps devices closed" {
    [ -d /sys/fs/cgroup/devices ] || skip "this host has no old hierarchy"
    local try='head -c1 /dev/null && echo null; mknod /dev/mem c 1 1 && head -c1 /dev/mem'
    run --separate-stderr "$FIXTURES/../system/refuse-call.py" bpf "$UNBRICK" spawn -q -D "$TREE" -P \
        sh -c "$try" </dev/null
    [ "$output" = null ]
    [[ $stderr == *"not permitted"* ]]
    [[ $stderr != *"no devices closed"* ]]
}

@test "cgroups: kill -9 leaves none in any hierarchy" {
    sed -i 's/^exit 0/sleep 1000/' "$TREE/usr/lib/systemd/systemd"
    "$UNBRICK" spawn -q -D "$TREE" -P -b </dev/null >"$BATS_TEST_TMPDIR/out" 3>&- &
    PID=$!
    wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
    [ "$(our_cgroups | wc -l)" -ge 2 ]
    kill -KILL "$PID"
    wait "$PID" || true
    assert_host_clean 10
}
