#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sessions that are open: enter, stop, status, and what becomes of one whose terminal is lost.

load helpers

setup_file() {
    export TREE=$BATS_FILE_TMPDIR/tree
    make_tree "$TREE" mini1
}

make_tree() {
    local applet
    "$FIXTURES/mini" "$1" "$2"
    for applet in $(busybox --list); do
        [ "$applet" = busybox ] || ln -sf busybox "$1/bin/$applet"
    done
}

# open_session [NAME [OPTION...]]: a session in the background that is ended by a line on its standard
# input, or by `unbrick stop`. PIDS are the supervisors.
PIDS=()
open_session() {
    local name=${1:-mini1} tree=$TREE go out
    [ "$name" = mini1 ] || {
        tree=$BATS_TEST_TMPDIR/$name
        make_tree "$tree" "$name"
    }
    go=$BATS_TEST_TMPDIR/go.$name
    out=$BATS_TEST_TMPDIR/out.$name
    mkfifo "$go"
    "$UNBRICK" shell "${@:2}" "$tree" -- sh -c '[ ! -e /root/facts ] ||
        sh /root/facts >/root/main; echo up; trap "" HUP; read line; exit 3' \
        <"$go" >"$out" 2>&1 3>&- &
    PIDS+=($!)
    exec {GO}>"$go"
    wait_for 20 grep -q up "$out" || fail "it does not start: $(cat "$out")"
}

# Sessions of somebody else on this host are in the way of commands that name none.
alone() {
    wait_for 60 eval '[ "$("$UNBRICK" status)" = "Nothing is open." ]'
}

teardown() {
    local pid
    for pid in "${PIDS[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    detach_all
    assert_host_clean 6
}

# on_terminal STEP... -- ARGUMENT...: unbrick on a terminal.
on_terminal() {
    local steps=()
    while [ "$1" != -- ]; do
        steps+=("$1")
        shift
    done
    shift
    run "$PTY" "${steps[@]}" -- "$UNBRICK" "$@"
    echo "$output"
    [ "$status" -eq 0 ]
}

# --- enter --------------------------------------------------------------------------------------

@test "enter: a command's status, output, errors and input are passed through" {
    open_session
    unb enter mini1 -- sh -c 'echo out; echo err >&2; exit 42'
    [ "$status" -eq 42 ]
    [ "$output" = out ]
    [ "$stderr" = err ]
    run --separate-stderr bash -c 'printf "a\0b\xff" | "$UNBRICK" enter mini1 -- cat | od -An -tx1'
    [ "$output" = " 61 00 62 ff" ]
    unb enter mini1 -- sh -c 'kill -TERM $$'
    [ "$status" -eq 143 ]
    unb enter mini1 -- printf '%s|' 'a b' '' "c'd"
    [ "$output" = "a b||c'd|" ]
}

@test "enter: failures have the statuses of shell" {
    alone
    refused 125 "no session is open" enter
    open_session
    refused 127 "no-such" enter mini1 -- no-such
    refused 126 "/etc" enter mini1 -- /etc
    refused 125 "nobody" enter nobody
    refused 125 "one session" enter mini1 mini2
    refused 125 "--take" enter --take -- true
    refused 125 "terminal" enter --take mini1
    unb enter mini1 -- true
    [ "$status" -eq 0 ]
}

@test "enter: several sessions are listed, and told apart by name or number" {
    alone
    open_session
    open_session mini2
    refused 125 "mini1 (${PIDS[0]})" enter -- true
    [[ $stderr == *"mini2 (${PIDS[1]})"* ]]
    unb enter mini2 -- cat /etc/hostname
    [ "$output" = mini2 ]
    unb enter "${PIDS[0]}" -- cat /etc/hostname
    [ "$output" = mini1 ]
    refused 3 "mini2" stop
    unb stop mini2
    [ "$status" -eq 0 ]
    unb enter -- cat /etc/hostname
    [ "$output" = mini1 ]
}

