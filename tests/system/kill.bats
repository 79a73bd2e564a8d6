#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# kill -9 at every step and of every process of ours: within seconds nothing is left, and the file
# systems are clean. The test build stops at the step that UNBRICK_STOP_AT names (base/step.h).

load helpers

# --- what must exist at a step --------------------------------------------------------------

# The processes of a session: the supervisor, and below it the keeper and the stub.
children() {
    cat "/proc/$1/task/$1/children" 2>/dev/null
}

named() {
    local pid
    for pid in $(our_processes); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && echo "$pid"
    done
    return 0
}

has_journal() { [ -s "/run/unbrick/$1/journal" ] || [ -e "/run/unbrick/$1/lock" ]; }
has_keeper() { [ -n "$(named unbrick-keeper)" ]; }
has_loop() { [ -n "$(our_loops)" ]; }
has_mount() { grep -q "/run/unbrick/$1/mnt" "/proc/$1/mountinfo"; }
has_cgroup() { [ -n "$(our_cgroups)" ]; }
has_checker() { pgrep -x e2fsck >/dev/null; }
has_container() { comm -13 "$BATS_TEST_TMPDIR/nested" <(nested_processes) | grep -q .; }

# exists STEP PID: a step may be looked for only where its resource is.
exists() {
    [ "$1" = keeper ] || has_journal "$2" || return 1
    case $1 in
    keeper) wait_for 2 has_keeper ;;
    session-journal | disk-held) has_keeper ;;
    disk-*) has_keeper && has_loop ;;
    check-*) has_keeper && has_loop && has_checker ;;
    patient-root | patient-mounted) has_keeper && has_loop && has_mount "$2" ;;
    container-cgroup) has_mount "$2" && has_cgroup ;;
    container-*) has_mount "$2" && has_cgroup && has_container ;;
    session-running) has_mount "$2" && has_container ;;
    *) return 1 ;; # a step that this test knows nothing of proves nothing
    esac
}

# A test that fails in the middle leaves no session to the next one.
teardown() {
    [ -z "${PID:-}" ] || kill -KILL "$PID" "${STOPPED:-$PID}" 2>/dev/null || true
    detach_all
    assert_host_clean 6
}

# --- the sweep --------------------------------------------------------------------------------

# start [STEP]: a session, in the background; PID is the supervisor. With a step, it stands there,
# and STOPPED is the process that stopped (it may be another one of ours).
start() {
    local file=$BATS_TEST_TMPDIR/stopped step=${1:-}
    rm -f "$file"
    script 'echo up; for i in 1 2 3; do echo $i >/root/file$i; done; sleep 300'
    UNBRICK_STOP_AT=$step UNBRICK_STOP_FILE=$file "$UNBRICK" boot --run "$SCRIPT" "$IMG" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null 3>&- &
    PID=$!
    if [ -n "$step" ]; then
        wait_for 30 test -s "$file" || {
            cat "$BATS_TEST_TMPDIR/err"
            fail "the step '$step' is not reached"
        }
        STOPPED=$(cat "$file")
    else
        wait_for 30 grep -q up "$BATS_TEST_TMPDIR/out" || {
            cat "$BATS_TEST_TMPDIR/err"
            fail "the session does not start"
        }
    fi
}

gone() {
    wait "$PID" 2>/dev/null || true
    assert_host_clean 6
    unb cleanup
    [ "$status" -eq 0 ]
    clean_or_replayable
}

# The kernel unmounts in order when the last process is gone: nothing is left to replay.
clean_or_replayable() {
    clean_ext "$IMG"
    clean_ext "$IMG" 2
}

# Something that the check corrects without asking: a wrong count of a file's blocks.
need_a_write() {
    local start size part=$BATS_TEST_TMPDIR/damaged
    read -r start size < <(part_range "$IMG")
    dd if="$IMG" of="$part" bs=1M skip=$((start >> 20)) count=$((size >> 20)) conv=sparse status=none
    debugfs -w -R 'set_inode_field /etc/fstab blocks 77' "$part"
    e2fsck -fn "$part" >/dev/null && fail "the damage is none"
    dd if="$part" of="$IMG" bs=1M seek=$((start >> 20)) conv=notrunc,sparse status=none
    rm "$part"
}

# Elsewhere are those that take another image or command (layers.bats, spawn.bats) or another kernel
# (tests/vm/guest/kill.bats); the visits' have a test of their own below.
steps() {
    grep -rhoE 'step_reached\("[a-z-]+"\)' "$BATS_TEST_DIRNAME/../../src" | cut -d'"' -f2 |
        grep -vE '^(layer|assembled|takeover|spawn|visit|look)-' | sort -u
}

