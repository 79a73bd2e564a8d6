#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# A system for another machine: its programs run in an emulator of the host; the kernel is told of
# it, and forgets it again.

load helpers

setup_file() {
    export FOREIGN MACHINE DEBIAN
    FOREIGN=$("$FIXTURES/foreign")
    case $(uname -m) in
    aarch64) MACHINE=x86_64 DEBIAN=amd64 ;;
    *) MACHINE=aarch64 DEBIAN=arm64 ;;
    esac
}

# What is registered is seen through a mount of our own, outside what leftovers() looks at.
setup() {
    BINFMT=$(mktemp -d)
    mount -t binfmt_misc none "$BINFMT"
    remember_host
}

teardown() {
    [ -z "${PID:-}" ] || kill -KILL "$PID" 2>/dev/null || true
    [ ! -e "$BINFMT/of-the-test" ] || echo -1 >"$BINFMT/of-the-test"
    assert_host_clean 6
    umount "$BINFMT"
    rmdir "$BINFMT"
}

ours() {
    find "$BINFMT" -name 'unbrick-*' -printf '%f\n'
}

none_of_ours() {
    [ -z "$(ours)" ]
}

registered() {
    host_has_one || [ "$(ours)" = "unbrick-$PID" ]
}

# Where the host has registered an emulator by itself, we do not.
host_has_one() {
    grep -l '^flags:.*F' "$BINFMT"/* 2>/dev/null | xargs -r grep -l "^interpreter .*$MACHINE" | grep -qv /unbrick-
}

@test "foreign: shell and spawn run programs for another machine" {
    unb shell --read-only "$FOREIGN" -- sh -c 'uname -m; dpkg --print-architecture; echo "$0"'
    [ "$status" -eq 0 ]
    [ "$output" = "$MACHINE"$'\n'"$DEBIAN"$'\n'sh ]
    unb spawn --read-only -D "$FOREIGN" -P uname -m
    [ "$status" -eq 0 ]
    [ "$output" = "$MACHINE" ]
    unb spawn --untrusted -D "$FOREIGN" -P /bin/bash -c 'echo "$MACHTYPE"; exit 7'
    [ "$status" -eq 7 ]
    [[ $output == "$MACHINE"-* ]]
    none_of_ours
}

@test "foreign: the banner says that it is slow" {
    "$PTY" 'expect:machine +[a-z0-9_-]+, in an emulator' 'expect:# $' 'send:uname -m\r' \
        "expect:$MACHINE" 'send:exit\r' status:0 -- "$UNBRICK" shell --read-only "$FOREIGN"
    none_of_ours
}

@test "foreign: boot offers the shell, and tries nothing" {
    refused 4 'unbrick shell' boot --read-only "$FOREIGN"
    none_of_ours
}

@test "foreign: without an emulator one sentence names the package" {
    local hidden option
    host_has_one && return 0
    # A mount namespace in which there is none.
    hidden='for f in /usr/bin/qemu-$1 /usr/bin/qemu-$1-static; do
                [ ! -e "$f" ] || mount --bind /dev/null "$f"
            done
            shift; exec "$@"'
    for option in --read-only --dry-run; do
        run --separate-stderr unshare -m sh -c "$hidden" sh "$MACHINE" \
            "$UNBRICK" shell "$option" "$FOREIGN" </dev/null
        report_run shell "$option"
        [ "$status" -eq 125 ] # not to be taken for the command's
        assert_one_sentence
        [[ $stderr == *"package qemu-user-static"* ]]
    done
    run --separate-stderr unshare -m sh -c "$hidden" sh "$MACHINE" \
        "$UNBRICK" spawn --read-only -D "$FOREIGN" -P uname
    [ "$status" -eq 1 ]
    assert_one_sentence
    [[ $stderr == *"package qemu-user-static"* ]]
    none_of_ours
}

@test "foreign: nothing stays registered after kill -9" {
    "$UNBRICK" spawn --read-only -D "$FOREIGN" -P sleep 1000 </dev/null 3>&- &
    PID=$!
    wait_for 20 registered
    sleep 0.3 # the container starts meanwhile
    kill -KILL "$PID"
    wait "$PID" || true
    wait_for 6 none_of_ours
}

@test "foreign: root inside cannot write to the emulator" {
    local tree=$BATS_TEST_TMPDIR/tree emulator before
    host_has_one && return 0 # that file is the host's affair
    emulator=$(command -v "qemu-$MACHINE-static" || command -v "qemu-$MACHINE")
    before=$(checksum "$emulator")
    cp -a "$FOREIGN" "$tree"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    cat >"$tree/attack" <<'END'
# The emulator's file is held by a program for this machine when no emulator runs any more.
exec 3</proc/$1/exe
kill -KILL "$1"
while [ -e "/proc/$1" ] && ! busybox grep -q zombie "/proc/$1/status"; do busybox sleep 0.1; done
( echo changed >>/proc/self/fd/3 ) 2>&1
busybox stat -L -c %s /proc/self/fd/3
END
    unb spawn -D "$tree" -P sh -c 'sleep 1000 & exec busybox sh /attack $!'
    # Of our registration, and of our mount.
    [[ $output == *"Text file busy"* || $output == *"Read-only file system"* ]]
    [[ $output == *"$(stat -L -c %s "$emulator")"* ]]
    [ "$before" = "$(checksum "$emulator")" ]
}

@test "foreign: a registration that is there already, with the flag F, is used and stays" {
    local machine emulator
    host_has_one && return 0 # every other test of this file shows it then
    emulator=$(command -v "qemu-$MACHINE-static" || command -v "qemu-$MACHINE")
    [ "$MACHINE" = aarch64 ] && machine='\xb7' || machine='\x3e'
    printf '%s' ":of-the-test:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00$machine\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:$emulator:F" \
        >"$BINFMT/register"
    host_has_one || fail "it is not registered: $(cat "$BINFMT/of-the-test")"
    unb spawn --read-only -D "$FOREIGN" -P sh -c "uname -m; sleep 1" &
    PID=$!
    sleep 0.7
    none_of_ours || fail "there is one of ours, too"
    wait "$PID"
    PID=''
    unb spawn --read-only -D "$FOREIGN" -P uname -m
    [ "$status" -eq 0 ]
    [ "$output" = "$MACHINE" ]
    none_of_ours
    grep -qx enabled "$BINFMT/of-the-test" || fail "it does not stay"
}