@test "enter: a shell has a terminal of its own, and the session goes on without it" {
    open_session
    on_terminal --size 33x101 expect:'mini1.*# ' 'send:busybox tty; busybox stty size; echo $TERM; cat /etc/hostname\r' \
        expect:'/dev/pts/[0-9]+\s+33 101\s+\S+\s+mini1' resize:24x60 pause:0.3 \
        'send:busybox stty size\r' expect:'24 60' 'send:sleep 100\r' pause:0.5 'send:\x03' expect:'# ' \
        'send:printf "A\\\\033[6n\\\\033[1mZ\\\\n"\r' expect:'\nA\x1b\[1mZ' 'send:exit 7\r' status:7 -- enter mini1
    on_terminal expect:'mini1.*# ' 'send:\x1d\x1d\x1d' status:0 -- enter mini1
    kill -0 "${PIDS[0]}"
    echo >&"$GO"
    wait "${PIDS[0]}" || status=$?
    [ "$status" -eq 3 ]
}

@test "enter: its privileges and namespaces are those of what runs there" {
    cat >"$TREE/root/facts" <<'END'
grep -E '^(Cap|Seccomp:|NoNewPrivs|Groups|Sig(Blk|Ign))' /proc/$$/status
for ns in mnt uts ipc net cgroup user pid; do readlink /proc/$$/ns/$ns; done
cat /proc/self/loginuid /proc/sys/kernel/hostname
ulimit -a
umask
ls /proc/$$/fd
# Another device than the patient's.
rm -f /dev/other; mknod /dev/other b 7 0; cat /dev/other 2>&1
END
    open_session mini1 --network none
    unb enter mini1 -- sh -c 'sh /root/facts >/root/visitor; cat /proc/self/cgroup; env'
    rm "$TREE/root/facts"
    [ "$status" -eq 0 ]
    grep 'ns_last_pid\|Operation not permitted' "$TREE/root/main"
    diff "$TREE/root/main" "$TREE/root/visitor"
    # Beside what the container's own init manages, below the same policy.
    [[ $output == *"0::/../visit-"* ]]
    [[ $output == *"container=unbrick"* && $output != *SUDO* ]]
}

# A program inside that looks at all processes, as fast as it can, for one that executes our file: it
# could be written to (CVE-2019-5736). Process 1 of a shell is ours by design.
watch_processes() {
    cat <<'END'
import os
seen = set()
ready = False
while not os.path.exists("/tmp/over"):
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or pid == "1":
            continue
        try:
            exe = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        if "unbrick" in exe:
            seen.add(exe)
    if not ready:
        ready = True
        open("/tmp/watching", "w").close()
print("\n".join(sorted(seen)) or "nothing")
END
}

@test "enter: nothing of ours is seen inside" {
    "$UNBRICK" shell --host-tools "$TREE" -- python3 -c "$(watch_processes)" \
        >"$BATS_TEST_TMPDIR/seen" 2>&1 </dev/null 3>&- &
    PIDS+=($!)
    wait_for 20 eval '"$UNBRICK" enter mini1 -- test -e /tmp/watching 2>/dev/null'
    for _ in $(seq 30); do
        "$UNBRICK" enter mini1 -- true
    done
    # The session ends by that, and may be gone before this one is.
    "$UNBRICK" enter mini1 -- touch /tmp/over || true
    wait "${PIDS[0]}"
    cat "$BATS_TEST_TMPDIR/seen"
    [ "$(cat "$BATS_TEST_TMPDIR/seen")" = nothing ]
}

