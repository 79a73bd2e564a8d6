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

@test "console: the escape key twice, then r or p: a reboot, a poweroff" {
    shell expect:'# ' 'send:\x1d\x1dx\x1d\x1dp' status:0
    [ "$status" -eq 0 ]
    run "$PTY" expect:'# ' 'send:\x1d\x1d' pause:0.2 send:r expect:'reboot was asked for' status:0 \
        -- "$UNBRICK" boot "$TREE"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "console: the same asks a systemd for it, in order" {
    local key
    tree
    for key in r:133 p:0; do
        run "$PTY" --timeout 60 expect:'to continue' "send:\x1d\x1d${key%:*}" status:${key#*:} \
            -- "$UNBRICK" spawn -D "$TREE" --boot -- --unit rescue.target
        echo "$output"
        [ "$status" -eq 0 ]
    done
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

# A file in the tree that is shown by `cat /root/hostile`: questions for the terminal's answerback,
# attributes, cursor, settings and clipboard, a title, a control in UTF-8, another meaning of keys.
hostile() {
    printf 'A\005\033[c\033[6n\033P$qm\033\\\033]52;c;ZXZpbA==\007\033]0;evil\007\302\2336n\033[>4;2m' \
        >"$TREE/root/hostile"
    printf '\033[1mZ\n' >>"$TREE/root/hostile"
}

@test "console: what would make the terminal type, or stay after the session, does not reach it" {
    hostile
    shell expect:'# ' 'send:cat /root/hostile\r' expect:'\nA6n\x1b\[1mZ\r' 'send:exit\r' \
        expect:'\x1b\[0;10m' status:0
    [ "$status" -eq 0 ]
}

@test "console: --console=raw passes everything" {
    hostile
    run "$PTY" expect:'# ' 'send:cat /root/hostile\r' \
        expect:'\nA\x05\x1b\[c\x1b\[6n\x1bP\$qm\x1b\x5c\x1b\]52;c;ZXZpbA==\x07' 'send:exit\r' status:0 \
        -- "$UNBRICK" shell --console=raw "$TREE"
    echo "$output"
    [ "$status" -eq 0 ]
    refused 2 "safe or raw" boot --console=pink "$TREE"
}

@test "console: a command without a console has no terminal of ours in hand, and is filtered, too" {
    hostile
    echo 'cat /root/hostile; test -t 1 || test -t 2 || echo none >&2' >"$BATS_TEST_TMPDIR/in"
    run "$PTY" --stdin "$BATS_TEST_TMPDIR/in" expect:'A6n\x1b\[1mZ\r' expect:none status:0 \
        -- "$UNBRICK" shell "$TREE" -- sh -s
    echo "$output"
    [ "$status" -eq 0 ]
    run "$PTY" --stdin "$BATS_TEST_TMPDIR/in" expect:'A6n\x1b\[1mZ\r' expect:none status:0 \
        -- "$UNBRICK" spawn -q -D "$TREE" --pipe sh -s
    echo "$output"
    [ "$status" -eq 0 ]
    run "$PTY" expect:'A6n\x1b\[1mZ\r' expect:none status:0 \
        -- "$UNBRICK" boot --run "$BATS_TEST_TMPDIR/in" "$TREE"
    echo "$output"
    [ "$status" -eq 0 ]
}

# screen MODE FIRST LAST KEY... -- COMMAND...: what a terminal shows of a program of the host, with
# colours, its cursor and modes. It shows FIRST, then gets the keys, then shows LAST. tmux(1) is the
# terminal.
screen() {
    local mode=$1 first=$2 last=$3 keys=() screen='' tmux=(tmux -L "unbrick-$$" -f /dev/null -u)
    shift 3
    while [ "$1" != -- ]; do
        keys+=("$1")
        shift
    done
    "${tmux[@]}" new-session -d -x 80 -y 24 -s test "$(printf '%q ' "$UNBRICK" shell --host-tools \
        --setenv LC_ALL=C.UTF-8 --console="$mode" "$TREE" "$@")"
    wait_for 20 shows "$first" || fail "there is no $first: $screen" || return 1
    "${tmux[@]}" send-keys -t test "${keys[@]}"
    wait_for 20 shows "$last" || fail "there is no $last: $screen" || return 1
    "${tmux[@]}" send-keys -t test C-] C-] C-]
    wait_for 10 tmux_ended
    printf '%s\n' "$screen"
}

# Of `screen`: this is there, and nothing has changed since the last look.
shows() {
    local before=$screen
    sleep 0.1
    screen=$("${tmux[@]}" capture-pane -p -e -t test
        "${tmux[@]}" display-message -p -t test '#{cursor_x},#{cursor_y} #{alternate_on} #{cursor_flag}
#{keypad_cursor_flag} #{keypad_flag} #{insert_flag} #{scroll_region_upper} #{scroll_region_lower}')
    [[ $screen == "$before" && $screen == *"$1"* ]]
}

tmux_ended() {
    ! "${tmux[@]}" has-session -t test 2>/dev/null
}

# same_screen FIRST LAST KEY... -- COMMAND...
same_screen() {
    local safe raw
    safe=$(screen safe "$@") || fail "$safe" || return 1
    raw=$(screen raw "$@") || fail "$raw" || return 1
    diff <(echo "$safe") <(echo "$raw")
}

@test "console: full-screen programs look as they do without the filter" {
    local screen
    export LC_ALL=C.UTF-8
    for i in $(seq 100); do echo "line $i  é ─ 漢 end"; done >"$TREE/root/text"
    same_screen 'line 1 ' hello C-f 3j ':set number' Enter ':split' Enter ihello -- \
        vi -n -u NONE /sysroot/root/text
    same_screen 'line 1 ' 'line 99' Space /77 Enter -- less /sysroot/root/text
    screen=$(screen safe COMMAND 'load average' 1 -- top -d 100)
    [[ $screen == *COMMAND* ]]
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
