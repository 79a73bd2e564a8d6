#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The console, through a real pseudo-terminal. The patient is a directory with busybox, so that a
# session takes a fraction of a second; a boot of systemd is in the other files.

load helpers

setup_file() {
    export TREE=$BATS_FILE_TMPDIR/tree
    make_tree
}

# What a system needs to be taken for one, around a static busybox.
make_tree() {
    local name busybox
    busybox=$(command -v busybox)
    mkdir -p "$TREE"/{bin,sbin,etc,proc,sys,dev,run,tmp,root,usr,var}
    cp "$busybox" "$TREE/bin/busybox"
    for name in sh stty cat sleep echo ls od dd head kill readlink poweroff reboot; do
        ln -s busybox "$TREE/bin/$name"
    done
    ln -s ../bin/busybox "$TREE/sbin/init"
    printf 'ID=tiny\nNAME=Tiny\nPRETTY_NAME="Tiny 1"\n' > "$TREE/etc/os-release"
    echo 'root:x:0:0:root:/root:/bin/sh' > "$TREE/etc/passwd"
    echo tiny1 > "$TREE/etc/hostname"
    echo '::askfirst:/bin/sh' > "$TREE/etc/inittab"
    : > "$TREE/etc/machine-id"
}

# A shell in the tree, driven by steps.
shell() {
    run "$PTY" "$@" -- "$UNBRICK" shell "$TREE"
    echo "$output"
}

@test "console: the shell has a terminal of the user's size, and follows it" {
    shell --size 33x101 expect:'# ' 'send:stty size\r' expect:'33 101' resize:24x60 \
        pause:0.3 'send:stty size\r' expect:'24 60' 'send:exit\r' status:0
    [ "$status" -eq 0 ]
}

@test "console: the user's terminal is raw in between and as before at the end" {
    shell raw:no expect:'# ' raw:yes 'send:exit 7\r' status:7
    [ "$status" -eq 0 ]
}

@test "console: Ctrl-C and Ctrl-Z go inside, Ctrl-D ends the shell" {
    shell expect:'# ' 'send:sleep 100\r' pause:0.5 'send:\x03' expect:'# ' \
        'send:echo al""ive\r' expect:alive expect:'# ' 'send:\x04' status:0
    [ "$status" -eq 0 ]
}

@test "console: all bytes pass" {
    shell expect:'# ' 'send:stty raw -echo; echo go; dd bs=1 count=8 2>/dev/null | od -An -tx1; stty sane\r' \
        expect:'go\s' pause:0.3 'send:\x00\x03\x11\x13\x1a\x7f\x80\xff' \
        expect:'00 03 11 13 1a 7f 80 ff' 'send:exit\r' status:0
    [ "$status" -eq 0 ]
}

@test "console: the escape key three times ends the session" {
    shell expect:'# ' 'send:sleep 1000\r' pause:0.3 'send:\x1d\x1d' pause:0.2 'send:\x1d' status:0
    [ "$status" -eq 0 ]
}

@test "console: three escape keys within more than a second do not" {
    shell expect:'# ' 'send:\x1d' pause:0.7 'send:\x1d' pause:0.7 'send:\x1d' pause:0.3 \
        'send:\x15echo al""ive\r' expect:alive 'send:exit 3\r' status:3
    [ "$status" -eq 0 ]
}