@test "enter: a visitor whose terminal goes away gets a hangup, the session does not" {
    open_session
    python3 -c '
import os, pty, signal, sys
signal.alarm(60)
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"# " not in seen:
    seen += os.read(fd, 4096)
os.write(fd, b"sleep 1000\r")
while b"sleep 1000\r\n" not in seen:
    seen += os.read(fd, 4096)
os.close(fd)
os.waitpid(pid, 0)
' "$UNBRICK" enter mini1
    wait_for 10 eval '! "$UNBRICK" status | grep -A3 mini1 | grep inside'
    unb enter mini1 -- pgrep -f 'sleep 1000'
    [ -z "$output" ]
    # A pipe's, too.
    "$UNBRICK" enter mini1 -- sleep 1001 </dev/null 3>&- &
    wait_for 10 eval '"$UNBRICK" status | grep "inside: sleep"'
    kill -KILL $!
    wait $! || true
    wait_for 10 eval '! "$UNBRICK" status | grep -A3 mini1 | grep inside'
    kill -0 "${PIDS[0]}"
}

@test "enter: the end of the session ends the visitors, who are told" {
    open_session
    "$UNBRICK" enter mini1 -- sleep 1000 </dev/null >"$BATS_TEST_TMPDIR/visitor" 2>&1 3>&- &
    wait_for 10 eval '"$UNBRICK" status | grep "inside: sleep"'
    echo >&"$GO"
    status=0
    wait "${PIDS[0]}" || status=$?
    [ "$status" -eq 3 ]
    status=0
    wait $! || status=$?
    cat "$BATS_TEST_TMPDIR/visitor"
    [ "$status" -eq 125 ]
    grep -q 'session has ended' "$BATS_TEST_TMPDIR/visitor"
}

# --- stop -----------------------------------------------------------------------------------------

@test "stop: comes back when everything is released" {
    open_session
    unb stop mini1
    [ "$status" -eq 0 ]
    [[ $stderr == *"mini1 is closed"* ]]
    nothing_left
    status=0
    wait "${PIDS[0]}" || status=$?
    [ "$status" -eq 0 ]
    refused 4 "mini1" stop mini1
}

@test "stop: without a name the only session is asked about first, and never ended unasked" {
    alone
    open_session
    refused 3 "unbrick stop mini1" stop
    "$PTY" 'expect:End the session mini1' 'send:\x04' status:3 -- "$UNBRICK" stop
    unb enter mini1 -- true
    [ "$status" -eq 0 ]
    "$PTY" 'expect:End the session mini1' 'send:y\r' 'expect:mini1 is closed' status:0 -- "$UNBRICK" stop
    nothing_left
}

@test "stop: what does not want to end is killed at its deadline, or at once" {
    open_session
    unb enter mini1 -- sh -c 'for p in /proc/[0-9]*; do echo ${p#/proc/}; done'
    SECONDS=0
    # The session's command ignores SIGHUP, but not SIGTERM: another one is needed.
    unb stop --kill mini1
    [ "$status" -eq 0 ]
    [ "$SECONDS" -lt 8 ]
    status=0
    wait "${PIDS[0]}" || status=$?
    [ "$status" -eq 137 ]
    nothing_left
}

@test "stop: the terminal of the session is told who ended it, and is given back" {
    local stop=$BATS_TEST_TMPDIR/stop
    (
        # Named is not open: it takes a moment, on a busy machine a long one.
        wait_for 60 "$UNBRICK" enter mini1 -- true
        sleep 1
        "$UNBRICK" stop mini1
    ) >"$stop" 2>&1 3>&- &
    on_terminal expect:'mini1.*# ' expect:'unbrick stop' expect:'Nothing is left open' status:0 -- \
        shell "$TREE"
    wait $!
    grep -q 'mini1 is closed' "$stop"
}