@test "kill: the build knows steps" {
    [ "$(steps | wc -l)" -ge 5 ]
    grep -q "$(steps | head -n 1)" "$UNBRICK"
}

@test "kill: the supervisor, at every step" {
    local step
    image --boot
    for step in $(steps); do
        echo "step $step"
        case $step in check-*) need_a_write ;; esac
        start "$step"
        exists "$step" "$PID" || fail "at the step '$step' its resource is not there"
        kill -KILL "$PID"
        # A process of ours that stands still at the step itself is let go, as time would do.
        kill -CONT "$STOPPED" 2>/dev/null || true
        gone
    done
}

@test "kill: the process that stands at the step, whichever it is" {
    local step
    image --boot
    for step in $(steps); do
        case $step in check-*) need_a_write ;; esac
        start "$step"
        [ "$STOPPED" != "$PID" ] || {
            kill -KILL "$PID"
            wait "$PID" 2>/dev/null || true
            wait_for 6 nothing_left
            continue
        }
        echo "step $step, process $STOPPED"
        kill -KILL "$STOPPED"
        wait_for 15 ended "$PID" || fail "the supervisor goes on without it"
        gone
    done
}

ended() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

@test "kill: examine while it looks at a file system, and the process that looks" {
    local file=$BATS_TEST_TMPDIR/stopped victim
    image
    for victim in examine look; do
        rm -f "$file"
        UNBRICK_STOP_AT=look-child UNBRICK_STOP_FILE=$file "$UNBRICK" examine "$IMG" \
            >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
        PID=$!
        wait_for 30 test -s "$file"
        [ "$(awk '/^PPid:/ { print $2 }' "/proc/$(cat "$file")/status")" = "$PID" ]
        if [ $victim = examine ]; then
            kill -KILL "$PID"
            wait "$PID" || true
        else
            kill -KILL "$(cat "$file")"
            wait "$PID"
            grep "file system of / (ext4) was not checked" "$BATS_TEST_TMPDIR/out"
        fi
        gone
    done
}

@test "kill: boot while its faults are looked for, and the process that looks" {
    image --boot
    start look-faults
    [ "$STOPPED" != "$PID" ]
    kill -KILL "$PID"
    gone
    start look-faults
    kill -KILL "$STOPPED"
    wait_for 30 grep -q up "$BATS_TEST_TMPDIR/out"
    kill -TERM "$PID"
    gone
}

@test "kill: the supervisor while a script runs" {
    image --boot
    start
    has_container
    kill -KILL "$PID"
    gone
}

@test "kill: the keeper, then an orderly end" {
    image --boot
    start
    kill -KILL "$(named unbrick-keeper)"
    kill -TERM "$PID"
    wait_for 20 ended "$PID" || fail "it does not end without its keeper"
    gone
}

@test "kill: the keeper, then the supervisor; cleanup takes down the rest" {
    image --boot
    start
    kill -KILL "$(named unbrick-keeper)"
    kill -KILL "$PID"
    wait "$PID" 2>/dev/null || true
    sleep 1
    [ -z "$(our_processes)$(our_loops)" ] || {
        leftovers
        fail "processes or loops are left"
    }
    unb status
    [[ $output == *"left by a crash"* || $output == "Nothing is open." ]]
    unb cleanup
    [ "$status" -eq 0 ]
    gone
}

@test "kill: the stub: the session ends with a word about it" {
    local stub
    image --boot
    start
    stub=$(for pid in $(children "$PID"); do
        [ "$(cat "/proc/$pid/comm")" = unbrick-keeper ] || echo "$pid"
    done)
    [ -n "$stub" ]
    # shellcheck disable=SC2086
    kill -KILL $stub
    wait_for 15 ended "$PID" || fail "the supervisor goes on without it"
    status=0
    wait "$PID" || status=$?
    cat "$BATS_TEST_TMPDIR/err"
    [ "$status" -eq 1 ]
    gone
}

@test "kill: all processes of ours at once" {
    image --boot
    start
    # shellcheck disable=SC2046
    kill -KILL $(our_processes)
    wait "$PID" 2>/dev/null || true
    sleep 1
    unb cleanup
    [ "$status" -eq 0 ]
    gone
}

