#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain systemd
# Cgroups where the host has the unified hierarchy alone, and where its systemd makes a scope.

load ../../system/helpers

setup_file() {
    export TREE=$BATS_FILE_TMPDIR/tree
    "$FIXTURES/mini" "$TREE"
    ln -sf busybox "$TREE/bin/mkdir"
    ln -sf busybox "$TREE/bin/true"
}

has_systemd() {
    [ "$(cat /proc/1/comm)" = systemd ]
}

@test "v2-only host: a systemd of before 230 gets its own hierarchy" {
    imitation "$BATS_TEST_TMPDIR/old" 219 "$TREE"
    run ! grep -q name=systemd /proc/self/cgroup
    unb spawn -q -D "$BATS_TEST_TMPDIR/old" -P -b
    [ "$status" -eq 0 ]
    [ "$output" = "old systemd is up" ]
    run ! grep -q name=systemd /proc/self/cgroup
}

@test "v2-only host: the container's group is in a scope where systemd makes one" {
    "$UNBRICK" spawn -q -D "$TREE" -P sleep 1000 </dev/null 3>&- &
    PID=$!
    wait_for 20 pgrep -fx 'sleep 1000'
    run cat "/proc/$(pgrep -fx 'sleep 1000')/cgroup"
    echo "$output"
    if has_systemd; then
        [[ $output == *"/unbrick-tree-$PID.scope/payload" ]]
        [ "$(systemctl show -P Delegate "unbrick-tree-$PID.scope")" = yes ]
    else
        [[ $output == *"/unbrick-tree-$PID/payload" ]]
    fi
    kill -KILL "$PID"
    wait "$PID" || true
    assert_host_clean 20
    has_systemd || return 0
    wait_for 20 no_scope
    # Without one when that is asked for, and at the ordinary end nothing is left, too.
    unb spawn -q -D "$TREE" -P --keep-unit cat /proc/1/cgroup
    [ "$status" -eq 0 ]
    unb spawn -q -D "$TREE" -P true
    [ "$status" -eq 0 ]
    wait_for 20 no_scope
}

no_scope() {
    [ -z "$(systemctl list-units --all --no-legend 'unbrick-*.scope')" ]
}

teardown() {
    [ -z "${PID:-}" ] || kill -KILL "$PID" 2>/dev/null || true
    assert_host_clean 20
}

@test "v2-only host: Debian 11 to unstable reach the rescue prompt" {
    local suite
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
    for suite in bullseye trixie sid; do
        script 'stat -fc %T /sys/fs/cgroup; systemctl is-system-running'
        unb boot --read-only --run "$SCRIPT" "$("$FIXTURES/suite" "$suite")"
        [[ $output == cgroup2fs* ]]
    done
}