@test "stop: a session that is still being opened" {
    image --boot
    UNBRICK_STOP_AT=disk-loop UNBRICK_STOP_FILE=$BATS_TEST_TMPDIR/stopped "$UNBRICK" shell "$IMG" -- true \
        >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
    PIDS+=($!)
    wait_for 20 test -s "$BATS_TEST_TMPDIR/stopped"
    refused 125 "nothing runs there" enter "${PIDS[0]}" -- true
    (sleep 1 && kill -CONT "${PIDS[0]}") 3>&- &
    unb stop "${PIDS[0]}"
    [ "$status" -eq 0 ]
    status=0
    wait "${PIDS[0]}" || status=$?
    cat "$BATS_TEST_TMPDIR/out"
    [ "$status" -eq 143 ] # by SIGTERM
    grep -q 'stopped by Terminated' "$BATS_TEST_TMPDIR/out"
    nothing_left
}

# --- status ---------------------------------------------------------------------------------------

@test "status: who is inside, for people and for programs" {
    open_session
    "$UNBRICK" enter mini1 -- sleep 1000 </dev/null 3>&- &
    wait_for 10 eval '"$UNBRICK" status | grep "inside: sleep since .*, process [0-9]"'
    unb status --json
    jq -e '.sessions[] | select(.name == "mini1") | .terminal == "none" and .ending == false and
        (.inside | length) == 1 and .inside[0].command == "sleep" and .inside[0].pid > 1 and
        .inside[0].since > 1700000000' <<<"$output"
    # A supervisor that does not answer is shown all the same.
    kill -STOP "${PIDS[0]}"
    unb status
    kill -CONT "${PIDS[0]}"
    [ "$status" -eq 0 ]
    [[ $output == *"mini1: open"* ]]
}

# --- a lost terminal --------------------------------------------------------------------------------

