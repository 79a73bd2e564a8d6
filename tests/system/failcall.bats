#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# System calls that are missing or fail (tests/failcall/failcall.c), on the release build too: what has
# another way goes it, everything else ends in one sentence, and nothing is left or quietly weaker.

load helpers

setup_file() {
    local root=$BATS_TEST_DIRNAME/../.. applet
    FAILCALL=$(realpath "${FAILCALL:-$root/build-test/tests/failcall}")
    RELEASE=$(realpath "${RELEASE:-$root/build/unbrick}")
    export FAILCALL RELEASE BUILDS="$RELEASE $UNBRICK" MINI=$BATS_FILE_TMPDIR/mini MINI_IMG=$BATS_FILE_TMPDIR/mini.img
    "$FIXTURES/mini" "$MINI" mini1
    for applet in $(busybox --list); do
        [ "$applet" = busybox ] || ln -sf busybox "$MINI/bin/$applet"
    done
    # What a payload sees of its container: mounts, privileges, descriptors, devices.
    cat >"$MINI/facts" <<'END'
cut -d" " -f5,6 /proc/self/mountinfo | sort
grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status
ls /proc/self/fd /dev | sed "s/loop.*/loop/"
cat /proc/self/cgroup
mknod /dev/other c 10 237 && sh -c ": </dev/other" 2>&1
cat /etc/hostname
END
    truncate -s 24M "$MINI_IMG"
    mke2fs -q -t ext4 -d "$MINI" "$MINI_IMG"
}

# failing RULE ARGUMENT...: unbrick, with that rule of failcall.
failing() {
    local rule=$1
    shift
    run --separate-stderr timeout -k 5 60 "$FAILCALL" "$rule" -- "$UNBRICK" "$@" </dev/null
    report_run "[$rule]" "$@"
    [[ $status -ne 124 && $status -ne 137 ]] || fail "$rule: it hangs" || return 1
    [[ $stderr != *Sanitizer* && $status -ne 99 ]] || fail "$rule: a sanitizer reported"
}

@test "failcall: fails what it is told to, and nothing else" {
    cat >"$BATS_TEST_TMPDIR/program" <<'END'
import fcntl, os, subprocess, sys
os.chdir(sys.argv[1])
here = os.open(".", os.O_RDONLY)
def attempt(what):
    try:
        what()
        return "ok"
    except OSError as e:
        return os.strerror(e.errno)
print(*[attempt(lambda: os.mkdir(f"{i}", dir_fd=here)) for i in range(3)], sep=",")
print(attempt(lambda: open("cgroup.kill", "w")), attempt(lambda: open("cgroup.kills", "w")), sep=",")
print(attempt(lambda: fcntl.ioctl(here, 0x4C0A)), attempt(lambda: fcntl.ioctl(here, 0x4C82)), sep=",")
END
    run "$FAILCALL" mkdirat:2=EIO cgroup.kill=EROFS LOOP_CONFIGURE=ENOSYS -- \
        python3 "$BATS_TEST_TMPDIR/program" "$BATS_TEST_TMPDIR"
    echo "$output"
    [ "${lines[0]}" = "ok,Input/output error,ok" ]
    [ "${lines[1]}" = "Read-only file system,ok" ]
    [ "${lines[2]}" = "Function not implemented,Inappropriate ioctl for device" ]
    mkdir "$BATS_TEST_TMPDIR/mapper"
    touch "$BATS_TEST_TMPDIR"/{mapper/,mapper/a,}control
    ln -s /bin/true "$BATS_TEST_TMPDIR/lvm"
    run "$FAILCALL" mapper/control=ENXIO lvm:2=ENOMEM DM_DEV_CREATE=EBUSY -- python3 -c '
import fcntl, subprocess, sys
def attempt(what):
    try:
        what()
        return "ok"
    except OSError as e:
        return e.strerror
d = sys.argv[1]
print(*[attempt(lambda: open(f"{d}/{name}")) for name in ("mapper/control", "mapper/acontrol", "control")], sep=",")
print(*[attempt(lambda: subprocess.run([f"{d}/lvm"])) for i in range(3)], sep=",")
print(*[attempt(lambda: fcntl.ioctl(0, request)) for request in (0xC138FD03, 0xC138FD04)], sep=",")' \
        "$BATS_TEST_TMPDIR" </dev/null
    echo "$output"
    [ "${lines[0]}" = "No such device or address,ok,ok" ]
    [ "${lines[1]}" = "ok,Cannot allocate memory,ok" ]
    [ "${lines[2]}" = "Device or resource busy,Inappropriate ioctl for device" ]
    # Counted over what the command starts.
    FAILCALL_COUNT=$BATS_TEST_TMPDIR/count run "$FAILCALL" mkdirat:3=EIO -- sh -c \
        'for i in a b c d; do python3 -c "import os, sys; os.mkdir(sys.argv[1], dir_fd=os.open(sys.argv[2], 0))" $i '"$BATS_TEST_TMPDIR"' 2>/dev/null || echo $i; done'
    [ "$output" = c ]
    [ "$(cat "$BATS_TEST_TMPDIR/count")" = 4 ]
    run "$FAILCALL" fsopen=EPERM -- sh -c 'exit 7'
    [ "$status" -eq 7 ]
    for wrong in nothing=EIO fsopen fsopen=WRONG fsopen:0=EIO fsopen:x=EIO; do
        run "$FAILCALL" "$wrong" -- true
        [ "$status" -eq 70 ] || fail "$wrong was taken"
    done
}

