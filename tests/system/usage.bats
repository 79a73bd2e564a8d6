#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line: what is wrong with it is said in one sentence and ends with status 2.

load helpers

@test "usage: help and version" {
    unb --help
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    for command in list boot shell mount umount status cleanup spawn; do
        [[ $output == *"  $command "* ]] || fail "the help does not know '$command'"
    done
    unb boot --help
    [ "$status" -eq 0 ]
    [[ $output == *--run* ]]
    unb --version
    [ "$status" -eq 0 ]
    [[ $output =~ ^unbrick\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "usage: unknown command and options" {
    refused 2 "frobnicate" frobnicate
    refused 2 "--frobnicate" boot --frobnicate /nowhere
    refused 2 "--frobnicate" --frobnicate list
    refused 2 "-Z" boot -Z /nowhere
    refused 2 "fsck" boot --fsck=perhaps /nowhere
    refused 2 "network" boot --network=wifi /nowhere
    refused 2 "escape" boot --escape=long /nowhere
    refused 2 "--run" boot --run
    refused 2 "--read-only" boot --read-only=7 /nowhere
}

@test "usage: help of a command that is not there; words where none are taken" {
    refused 2 'no command "nope"' help nope
    unb help boot
    [ "$status" -eq 0 ]
    refused 2 "takes no argument" cleanup web01
    refused 2 "takes no argument" status web01
}

@test "usage: an option of another command is named" {
    refused 2 "--host-tools" boot --host-tools /nowhere
    refused 125 "--run" shell --run /nowhere /nowhere
}

@test "usage: what may have been meant is said" {
    refused 2 'is `unbrick boot` meant' boto /nowhere
    refused 2 "is --fsck meant" boot --fskc=skip /nowhere
    # Before the command only what all commands take is proposed.
    refused 2 "is --quiet meant" --queit list
    unb --foo
    [[ $status -eq 2 && $stderr != *meant* ]] || fail "--foo is taken for another"
    echo >"$BATS_TEST_TMPDIR/disk.img"
    refused 2 "the command comes first: unbrick boot $BATS_TEST_TMPDIR/disk.img" "$BATS_TEST_TMPDIR/disk.img"
    refused 4 '"shell" is a command' boot shell "$BATS_TEST_TMPDIR/disk.img"
    refused 4 'is the id of a finding' examine fstab.source-missing
    refused 2 "is fstab.source-missing meant" repair "$BATS_TEST_TMPDIR/disk.img" fstab.source-misssing
    refused 2 "there is no fault fstab.source-misssing" repair --dry-run "$BATS_TEST_TMPDIR/disk.img" \
        fstab.source-misssing fstab.source-missing
    refused 2 "--list-faults" repair "$BATS_TEST_TMPDIR/disk.img" fstab.something-entirely-different
    # A path is none, and neither is the first word.
    refused 4 "disk" repair "$BATS_TEST_TMPDIR/disk.img" disk2.raw
    refused 4 "there is no file or device" repair fstab.source-misssing
    refused 2 "named twice" examine --each /nowhere /nowhere
}

@test "usage: the help fits a narrow terminal, and names where the rest is" {
    local command
    for command in "--help" "help boot" "spawn --help"; do
        # shellcheck disable=SC2086
        run "$PTY" --size 24x60 status:0 -- "$UNBRICK" $command
        [ "$status" -eq 0 ]
        ! grep -E '^.{61,}' <<<"${output//$'\r'/}" || fail "$command is too wide"
    done
    unb --help
    [[ $output == *"unbrick help COMMAND"* ]]
    unb examine --list-faults --json
    jq -e '.schema == "unbrick.faults/1" and (.faults | length > 100)' <<<"$output"
}

@test "usage: no target, an empty target, a directory among several" {
    refused 2 "target" boot
    refused 125 "target" shell
    refused 2 "targets stand before --" boot -- /nowhere
    refused 125 "targets stand before --" shell -- /nowhere
    refused 2 "empty" boot ""
    mkdir "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
    refused 2 "directory" boot "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

@test "usage: what stands behind -- is a target, but for boot, shell and enter" {
    local command
    for command in "list" "examine" "repair --dry-run" "mount --dry-run"; do
        # shellcheck disable=SC2086
        unb $command -- -x.img "$BATS_TEST_TMPDIR"
        [ "$status" -eq 4 ] || fail "$command: status $status" || return 1
        [[ $stderr == *"-x.img"* ]] || fail "$command: -x.img is not named" || return 1
    done
    unb examine --each -- -x.img
    [[ $status -eq 4 && $output == -x.img*"there is no file or device -x.img" ]] || fail "examine --each"
    refused 2 "-x" umount -- -x
    refused 2 "takes no argument" status -- web01
    # Before the command it ends the options only.
    refused 4 "/nowhere" -- list /nowhere
    refused 2 'no command "-x"' -- -x
}

@test "usage: a script that cannot be read, with NUL bytes, or beside arguments of the init" {
    refused 2 "script" boot --run "$BATS_TEST_TMPDIR/none" /nowhere
    printf 'echo\0' >"$BATS_TEST_TMPDIR/binary"
    refused 2 "NUL" boot --run "$BATS_TEST_TMPDIR/binary" /nowhere
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    unb boot --run "$BATS_TEST_TMPDIR/fifo" /nowhere
    [ "$status" -ne 124 ] || fail "it hangs on a FIFO"
    script true
    refused 2 "--run" boot --run "$SCRIPT" /nowhere -- --unit=x
}

@test "usage: a log that cannot be written" {
    refused 2 "log" boot --log "$BATS_TEST_TMPDIR/none/log" /nowhere
}

@test "usage: mount and umount want a directory that is free" {
    refused 2 "directory" mount /nowhere
    refused 2 "mkdir -p $BATS_TEST_TMPDIR/none" mount /nowhere "$BATS_TEST_TMPDIR/none"
    echo >"$BATS_TEST_TMPDIR/file"
    refused 2 "no directory" mount /nowhere "$BATS_TEST_TMPDIR/file"
    refused 2 "directory" umount
    refused 2 "nothing mounted" umount "$BATS_TEST_TMPDIR"
    mkdir "$BATS_RUN_TMPDIR/keep"
    mount -t tmpfs tmpfs "$BATS_RUN_TMPDIR/keep"
    refused 3 "mounted" mount /nowhere "$BATS_RUN_TMPDIR/keep"
    umount "$BATS_RUN_TMPDIR/keep"
    rmdir "$BATS_RUN_TMPDIR/keep"
}

@test "usage: control characters of an argument do not reach the terminal" {
    refused 4 "there is no" boot $'/nowhere/\e[31mred\a'
    [[ $stderr != *$'\e'* && $stderr != *$'\a'* ]]
    refused 2 "command" $'\e]0;title\a'
    [[ $stderr != *$'\e'* && $stderr != *$'\a'* ]]
}

@test "usage: without root privileges" {
    # Where the build lies an ordinary user may not look: the program is run from another place.
    local own=$BATS_TEST_TMPDIR/bin
    mkdir -m 755 "$own"
    install -m 755 "$UNBRICK" "$own/unbrick"
    chmod o+x "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." \
        "$BATS_TEST_TMPDIR/../.."
    for command in "boot /nowhere" "shell /nowhere" "mount /nowhere /mnt" "repair /nowhere"; do
        # shellcheck disable=SC2086
        run --separate-stderr env -u ASAN_OPTIONS -u UBSAN_OPTIONS setpriv --reuid 65534 \
            --regid 65534 --clear-groups "$own/unbrick" $command </dev/null
        report_run "$command"
        if [[ $command == shell* ]]; then [ "$status" -eq 125 ]; else [ "$status" -eq 6 ]; fi
        assert_one_sentence
        [[ $stderr == *root* && $stderr == *sudo* ]]
    done
}

@test "usage: --json failures carry a reason and the status" {
    unb boot --dry-run --json /nowhere
    [ "$status" -eq 4 ]
    jq -e '.schema == "unbrick.error/1" and .status == 4 and .reason != "" and .message != ""' \
        <<<"$output"
}

@test "usage: a full disk under the output is noticed" {
    # Not 1, which examine answers with when the machine will not boot.
    local command
    for command in --help "spawn --help" "examine --list-faults"; do
        run --separate-stderr bash -c "\"$UNBRICK\" $command >/dev/full"
        report_run "$command"
        if [[ $command == spawn* ]]; then [ "$status" -eq 1 ]; else [ "$status" -eq 6 ]; fi
        [[ $stderr == *"output"* ]]
    done
}

# without_reader COMMAND...: its output is a pipe that nobody reads.
without_reader() {
    run --separate-stderr python3 -c 'import os, subprocess, sys
r, w = os.pipe()
os.close(r)
sys.exit(subprocess.run(sys.argv[1:], stdout=w).returncode)' "$UNBRICK" "$@"
    report_run "$@"
}

@test "usage: a reader that has gone (head) ends it quietly, with the status of the command" {
    local command
    for command in --help "spawn --help" "examine --list-faults" "examine --list-faults --json"; do
        # shellcheck disable=SC2086
        without_reader $command
        [ "$status" -eq 0 ] || fail "$command: status $status" || return 1
        [ -z "$stderr" ] || fail "$command: $stderr" || return 1
    done
    without_reader list --json /nowhere
    [ "$status" -eq 4 ]
    [ -z "$stderr" ]
}

@test "usage: an option is no file name, and a target that was taken for a value is named" {
    local option
    cd "$BATS_TEST_TMPDIR"
    for option in html key-file luks-header log run; do
        refused 2 "--$option wants a file name, not --json" "$(command_of $option)" --$option --json x.img
        [[ $stderr == *"a file of that name is ./--json"* ]] || fail "--$option: no advice" || return 1
        [ ! -e ./--json ] || fail "--$option: it made the file"
    done
    refused 2 "--system wants the name of a system, not --yes" boot --system --yes x.img
    refused 2 "no target is named: --system took x.img as its value" boot --system x.img
    refused 2 "no target is named" boot --system=web01
    [[ $stderr != *took* ]]
    echo >-x.img
    refused 2 "a file of that name is ./-x.img" list -x.img
}

# command_of OPTION: one that takes it.
command_of() {
    case $1 in
    html | key-file | luks-header) echo examine ;;
    *) echo boot ;;
    esac
}

@test "usage: an option's value that is empty, for every option of every command" {
    local command option count=0
    for command in list boot shell mount umount status cleanup examine repair enter stop; do
        # What wants a value, in the command's own help; --root-password alone asks for it.
        for option in $("$UNBRICK" "$command" --help | sed -nE 's/^ +(-., )?(--[a-z-]+)=.*/\2/p' | sort -u); do
            [ "$option" != --root-password ] || continue
            unb "$command" "$option=" /nowhere
            [ "$status" -eq "$(usage_status "$command")" ] || fail "$command $option=: status $status"
            assert_one_sentence
            [[ $stderr == *"$option"* ]] || fail "$command $option=: it is not named"
            count=$((count + 1))
        done
    done
    [ "$count" -gt 50 ] || fail "only $count were tried"
}

# usage_status COMMAND: shell and enter keep the small numbers for what they run.
usage_status() {
    case $1 in
    shell | enter) echo 125 ;;
    *) echo 2 ;;
    esac
}