# lose_terminal SEEN TYPED... -- COMMAND...: on a pty, type when something is seen, in turns, and after the
# last SEEN drop the connection as a dying ssh does. Prints the pid.
lose_terminal() {
    python3 -c '
import os, pty, re, signal, sys
signal.alarm(60)
split = sys.argv.index("--")
steps, command = sys.argv[1:split], sys.argv[split + 1:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen = b""
for i, step in enumerate(steps):
    if i % 2:
        os.write(fd, step.encode().decode("unicode_escape").encode())
        continue
    while not re.search(step.encode(), seen, re.S):
        seen += os.read(fd, 4096)
    seen = b""
os.close(fd)
print(pid)
' "$@"
}

# A package whose configuration takes a while, says how far it is, and fails when it cannot say so.
slow_package() {
    local dir=$BATS_TEST_TMPDIR/package
    mkdir -p "$dir/DEBIAN"
    printf 'Package: slow\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n' \
        >"$dir/DEBIAN/control"
    printf '#!/bin/sh\nset -e\nfor i in 1 2 3 4 5 6 7 8; do echo "step $i of 8"; sleep 0.5; done\n' \
        >"$dir/DEBIAN/postinst"
    chmod 755 "$dir/DEBIAN/postinst"
    dpkg-deb --build "$dir" "$1" >/dev/null
}

@test "lost terminal: dpkg --configure outlives its ssh, and enter finds it" {
    tree
    slow_package "$TREE/root/slow.deb"
    PIDS+=("$(lose_terminal '# ' 'dpkg --unpack /root/slow.deb\r' 'Unpacking.*# ' \
        'dpkg --configure -a\r' 'step 2' -- "$UNBRICK" boot "$TREE")")
    unb status
    [[ $output == *"its terminal is lost: it ends in 30 min"* ]]
    unb status --json
    jq -e '[.sessions[] | select(.terminal == "lost" and .seconds_left > 1700)] | length == 1' <<<"$output"
    # A program over pipes is no takeover.
    unb enter "${PIDS[0]}" -- dpkg-query -W -f '${Status}' slow
    [ "$output" = "install ok half-configured" ]
    on_terminal expect:'step [3-8]' expect:'step 8 of 8' expect:'# ' \
        'send:dpkg-query -W -f "\$""{Status}\\n" slow\r' expect:'install ok installed' 'send:exit\r' \
        expect:'Nothing is left open' status:0 -- enter "${PIDS[0]}"
    nothing_left
}

@test "lost terminal: it can be lost again, and a full-screen program draws anew" {
    PIDS+=("$(lose_terminal '# ' 'busybox vi /etc/passwd\r' 'root:x' -- "$UNBRICK" shell "$TREE")")
    PIDS+=("$(lose_terminal 'root:x' -- "$UNBRICK" enter mini1)")
    wait_for 10 eval '"$UNBRICK" status | grep "terminal is lost"'
    on_terminal --size 40x100 expect:'root:x' 'send::q!\r' expect:'# ' 'send:busybox stty size; exit 4\r' \
        expect:'40 100' status:4 -- enter mini1
}

@test "lost terminal: without a console there is nothing to take, and a command can enter" {
    script 'trap "" HUP; echo up; sleep 100'
    PIDS+=("$(lose_terminal up -- "$UNBRICK" shell "$TREE" -- sh -c "trap '' HUP; echo up; sleep 100")")
    wait_for 10 eval '"$UNBRICK" status | grep "terminal is lost"'
    unb enter mini1 -- echo in
    [ "$output" = in ]
    unb stop --kill mini1
    [ "$status" -eq 0 ]
}

# The test build reads UNBRICK_GRACE_SECONDS (base/step.h).
@test "lost terminal: when the time is over it ends in order" {
    alone
    export UNBRICK_GRACE_SECONDS=3
    rm -f "$TREE/root/end"
    PIDS+=("$(lose_terminal 'up\s' -- "$UNBRICK" shell "$TREE" -- sh -c \
        'trap "" HUP; trap "echo ended >/root/end; exit" TERM; echo up; while :; do sleep 0.1; done')")
    unb status --json
    jq -e '[.sessions[] | select(.terminal == "lost" and .seconds_left <= 3)] | length == 1' <<<"$output"
    [ ! -e "$TREE/root/end" ]
    alone
    [ "$(cat "$TREE/root/end")" = ended ]
    nothing_left
}

@test "lost terminal: when the time is over, what does not end is killed, and nothing is left" {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
    alone
    export UNBRICK_GRACE_SECONDS=1
    PIDS+=("$(lose_terminal '# ' 'trap "" HUP TERM; echo se""t\r' 'set\s' -- "$UNBRICK" shell "$TREE")")
    wait_for 5 eval '"$UNBRICK" status --json | jq -e ".sessions[0].ending" | grep -q true'
    alone
    nothing_left
}

@test "lost terminal: taken in time it goes on, and the time begins anew when it is lost again" {
    export UNBRICK_GRACE_SECONDS=4
    PIDS+=("$(lose_terminal '# ' -- "$UNBRICK" shell "$TREE")")
    PIDS+=("$(lose_terminal 'mini1' 'sleep 5; echo still""here\r' 'stillhere\s' -- "$UNBRICK" enter mini1)")
    unb status --json
    jq -e '.sessions[0] | .terminal == "lost" and .seconds_left >= 3' <<<"$output"
    alone
    nothing_left
}

@test "enter: --take takes the console from a terminal that hangs" {
    (
        wait_for 20 eval '"$UNBRICK" status | grep -q mini1'
        sleep 1
        "$PTY" expect:'console of mini1' 'send:echo ta""ken\r' expect:taken 'send:exit 6\r' \
            expect:'Nothing is left open' status:6 -- "$UNBRICK" enter --take mini1
        echo "status $?"
    ) >"$BATS_TEST_TMPDIR/taker" 2>&1 3>&- &
    on_terminal expect:'# ' raw:yes expect:'takes the console over' raw:no absent:taken status:6 -- \
        shell "$TREE"
    wait $!
    grep -q '^status 0' "$BATS_TEST_TMPDIR/taker" || {
        cat "$BATS_TEST_TMPDIR/taker"
        fail "the console was not taken"
    }
}
