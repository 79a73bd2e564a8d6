#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts for --all: hybrid legacy
# A host whose systemd uses the cgroup hierarchies of version 1, with that of version 2 beside them or
# without: what Debian 10, RHEL 8 and Ubuntu 20.04 boot with.

load ../../system/helpers

setup_file() {
    export TREE=$BATS_FILE_TMPDIR/tree
    "$FIXTURES/mini" "$TREE"
    for applet in mknod head true mkdir rmdir cat readlink; do
        ln -sf busybox "$TREE/bin/$applet"
    done
}

teardown() {
    [ -z "${PID:-}" ] || kill -KILL "$PID" 2>/dev/null || true
    assert_host_clean 20
    wait_for 20 no_scope
}

no_scope() {
    [ -z "$(systemctl list-units --all --no-legend 'unbrick-*.scope')" ]
}

@test "v1 host: it is one" {
    [ "$(cat /proc/1/comm)" = systemd ]
    [ "$(stat -fc %T /sys/fs/cgroup)" = tmpfs ]
    grep -q ':name=systemd:' /proc/self/cgroup
    mountpoint /sys/fs/cgroup/memory
}

# Without version 2 a scope would say nothing about the container's own groups (docs/container.md).
@test "v1 host: the container's groups are in a scope that systemd makes, where there is version 2" {
    "$UNBRICK" spawn -q -D "$TREE" -P sleep 1000 </dev/null 3>&- &
    PID=$!
    wait_for 20 pgrep -fx 'sleep 1000'
    run cat "/proc/$(pgrep -fx 'sleep 1000')/cgroup"
    echo "$output"
    grep -E ':devices:.*unbrick-tree-'"$PID" <<<"$output"
    if [ -d /sys/fs/cgroup/unified ]; then
        grep -E ':name=systemd:.*/unbrick-tree-'"$PID"'[.]scope(/|$)' <<<"$output"
        grep -E '^0::.*/unbrick-tree-'"$PID"'[.]scope/payload' <<<"$output"
        [ "$(systemctl show -P Delegate "unbrick-tree-$PID.scope")" = yes ]
    else
        no_scope
    fi
    kill -KILL "$PID"
    wait "$PID" || true
    assert_host_clean 20
    wait_for 20 no_scope
    unb spawn -q -D "$TREE" -P --keep-unit cat /proc/1/cgroup
    [ "$status" -eq 0 ]
    unb spawn -q -D "$TREE" -P true
    [ "$status" -eq 0 ]
}

@test "v1 host: devices stay closed, and the payload's groups are its own" {
    unb spawn -q -D "$TREE" -P sh -c 'mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo own
        mknod /dev/mem c 1 1 && head -c1 /dev/mem'
    [ "$status" -ne 0 ]
    [[ $stderr == *"not permitted"* ]]
    # On a host without version 2 there is a new mount of it.
    [ "$output" = own ]
}

@test "v1 host: a systemd of before 230 gets its own hierarchy" {
    imitation "$BATS_TEST_TMPDIR/old" 219 "$TREE"
    unb spawn -q -D "$BATS_TEST_TMPDIR/old" -P -b
    [ "$status" -eq 0 ]
    [ "$output" = "old systemd is up" ]
}

@test "v1 host: Debian 11 to unstable reach the rescue prompt" {
    local suite
    for suite in bullseye bookworm trixie sid; do
        script 'stat -fc %T /sys/fs/cgroup; systemctl is-system-running'
        unb boot --read-only --run "$SCRIPT" "$("$FIXTURES/suite" "$suite")"
        [[ $output == cgroup2fs* ]]
    done
}