@test "kill: the patient's init" {
    local init
    image --boot
    start
    init=$(comm -13 "$BATS_TEST_TMPDIR/nested" <(nested_processes) | while read -r pid; do
        [ "$(cat "/proc/$pid/comm")" != systemd ] || grep -l '^NSpid:.*	1$' "/proc/$pid/status"
    done | cut -d/ -f3)
    [ -n "$init" ]
    kill -KILL "$init"
    wait_for 15 ended "$PID" || fail "the session goes on without an init"
    gone
}

@test "kill: a later run takes down what a crash left" {
    image --boot
    start
    # shellcheck disable=SC2046
    kill -KILL $(our_processes)
    wait "$PID" 2>/dev/null || true
    sleep 1
    script 'echo again'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [ "$output" = again ]
    assert_host_clean
    clean_or_replayable
}

@test "kill: while a shell's command runs" {
    image --boot
    "$UNBRICK" shell "$IMG" -- sh -c 'echo up; sleep 300' >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null \
        3>&- &
    PID=$!
    wait_for 30 grep -q up "$BATS_TEST_TMPDIR/out"
    kill -KILL "$PID"
    gone
}

# --- each of our processes, on a system so small that it is quick -----------------------------

# mini_image: one partition with a busybox, in IMG.
mini_image() {
    local tree=$BATS_TEST_TMPDIR/mini
    IMG=$BATS_TEST_TMPDIR/mini.img
    "$FIXTURES/mini" "$tree" mini1
    truncate -s 40M "$IMG"
    echo 'label: gpt
start=2048' | sfdisk -q "$IMG"
    mke2fs -q -t ext4 -E offset=$((2048 * 512)) -d "$tree" "$IMG" 36M
}

# start_mini STEP [COMMAND...]: as start; what runs there ignores everything.
start_mini() {
    local file=$BATS_TEST_TMPDIR/stopped step=$1
    rm -f "$file" "$BATS_TEST_TMPDIR/out"
    UNBRICK_STOP_AT=$step UNBRICK_STOP_FILE=$file "$UNBRICK" shell "$IMG" -- sh -c \
        'trap "" HUP INT TERM; echo up; while :; do sleep 1; done' \
        >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
    PID=$!
    if [ -n "$step" ] && [[ $step != visit-* ]]; then
        wait_for 30 test -s "$file" || fail "the step '$step' is not reached"
        STOPPED=$(cat "$file")
    else
        wait_for 30 grep -qs up "$BATS_TEST_TMPDIR/out" || fail "the session does not start"
        STOPPED=$PID
    fi
}

# The process WHO of the session of PID; nothing when there is none (yet).
process() {
    local pid
    case $1 in
    supervisor) echo "$PID" ;;
    keeper) named unbrick-keeper ;;
    visit) named unbrick-visit | head -n 1 ;;
    stub)
        for pid in $(children "$PID"); do
            case $(cat "/proc/$pid/comm") in unbrick-keeper | unbrick-visit) ;; *) echo "$pid" ;; esac
        done
        ;;
    init) for pid in $(process stub); do children "$pid"; done ;;
    esac
}

@test "kill: the keeper, the stub or the init, at every step" {
    local step who pid killed=0
    mini_image
    # Without a terminal there is no pty.
    for step in $(steps | grep -vE '^(check-|container-pty$)'); do
        for who in keeper stub init; do
            # The keeper is the same everywhere before the container; and after it, too.
            start_mini "$step"
            pid=$(process "$who")
            echo "step $step, $who ${pid:-is not there}"
            if [ -n "$pid" ]; then
                # shellcheck disable=SC2086
                kill -KILL $pid
                killed=$((killed + 1))
            fi
            kill -CONT "$STOPPED" 2>/dev/null || true
            if [ -z "$pid" ] || [ "$who" = keeper ]; then
                # It goes on without, and ends at the second time that it is asked to; two signals that
                # come before it looks are one.
                wait_for 15 eval 'kill -TERM "$PID" 2>/dev/null; ended "$PID"' || fail "it goes on"
            fi
            wait_for 15 ended "$PID" || fail "the supervisor goes on"
            wait "$PID" 2>/dev/null || true
            assert_host_clean 6
            [ -n "$pid" ] || break # what comes later is not there, either
        done
    done
    [ "$killed" -ge 15 ] || fail "only $killed were there"
    clean_ext "$IMG"
}

visit_is_stopped() {
    local pid
    pid=$(process visit)
    [ -n "$pid" ] && grep -q '^State:	T' "/proc/$pid/status"
}

# enter_until_frozen: in the background, VISITOR; it stops while the container is frozen.
enter_until_frozen() {
    "$UNBRICK" enter "$PID" -- cat /etc/hostname >"$BATS_TEST_TMPDIR/visitor" 2>&1 </dev/null 3>&- &
    VISITOR=$!
    wait_for 20 visit_is_stopped || fail "nobody enters: $(cat "$BATS_TEST_TMPDIR/visitor")"
}

