#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# spawn: the container engine alone, with systemd-nspawn's command line.

load helpers

setup_file() {
    load helpers
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR tree
    export TREE=$BATS_FILE_TMPDIR/tree
}

# spawn ARGUMENT...: in the tree, over pipes.
spawn() {
    unb spawn --directory="$TREE" --pipe "$@"
}

@test "spawn: the payload's status, output and errors are passed through" {
    spawn sh -c 'echo out; echo err >&2; exit 42'
    [ "$status" -eq 42 ]
    [ "$output" = out ]
    [ "$stderr" = err ]
    spawn --as-pid2 sh -c 'test $$ -ne 1; exit 43'
    [ "$status" -eq 43 ]
}

@test "spawn: 1 for everything wrong with the call, in one sentence" {
    refused 1 "--frobnicate" spawn --frobnicate
    refused 1 "no value" spawn --boot=yes
    refused 1 "/dev/null" spawn --image=/dev/null
    refused 1 "owner" spawn --private-users-chown
    refused 1 "/nowhere" spawn -D /nowhere true
    refused 1 "this host" spawn -D / true
    refused 1 "/nowhere" spawn -D "$TREE" --bind=/nowhere:/mnt true
    refused 1 "no-such" spawn -D "$TREE" /bin/no-such
    mkdir "$BATS_TEST_TMPDIR/empty"
    refused 1 "empty" spawn -D "$BATS_TEST_TMPDIR/empty" --boot
    # Where nobody named a directory it is said that the current one was taken.
    cd "$BATS_TEST_TMPDIR/empty"
    refused 1 "no --directory= was given, and the current one is taken" spawn true
    refused 1 "no --directory= was given, and the current one is taken" spawn --boot
}

@test "spawn: options that scripts give to nspawn are accepted" {
    spawn --register=no --keep-unit --settings=no --link-journal=no --private-users=no \
        --timezone=off --resolv-conf=off --quiet true
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
}

@test "spawn: the recipe's line: a root shell though root is locked, and an orderly end" {
    local before after
    before=$(md5sum "$TREE"/etc/{shadow,passwd,fstab,hostname})
    run "$PTY" --timeout 60 expect:'to continue\)' pause:0.3 'send:\r' expect:'# ' \
        'send:cat /proc/1/comm; id -u\r' expect:'systemd\s+0\s' 'send:systemctl poweroff\r' \
        status:0 -- "$UNBRICK" spawn --directory "$TREE" --boot -- --unit rescue.target
    echo "$output"
    [ "$status" -eq 0 ]
    after=$(md5sum "$TREE"/etc/{shadow,passwd,fstab,hostname})
    [ "$before" = "$after" ]
    [ ! -e "$TREE/etc/resolv.conf" ]
}

@test "spawn: a reboot asked for inside ends with 133" {
    run "$PTY" --timeout 60 expect:'to continue\)' pause:0.3 'send:\r' expect:'# ' 'send:systemctl reboot\r' \
        status:133 -- "$UNBRICK" spawn --directory "$TREE" --boot -- --unit rescue.target
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "spawn: SIGTERM is an orderly end of the init" {
    run "$PTY" --timeout 60 expect:'Press Enter' signal:SIGTERM status:0 \
        -- "$UNBRICK" spawn --directory "$TREE" --boot -- --unit rescue.target
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"Halting system"* ]]
}

@test "spawn: kill -9 leaves nothing" {
    "$UNBRICK" spawn --directory="$TREE" --pipe sleep 1000 </dev/null &
    wait_for 5 pgrep -fx 'sleep 1000'
    kill -KILL $!
    wait $! || true
    assert_host_clean 10
}

@test "spawn: environment, directory, host name" {
    : >"$TREE/etc/machine-id" # a boot has left its own there, which is preferred
    LEAK=leaked spawn -EA='b c' --setenv=LEAK --hostname=other --chdir=/usr \
        sh -c 'echo "$A $LEAK $PWD"; cat /proc/sys/kernel/hostname'
    [ "${lines[0]}" = "b c leaked /usr" ]
    [ "${lines[1]}" = other ]
    spawn cat /proc/sys/kernel/hostname
    [ "$output" = tree ]
}

@test "spawn: binds, tmpfs, inaccessible paths" {
    mkdir "$BATS_TEST_TMPDIR/share"
    echo word >"$BATS_TEST_TMPDIR/share/file"
    spawn --bind="$BATS_TEST_TMPDIR/share:/mnt" --bind-ro="$BATS_TEST_TMPDIR/share:/srv" \
        --tmpfs=/opt --inaccessible=/etc/fstab --bind=-/nowhere:/media sh -c '
        set -e
        test "$(cat /mnt/file)" = word
        touch /mnt/new /opt/new
        ! touch /srv/other
        test "$(stat -c %a /etc/fstab)" = 0'
    [ "$status" -eq 0 ]
    [ -e "$BATS_TEST_TMPDIR/share/new" ]
    [ ! -e "$BATS_TEST_TMPDIR/share/other" ]
    [ ! -e "$TREE/opt/new" ]
}

@test "spawn: no mount point is made on the tree" {
    spawn --bind=/usr:/not-there true
    [ "$status" -eq 1 ]
    assert_one_sentence
    [ ! -e "$TREE/not-there" ]
}

@test "spawn: read-only, private network, capabilities" {
    spawn --read-only touch /etc/mark
    [ "$status" -ne 0 ]
    [ ! -e "$TREE/etc/mark" ]
    spawn --private-network ls /sys/class/net
    [ "$output" = lo ]
    spawn --drop-capability=all --capability=CAP_CHOWN grep CapEff /proc/self/status
    [[ $output == *0000000000000001 ]]
}

