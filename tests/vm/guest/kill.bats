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

# --- the sweep: each layout with the steps that only it has ---------------------------------------

linear() {
    disk a 60M
    lvm_group vg0 "$A" root:40M
    mini /dev/vg0/root
}

mirror() {
    disk a 60M
    disk b 60M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
    put_away
}

# as_before: what stood before the session does again, and nothing else.
as_before() {
    standing | diff before-session -
}

# ended PID
ended() {
    ! kill -0 "$1" 2>/dev/null
}

no_keeper() {
    ! pgrep -x unbrick-keeper >/dev/null
}

# struck STEP VICTIM ARGUMENT...: a session with these arguments stands at the step when the victim is
# killed: supervisor: the keeper takes all down, unasked; both: cleanup does; keeper, daemon (of a layer):
# the session goes on, and ends with the status in STATUS.
struck() {
    local step=$1 victim=$2 pid file=$BATS_TEST_TMPDIR/stopped
    shift 2
    echo "--- $victim at $step, $*"
    standing >before-session
    rm -f "$file"
    env -u DM_DISABLE_UDEV UNBRICK_STOP_AT="$step" UNBRICK_STOP_FILE="$file" "$UNBRICK_STEPS" shell \
        --key-file "$KEY" "$@" -- cat /etc/hostname </dev/null >out 2>&1 3>&- &
    pid=$!
    wait_for 60 test -s "$file" || {
        cat out
        fail "the step $step is not reached"
    }
    case $victim in
    both | keeper) pkill -KILL -x unbrick-keeper ;;
    daemon) pkill -KILL -x qemu-storage-da ;;
    esac
    case $victim in
    both | supervisor) kill -KILL "$pid" "$(cat "$file")" 2>/dev/null || true ;;
    *) kill -CONT "$(cat "$file")" ;;
    esac
    wait_for 60 ended "$pid" || fail "the session does not end"
    STATUS=0
    wait "$pid" || STATUS=$?
    wait_for 30 no_keeper || fail "the keeper does not come to its end"
    if [ "$victim" = both ]; then
        unb cleanup
        [ "$status" -eq 0 ]
    fi
    wait_for 5 as_before || fail "something is left"
    assert_host_clean 5 || {
        cat out
        return 1
    }
    unb cleanup
    [[ $stderr == "Nothing was left behind."* ]] || fail "there was something left for cleanup"
}

# works ARGUMENT...: a session does, and nothing is left.
works() {
    unb shell --key-file "$KEY" "$@" -- cat /etc/hostname
    [ "$status" -eq 0 ]
    [ "$output" = mini ]
    as_before
}

@test "kill: a logical volume, linear, at each of its steps" {
    slow
    linear
    put_away
    unchanged a.img struck assembled-group supervisor a.img
    unchanged a.img struck assembled-group both --read-only a.img
    unchanged a.img struck assembled-group keeper --read-only a.img
    [ "$STATUS" -eq 0 ]
    struck assembled-undone supervisor a.img
    struck assembled-undone both a.img
    works a.img
}

@test "kill: a logical volume, thin, at each of its steps" {
    slow
    disk a 100M
    pvcreate -qq "$A"
    vgcreate -qq vg0 "$A"
    lvcreate -qq -y -n pool --type thin-pool -L 60M vg0
    lvcreate -qq -y -n root -V 40M --thinpool pool vg0
    mini /dev/vg0/root
    put_away
    struck assembled-group supervisor a.img
    struck assembled-group both a.img
    struck assembled-undone supervisor a.img
    struck assembled-undone both a.img
    works a.img
}

@test "kill: a LUKS volume under the name of its crypttab" {
    slow
    disk a 60M
    luks "$A" secret
    mkdir -p extra/etc
    echo "cr_root UUID=$(blkid -o value -s UUID "$A") none luks" >extra/etc/crypttab
    mini /dev/mapper/secret "/dev/mapper/cr_root / ext4 defaults 0 1"
    put_away
    unchanged a.img struck assembled-luks both a.img
    struck assembled-name supervisor a.img
    struck assembled-name both a.img
    struck assembled-undone supervisor a.img
    works a.img
}

@test "kill: a mirror, and the layers below and above it" {
    slow
    mirror
    struck assembled-array both a.img b.img
    struck assembled-undone supervisor a.img b.img
    unchanged a.img struck layer-daemon supervisor --read-only a.img b.img
    unchanged a.img struck layer-daemon both --read-only a.img b.img
    unchanged a.img struck assembled-array both --read-only a.img b.img
    works a.img b.img
}

@test "kill: the daemon of a layer" {
    slow
    linear
    put_away
    unchanged a.img struck assembled-group daemon --read-only a.img
    [ "$STATUS" -ne 0 ]
    unchanged a.img struck session-running daemon --read-only a.img
    unchanged a.img struck assembled-undone daemon --read-only a.img
    works a.img
}

@test "kill: teardown of a stack after its first layer, and the keeper alone" {
    slow
    stack
    struck assembled-undone supervisor a.img b.img
    struck assembled-undone both a.img b.img
    struck assembled-luks keeper a.img b.img
    [ "$STATUS" -eq 0 ]
    struck session-running keeper a.img b.img
    [ "$STATUS" -eq 0 ]
    works a.img b.img
}

# copied: a.img is a copy of what the host uses.
copied() {
    linear
    put_away
    cp a.img host.img
    attach host.img
    vgchange -qq -ay vg0
    mkdir host
    mount /dev/vg0/root host
    remember_host
}

is_in_use() {
    [ "$(cat host/etc/hostname)" = mini ]
    umount host
}

@test "kill: the copy of a group that is in use on the host: its metadata" {
    slow
    copied
    unchanged a.img struck assembled-group-copy supervisor a.img
    unchanged a.img struck assembled-group-copy both a.img
    is_in_use
}

@test "kill: the copy of a group that is in use on the host: its stand-ins" {
    slow
    copied
    unchanged a.img struck assembled-stand-in supervisor a.img
    unchanged a.img struck assembled-stand-in both a.img
    is_in_use
}

@test "kill: the copy of a group that is in use on the host: its teardown" {
    slow
    copied
    struck assembled-undone both a.img
    works a.img
    is_in_use
}

@test "kill: a group that the host had activated by itself is its again" {
    slow
    linear
    sync
    remember_host
    struck takeover-taken supervisor --yes "$A"
    struck takeover-taken both --yes "$A"
    struck assembled-group supervisor --yes "$A"
    struck assembled-undone both --yes "$A"
    struck session-running keeper --yes "$A"
    works --yes "$A"
}

@test "kill: the copy of an array that is in use on the host" {
    slow
    mirror
    cp a.img c.img
    cp b.img d.img
    attach c.img
    local one=$DEV
    attach d.img
    mdadm --assemble --run /dev/md/0 "$one" "$DEV" 2>/dev/null
    mkdir host
    mount /dev/md/0 host
    remember_host
    struck assembled-array supervisor a.img b.img
    struck assembled-array both a.img b.img
    struck assembled-undone both a.img b.img
    works a.img b.img
    is_in_use
}

@test "kill: an array that the host had started by itself is its again" {
    slow
    disk a 60M
    disk b 60M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
    sync
    remember_host
    struck takeover-taken supervisor --yes "$A" "$B"
    struck takeover-taken both --yes "$A" "$B"
    struck assembled-undone both --yes "$A" "$B"
    works --yes "$A" "$B"
}
