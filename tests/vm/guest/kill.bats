#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# kill -9 where arrays, mappings and groups have just been made: what the kernel does not take back by
# itself is taken down by the keeper. The build with stops at its steps: UNBRICK_STEPS.

load ../../system/helpers
load storage

setup_file() {
    [ -x "${UNBRICK_STEPS:-}" ] || fail "UNBRICK_STEPS is no program"
    grep -q assembled-array "$UNBRICK_STEPS"
}

# LVM on LUKS on a mirror.
stack() {
    disk a 60M
    disk b 60M
    array 0 raid1 "$A" "$B"
    luks /dev/md/0 crypt
    lvm_group vg0 /dev/mapper/crypt root:40M
    mini /dev/vg0/root
    put_away
}

exists() {
    case $1 in
    assembled-array) grep -q ^md /proc/mdstat ;;
    assembled-luks) dmsetup ls | grep -q . ;;
    assembled-group) dmsetup ls | grep -q vg0-root ;;
    esac
}

@test "kill: at every layer, the supervisor" {
    local step pid file=$BATS_TEST_TMPDIR/stopped
    stack
    for step in assembled-array assembled-luks assembled-group; do
        rm -f "$file"
        UNBRICK_STOP_AT=$step UNBRICK_STOP_FILE=$file "$UNBRICK_STEPS" shell --key-file "$KEY" \
            a.img b.img -- true </dev/null >out 2>&1 3>&- &
        pid=$!
        wait_for 60 test -s "$file" || {
            cat out
            fail "the step $step is not reached"
        }
        exists "$step" || fail "at the step $step its resource is not there"
        kill -KILL "$pid"
        wait "$pid" || true
        wait_for 30 no_layers || fail "after $step something is left"
    done
    unb shell --key-file "$KEY" a.img b.img -- cat /etc/hostname
    [ "$output" = mini ]
}

@test "kill: the supervisor and the keeper: cleanup takes everything down" {
    local pid file=$BATS_TEST_TMPDIR/stopped
    stack
    UNBRICK_STOP_AT=assembled-group UNBRICK_STOP_FILE=$file "$UNBRICK_STEPS" shell --key-file "$KEY" \
        a.img b.img -- true </dev/null >out 2>&1 3>&- &
    pid=$!
    wait_for 60 test -s "$file"
    pkill -KILL -x unbrick-keeper
    kill -KILL "$pid"
    wait "$pid" || true
    sleep 1
    exists assembled-group
    unb cleanup
    [ "$status" -eq 0 ]
    no_layers
}