@test "failcall: a kernel that is too old is named, before anything is done" {
    local call
    for UNBRICK in $BUILDS; do
        for call in openat2 open_tree fsopen move_mount mount_setattr clone3 pidfd_open close_range; do
            failing "$call=ENOSYS" shell "$MINI_IMG" -- true
            [ "$status" -eq 125 ]
            assert_one_sentence
            [[ $stderr == *"no $call(2)"*"Linux 5.12"* ]]
            done
        failing openat2=ENOSYS list "$MINI_IMG"
        [ "$status" -eq 6 ]
        failing openat2=ENOSYS spawn -D "$MINI" --pipe true
        [ "$status" -eq 1 ]
        failing mount_setattr=ENOSYS list --json "$MINI_IMG"
        jq -e '.reason == "kernel-too-old" and .status == 6' <<<"$output"
    done
}

@test "failcall: what has another way goes it, and says so where it is weaker" {
    for UNBRICK in $BUILDS; do
        # Keys are a kernel's choice; everything of a session dies with its stub, also without cgroup.kill.
        for rule in keyctl=ENOSYS cgroup.kill=ENOENT; do
            failing "$rule" shell "$MINI_IMG" -- cat /etc/hostname
            [ "$status" -eq 0 ]
            [ "$output" = mini1 ]
            [ -z "$stderr" ]
        done
        # The old hierarchy's device policy in place of a program; where there is none, too, a word.
        failing bpf=EPERM shell "$MINI" -- sh /facts
        [ "$status" -eq 0 ]
        [[ $output == *"other: Operation not permitted"* || $stderr == "warning: This kernel"* ]]
        for rule in LOOP_CONFIGURE=EINVAL LOOP_CONFIGURE=EPERM LOOP_CTL_GET_FREE=ENOENT; do
            failing "$rule" shell "$MINI_IMG" -- true
            [ "$status" -eq 125 ]
            assert_one_sentence
            [[ $stderr == *"loop device"* ]]
        done
    done
}

@test "failcall: who enters is under the device policy of the old hierarchy, too" {
    local pid job
    "$FAILCALL" bpf=EPERM -- "$RELEASE" shell "$MINI" -- sh -c 'echo up; read line' \
        >"$BATS_TEST_TMPDIR/out" 2>&1 < <(sleep 60) 3>&- &
    job=$!
    wait_for 10 grep -qs up "$BATS_TEST_TMPDIR/out"
    pid=$(pgrep -P $job unbrick | head -n 1)
    unb enter "$pid" -- sh /facts
    [[ $output == *"other: Operation not permitted"* ]] ||
        grep -q 'warning: This kernel' "$BATS_TEST_TMPDIR/out"
    unb stop "$pid"
    [ "$status" -eq 0 ]
    wait $job || true
}

@test "failcall: kill -9 without cgroup.kill, or with a keeper that has no close_range, leaves nothing" {
    local rule
    for UNBRICK in $BUILDS; do
        for rule in cgroup.kill=ENOENT close_range:2=EIO; do
            "$FAILCALL" "$rule" -- "$UNBRICK" shell "$MINI_IMG" -- \
                sh -c 'trap "" HUP INT TERM; echo up; while :; do sleep 1; done' \
                >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
            wait_for 20 grep -q up "$BATS_TEST_TMPDIR/out"
            # shellcheck disable=SC2046
            kill -KILL $(for pid in $(our_processes); do
                [ "$(cat "/proc/$pid/comm")" != unbrick ] || echo "$pid"
            done)
            wait $! || true
            assert_host_clean 6
            rm "$BATS_TEST_TMPDIR/out"
        done
    done
}