@test "kill: while somebody enters and the container is frozen" {
    local who
    mini_image
    for who in supervisor keeper stub init visit; do
        start_mini visit-frozen
        enter_until_frozen
        # shellcheck disable=SC2046
        kill -KILL $(process $who)
        if [ $who = visit ] || [ $who = keeper ]; then
            # The session goes on, and is frozen no more.
            [ $who = visit ] || kill -CONT "$(process visit)"
            wait $VISITOR || true
            enter_until_frozen
            kill -CONT "$(process visit)"
            wait $VISITOR
            [ "$(cat "$BATS_TEST_TMPDIR/visitor")" = mini1 ] || fail "after the $who"
            unb stop --kill "$PID"
            [ "$status" -eq 0 ]
        fi
        wait_for 15 ended "$PID" || fail "the supervisor goes on without its $who"
        wait "$PID" $VISITOR 2>/dev/null || true
        assert_host_clean 6
    done
    clean_ext "$IMG"
}

@test "kill: asked to stop while the container starts, and that stands still" {
    local status=0
    mini_image
    start_mini container-root
    kill -TERM "$PID"
    wait_for 10 ended "$PID" || fail "it waits for the container"
    wait "$PID" || status=$?
    [ "$status" -eq 143 ] || fail "status $status"
    assert_host_clean 6
    clean_ext "$IMG"
}

# --- an init that does not want to end (tests/hostile-init) ----------------------------------------

# start_hostile MODE: a session of spawn in the background.
start_hostile() {
    local tree=$BATS_TEST_TMPDIR/hostile init
    init=$(realpath "${HOSTILE_INIT:-$BATS_TEST_DIRNAME/../../build-test/tests/hostile-init}")
    if [ ! -d "$tree" ]; then
        "$FIXTURES/mini" "$tree" hostile1
        rm "$tree/sbin/init"
        cp "$init" "$tree/sbin/init"
    fi
    rm -f "$BATS_TEST_TMPDIR/out"
    "$UNBRICK" spawn -q -D "$tree" --boot -- "$1" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
    PID=$!
    # It hangs its console up at once, and what it said before that may be lost with it.
    wait_for 20 grep -qsE 'up|lqqqk' "$BATS_TEST_TMPDIR/out" || fail "it does not start"
}

@test "kill: with an init that is deaf, forks for ever, holds the console, mounts over everything" {
    local mode who
    for mode in deaf forks console mounts; do
        for who in supervisor stub keeper all; do
            start_hostile $mode
            echo "$mode, $who"
            case $who in
            all)
                # shellcheck disable=SC2046
                kill -KILL $(our_processes)
                wait_for 10 eval '"$UNBRICK" cleanup >/dev/null 2>&1 && nothing_left'
                ;;
            keeper)
                kill -KILL "$(process keeper)"
                unb stop --kill "$PID"
                [ "$status" -eq 0 ]
                ;;
            *) kill -KILL "$(process $who)" ;;
            esac
            wait_for 15 ended "$PID" || fail "the supervisor goes on"
            wait "$PID" 2>/dev/null || true
            assert_host_clean 8
        done
    done
}

@test "kill: the ways to leave such an init, the terminal as before" {
    local tree=$BATS_TEST_TMPDIR/hostile mode shows
    start_hostile deaf
    unb stop --kill "$PID"
    [ "$status" -eq 0 ]
    wait "$PID" || true
    # Who enters is not kept from it, nor in it.
    start_hostile forks
    unb enter "$PID" -- cat /etc/hostname
    [ "$output" = hostile1 ]
    kill -TERM "$PID"
    sleep 0.3
    kill -TERM "$PID" 2>/dev/null || true # it may have ended at the first
    wait_for 15 ended "$PID"
    wait "$PID" || true
    assert_host_clean 6
    while read -r mode shows; do
        run "$PTY" expect:"$shows" raw:yes 'send:\x1d\x1d\x1d' pause:0.3 'send:\x1d\x1d\x1d' status:1 -- \
            "$UNBRICK" spawn -q -D "$tree" --boot -- "$mode"
        [ "$status" -eq 0 ] || fail "${output: -2000}"
        [[ $output != *$'\e[c'* && $output != *$'\e]0;'* ]]
        [[ $mode = mounts || $output == *$'\e[?1049l'* ]]
        assert_host_clean 6
    done <<'END'
console lqqqk
mounts up
END
}