@test "console: --escape changes the key" {
    run "$PTY" expect:'# ' 'send:\x1d\x1d\x1d\x15echo al""ive\r' expect:alive \
        'send:\x01\x01\x01' status:0 -- "$UNBRICK" shell --escape=^A "$TREE"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "console: SIGTERM ends the session and gives the terminal back" {
    shell expect:'# ' raw:yes signal:SIGTERM status:143
    [ "$status" -eq 0 ]
}

@test "console: the container's /dev/console is the terminal, and no link" {
    shell expect:'# ' 'send:readlink /dev/console || echo no li""nk\r' expect:'no link' \
        'send:[ -c /dev/console ] && echo is ch""ar\r' expect:'is char' 'send:exit\r' status:0
    [ "$status" -eq 0 ]
}

@test "console: full-screen leftovers are reset" {
    shell expect:'# ' 'send:printf "\\\\033[?25l\\\\033[31m"; exit\r' expect:'\x1b\[\?25h' status:0
    [ "$status" -eq 0 ]
}

@test "console: the banner fits 60 columns" {
    shell --size 24x60 expect:'# ' 'send:exit\r' status:0
    [ "$status" -eq 0 ]
    local line
    while IFS= read -r line; do
        line=${line%$'\r'}
        [ -n "$line" ] || break # what follows is the shell's
        [[ $line == *$'\033'* ]] || ((${#line} <= 60)) || { echo "too wide: $line"; false; }
    done <<< "$output"
}

@test "console: output of a command to a file is as it is" {
    run "$UNBRICK" shell "$TREE" -- echo plain
    [ "$status" -eq 0 ]
    [ "$output" = plain ]
}

@test "console: a pipe reaches a command, and so does its end" {
    run bash -c 'printf "a\0b\xff" | "$UNBRICK" shell "$TREE" -- od -An -tx1'
    [ "$status" -eq 0 ]
    [ "$output" = " 61 00 62 ff" ]
}

@test "console: a reader that goes away does not leave a session behind" {
    run timeout 30 bash -c '"$UNBRICK" shell "$TREE" -- cat /dev/zero | head -c 100000 | wc -c'
    [ "$output" = 100000 ]
}

@test "console: a transcript holds what was shown" {
    run "$PTY" expect:'# ' 'send:echo no""ted\r' expect:noted 'send:exit\r' status:0 \
        -- "$UNBRICK" shell --log "$BATS_TEST_TMPDIR/log" "$TREE"
    echo "$output"
    [ "$status" -eq 0 ]
    grep -q noted "$BATS_TEST_TMPDIR/log"
    [ "$(stat -c %a "$BATS_TEST_TMPDIR/log")" = 600 ]
}

@test "console: boot with commands from a pipe, which need no exit at the end" {
    run timeout 60 bash -c 'printf "echo fi\"\"rst\necho la\"\"st" | "$UNBRICK" boot "$TREE"'
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *first*last* ]]
}

@test "console: boot, and exit at the prompt" {
    run "$PTY" expect:'INSIDE' expect:'# ' 'send:echo $$\r' 'send:exit\r' status:0 \
        -- "$UNBRICK" boot "$TREE"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"Nothing is left open"* ]]
}

# lose_terminal COMMAND...: run it on a pty, type the lines of the standard input, and close the pty as
# a dropped connection does. Prints the pid of the command, which goes on or not.
lose_terminal() {
    python3 -c '
import os, pty, sys, time
lines = sys.stdin.read().splitlines()
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"# " not in seen:
    seen += os.read(fd, 4096)
for line in lines:
    os.write(fd, line.encode() + b"\r")
time.sleep(0.5)
os.close(fd)
print(pid)
' "$@"
}

@test "console: a lost terminal does not kill what runs inside, and SIGTERM then ends it" {
    local pid
    rm -f "$TREE/root/done"
    pid=$(lose_terminal "$UNBRICK" shell "$TREE" <<<'trap "" HUP; sleep 3; echo yes >/root/done; sleep 60')
    sleep 1
    [ -d "/proc/$pid" ] || { echo "it ended with its terminal"; false; }
    for _ in $(seq 50); do
        [ -e "$TREE/root/done" ] && break
        sleep 0.1
    done
    [ "$(cat "$TREE/root/done")" = yes ]
    kill -TERM "$pid"
    for _ in $(seq 100); do
        [ -d "/proc/$pid" ] || break
        sleep 0.1
    done
    [ ! -d "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status"
}

@test "console: another init than systemd runs our inittab, also where there is no machine id" {
    local tree=$BATS_TEST_TMPDIR/tree
    cp -a "$TREE" "$tree"
    rm "$tree/etc/machine-id"
    printf '::sysinit:/bin/sh -c "echo own >/root/own"\n::askfirst:/bin/sh\n' >"$tree/etc/inittab"
    run timeout 60 bash -c 'printf "echo fi\"\"rst\n" | "$UNBRICK" boot "$1"' _ "$tree"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *first* ]]
    [ ! -e "$tree/root/own" ]
}