# Which call, with which error, and how often it is tried: 1 is each time.
SWEPT=(openat2=EACCES:7 fsopen=EPERM:3 fsmount=ENOMEM:4 fsconfig=EINVAL:9 move_mount=EBUSY:5
    open_tree=EMFILE:4 mount_setattr=EPERM:4 clone3=EAGAIN:1 pidfd_open=EMFILE:1 close_range=EINVAL:1
    unshare=EPERM:1 mount=EPERM:1 umount2=EBUSY:1 pivot_root=EPERM:1 socketpair=EMFILE:1
    mkdirat=ENOSPC:4 signalfd4=EMFILE:1 keyctl=EACCES:1)

# Of what a payload saw: without its own cgroup it can be as safe as with it.
safety() {
    grep -v -e '^[0-9]*:' -e '^/sys/fs/cgroup' <<<"$1"
}

# sweep ARGUMENT...: for each call of the table and each N, the N-th one fails. It ends in one sentence, or
# the container is exactly what it is otherwise.
sweep() {
    local row call error step n expected runs=0
    unb "$@"
    expected=$output
    for row in "${SWEPT[@]}"; do
        IFS='=:' read -r call error step <<<"$row"
        [ -z "${UNBRICK_TEST_ALL:-}" ] || step=1
        for ((n = 1; n < 200; n += step)); do
            export FAILCALL_COUNT=$BATS_TEST_TMPDIR/count
            failing "$call:$n=$error" "$@" >"$BATS_TEST_TMPDIR/report"
            [ "$(cat "$FAILCALL_COUNT")" -ge "$n" ] || break
            runs=$((runs + 1))
            if [ "$status" -eq 0 ]; then
                [[ $stderr == *"warning: "* ]] || diff <(safety "$expected") <(safety "$output") ||
                    fail "weaker without a word: $call:$n"
            else
                assert_one_sentence || fail "$call:$n"
            fi || {
                cat "$BATS_TEST_TMPDIR/report"
                return 1
            }
        done
    done
    echo "$runs runs"
    [ "$runs" -gt 40 ]
}

@test "failcall: each call fails once, in spawn" {
    UNBRICK=$RELEASE sweep spawn -D "$MINI" --pipe sh /facts
}

@test "failcall: each call fails once, in shell, on an image" {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
    # Its messages are stderr's first lines where a note comes before.
    assert_one_sentence() {
        [[ $stderr == *"unbrick: "* && $(grep -c . <<<"$stderr") -le 4 ]] || fail "what went wrong?"
    }
    UNBRICK=$RELEASE sweep shell "$MINI_IMG" -- sh /facts
}

@test "failcall: each call fails once, in enter" {
    local row call error n pid job failures out=$BATS_TEST_TMPDIR/out
    for row in setns=EPERM:1 clone3=EAGAIN:4 clone3=EAGAIN:5 openat2=EACCES:1 socketpair=EMFILE:3 \
        pidfd_open=EMFILE:3 keyctl=EACCES:2 mkdirat=ENOSPC:40 cgroup.freeze=EPERM:1; do
        IFS='=:' read -r call error n <<<"$row"
        [ "$call" = cgroup.freeze ] || call=$call:$n
        rm -f "$out"
        "$FAILCALL" "$call=$error" -- "$RELEASE" shell "$MINI" -- sh -c 'echo up; read line' \
            >"$out" 2>&1 < <(sleep 60) 3>&- &
        job=$!
        wait_for 10 eval 'grep -qs up "$out" || ! kill -0 $job 2>/dev/null'
        if grep -q up "$out"; then
            pid=$(pgrep -P $job unbrick | head -n 1)
            failures=0
            for _ in 1 2 3; do
                unb enter "$pid" -- cat /etc/hostname
                [[ ($status -eq 0 && $output == mini1) || $status -eq 125 ]] ||
                    fail "$row: status $status" || return 1
                [ "$status" -eq 0 ] || assert_one_sentence
                [ "$status" -eq 0 ] || failures=$((failures + 1))
            done
            # It goes on, and everything inside is alive.
            [ "$failures" -le 1 ] || [ "$call" = cgroup.freeze ] || fail "$row: again and again"
            unb stop "$pid"
            [ "$status" -eq 0 ]
        fi
        wait $job || true
        assert_host_clean
    done
}