@test "spawn: --console=autopipe without a terminal is a pipe" {
    run --separate-stderr bash -c \
        "seq 1 100000 | '$UNBRICK' spawn -D '$TREE' --console=autopipe md5sum"
    [ "$status" -eq 0 ]
    [ "$output" = "$(seq 1 100000 | md5sum)" ]
}

# listen: what a service manager above us hears comes to $HEARD.
listen() {
    export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/manager
    HEARD=$BATS_TEST_TMPDIR/heard
    : >"$HEARD"
    "$BATS_TEST_DIRNAME/notify-listen.py" "$NOTIFY_SOCKET" "$HEARD" >"$BATS_TEST_TMPDIR/up" 3>&- &
    LISTENER=$!
    wait_for 10 grep -q listening "$BATS_TEST_TMPDIR/up"
}

teardown() {
    [ -z "${LISTENER:-}" ] || kill "$LISTENER"
}

@test "spawn: READY=1 to our own manager when it runs, STOPPING=1 at the end, and no socket inside" {
    listen
    spawn sh -c 'echo "${NOTIFY_SOCKET-none}"; ls /run/host'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = none ]
    [[ $output != *notify* ]]
    wait_for 5 grep -q STOPPING "$HEARD"
    [ "$(cat "$HEARD")" = $'READY=1\nSTOPPING=1' ]
    # Nobody listens, or at a path that is none: no failure.
    NOTIFY_SOCKET=/nowhere spawn true
    [ "$status" -eq 0 ]
    NOTIFY_SOCKET=relative spawn --notify-ready=yes true
    [ "$status" -eq 0 ]
}

@test "spawn: --notify-ready=yes waits for the word of process 1, and of no other" {
    listen
    mkfifo "$BATS_TEST_TMPDIR/go"
    "$UNBRICK" spawn -q -D "$TREE" -P --notify-ready=yes sh -c 'echo "$NOTIFY_SOCKET"
        systemd-notify --ready; echo asked; read go; exec systemd-notify --ready' \
        <"$BATS_TEST_TMPDIR/go" >"$BATS_TEST_TMPDIR/out" 3>&- &
    exec 4>"$BATS_TEST_TMPDIR/go"
    wait_for 20 grep -q asked "$BATS_TEST_TMPDIR/out"
    [ "$(head -n 1 "$BATS_TEST_TMPDIR/out")" = /run/host/notify ]
    sleep 0.3
    [ ! -s "$HEARD" ]
    echo go >&4
    wait_for 10 grep -q READY=1 "$HEARD"
    exec 4>&-
    wait_for 5 grep -q STOPPING "$HEARD"
    [ "$(cat "$HEARD")" = $'READY=1\nSTOPPING=1' ]
}

@test "spawn: --notify-ready=yes with an init: ready when its target is reached" {
    listen
    "$UNBRICK" spawn -q -D "$TREE" --ephemeral --notify-ready=yes --console=passive --boot -- \
        --unit rescue.target 3>&- &
    wait_for 60 grep -q READY=1 "$HEARD"
    kill $!
    wait $!
    [ "$(cat "$HEARD")" = $'READY=1\nSTOPPING=1' ]
}

@test "spawn: --notify-ready=yes with --untrusted" {
    listen
    spawn --untrusted --notify-ready=yes systemd-notify --ready
    [ "$status" -eq 0 ]
    wait_for 5 grep -q STOPPING "$HEARD"
    [ "$(cat "$HEARD")" = $'READY=1\nSTOPPING=1' ]
}

@test "spawn: 133 is a reboot's alone; a payload that is killed is 1, and its signal is named" {
    spawn sh -c 'exit 133'
    [ "$status" -eq 1 ]
    spawn --as-pid2 sh -c 'exit 133'
    [ "$status" -eq 1 ]
    # Process 1 can be killed from outside only.
    "$UNBRICK" spawn --directory="$TREE" --pipe sleep 1001 </dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    wait_for 5 pgrep -fx 'sleep 1001'
    kill -KILL "$(pgrep -fx 'sleep 1001')"
    local ended=0
    wait $! || ended=$?
    cat "$BATS_TEST_TMPDIR/err"
    [ "$ended" -eq 1 ]
    [ "$(cat "$BATS_TEST_TMPDIR/err")" = "unbrick: the container was killed (SIGKILL)" ]
}

@test "spawn: systemctl exit 7 ends with 7" {
    run "$PTY" --timeout 60 expect:'to continue\)' pause:0.3 'send:\r' expect:'# ' 'send:systemctl exit 7\r' \
        status:7 -- "$UNBRICK" spawn --directory "$TREE" --boot -- --unit rescue.target
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "spawn: --cleanup after a spawn -D that was killed with its keeper" {
    local pid process ours=()
    MARK=$BATS_TEST_TMPDIR "$UNBRICK" spawn --directory="$TREE" --pipe sleep 1002 </dev/null 3>&- &
    pid=$!
    wait_for 5 pgrep -fx 'sleep 1002'
    for process in $(our_processes); do # its own, and not those of a test beside this one
        ! grep -qzxF "MARK=$BATS_TEST_TMPDIR" "/proc/$process/environ" || ours+=("$process")
    done
    kill -KILL "${ours[@]}"
    wait "$pid" || true
    wait_for 10 eval '! pgrep -fx "sleep 1002"'
    [ -n "$(find /run/unbrick -name journal 2>/dev/null)" ] || fail "there is no journal to clean up"
    unb spawn --cleanup
    [ "$status" -eq 0 ]
    assert_host_clean 6
}
