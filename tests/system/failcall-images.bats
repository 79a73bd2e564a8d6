#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# System calls that are missing or fail (tests/failcall/failcall.c), for every command that opens an image:
# it works all the same, or ends in one sentence with the status of its kind; what only reads has not
# written, what was written is whole, and nothing is left.

load helpers

setup_file() {
    local root=$BATS_TEST_DIRNAME/../.. mini=$BATS_FILE_TMPDIR/mini
    FAILCALL=$(realpath "${FAILCALL:-$root/build-test/tests/failcall}")
    [ -z "${UNBRICK_TEST_ALL:-}" ] || export BATS_TEST_TIMEOUT=700
    # The sweep is long: the build that is released, which failcall.bats has beside the other.
    UNBRICK=$(realpath "${RELEASE:-$root/build/unbrick}")
    export FAILCALL UNBRICK PRISTINE=$BATS_FILE_TMPDIR/pristine.img
    "$FIXTURES/mini" "$mini" mini1
    printf 'LABEL=data /mnt ext4 noatime,nofail\r\n' >"$mini/etc/fstab"
    mkdir "$mini/mnt"
    truncate -s 24M "$PRISTINE"
    mke2fs -q -t ext4 -d "$mini" "$PRISTINE"
    printf '%s\n' 'echo up' 'exit 7' >"$BATS_FILE_TMPDIR/script"
}

# The call; the status when it fails with EIO, and with another error; what works all the same; "early":
# nothing has been written by then. Missing (ENOSYS) it is 6, and early, but for the last three. What only
# takes down, umount, needs none of them.
CALLS="
openat2             4 6  -                       early
fsopen              4 6  -                       early
fsconfig            4 6  -                       early
fsmount             4 6  -                       early
open_tree           1 1  examine:repair          late
move_mount          1 1  -                       late
mount_setattr       1 1  examine:repair:mount    late
clone3              1 1  examine:repair:mount    late
pidfd_open          1 1  examine                 early
close_range         1 1  examine:repair:mount    late
LOOP_CONFIGURE      6 6  -                       early
LOOP_CTL_GET_FREE   6 6  -                       early
cgroup.kill         - -  boot:shell:look:spawn:examine:repair:mount  late
"
COMMANDS=(boot shell look spawn examine repair mount umount)

# command NAME [RULE]: run it on IMG.
command() {
    local arguments
    case $1 in
    boot) arguments=(boot --run "$BATS_FILE_TMPDIR/script" "$IMG") ;;
    shell) arguments=(shell "$IMG" -- cat /etc/hostname) ;;
    look) arguments=(shell --read-only "$IMG" -- cat /etc/hostname) ;;
    spawn) arguments=(spawn --image="$IMG" --pipe cat /etc/hostname) ;;
    examine) arguments=(examine "$IMG") ;;
    repair) arguments=(repair --yes "$IMG") ;;
    mount) arguments=(mount "$IMG" "$DIR") ;;
    umount) arguments=(umount "$DIR") ;;
    esac
    run --separate-stderr timeout -k 5 60 "$FAILCALL" "$2" -- "$UNBRICK" "${arguments[@]}" </dev/null
    report_run "[$2]" "${arguments[@]}"
    [[ $status -ne 124 && $status -ne 137 ]] || fail "it hangs"
}

# worked NAME: it did what it is for.
worked() {
    case $1 in
    boot) [[ $status -eq 7 && $output == *up* ]] ;;
    shell | look | spawn) [[ $status -eq 0 && $output == mini1 ]] ;;
    examine) [[ $status -eq 0 && $output == *fstab.carriage-return* ]] ;;
    repair) [[ $status -eq 0 ]] && ! debugfs -R 'cat /etc/fstab' "$IMG" 2>/dev/null | grep -q $'\r' ;;
    mount) [[ $status -eq 0 && -e $DIR/etc/hostname ]] ;;
    umount) [[ $status -eq 0 && ! -e $DIR/etc/hostname ]] ;;
    esac || fail "$1: it did not work"
}

# said WANTED: with that status, in one sentence, which may stand below a word on what it was doing.
said() {
    [ "$status" -eq "$1" ] || fail "status $status instead of $1" || return 1
    stderr=$(grep -v -e '^disk cannot be read as it is' -e '^Nothing was found that stops' <<<"$stderr")
    assert_one_sentence
}

# fresh NAME: an image for that command, in IMG, and a directory, in DIR.
fresh() {
    IMG=$BATS_TEST_TMPDIR/disk.img DIR=$BATS_TEST_TMPDIR/dir
    cp --sparse=always "$PRISTINE" "$IMG"
    mkdir -p "$DIR"
    [ "$1" != umount ] || "$UNBRICK" mount "$IMG" "$DIR" 2>/dev/null
}

# What could not be taken down is taken down by the next one who tries.
leaves_nothing() {
    ! mountpoint -q "$DIR" || "$UNBRICK" umount "$DIR" 2>/dev/null || fail "it cannot be unmounted" || return 1
    assert_host_clean
}

# one_case NAME CALL ERROR STATUS WORKING WHEN
one_case() {
    local name=$1 rule=$2=$3 wanted=$4 working=:umount:$5: when=$6
    fresh "$name" || return 1
    command "$name" "$rule" || return 1
    if [[ $working == *:$name:* ]]; then
        worked "$name" || return 1
    else
        case $name in
        shell | look) wanted=125 ;;
        spawn) wanted=1 ;;
        esac
        said "$wanted" || return 1
    fi
    leaves_nothing || return 1
    case $name:$when in
    examine:* | look:*) cmp "$IMG" "$PRISTINE" || fail "it was written to" ;;
    umount:*) clean_ext "$IMG" ;;
    *:early) [[ $working == *:$name:* ]] || cmp "$IMG" "$PRISTINE" || fail "it was written to" ;;
    *) clean_ext "$IMG" ;;
    esac
}

# one_failure NAME RULE: it worked, or it said why not.
one_failure() {
    fresh "$1" || return 1
    command "$1" "$2" || return 1
    case $1:$status in
    boot:7 | [!b]*:0) ;;
    repair:1) [[ $stderr == *"unbrick: "* || $output$stderr == *"stops the boot"* ]] ;;
    *) [[ $stderr == *"unbrick: "* && $(grep -c -v '^unbrick: ending in order' <<<"$stderr") -le 4 ]] ;;
    esac || fail "what went wrong?" || return 1
    leaves_nothing || return 1
    case $1 in
    examine | look) cmp "$IMG" "$PRISTINE" || fail "it was written to" ;;
    *) clean_ext "$IMG" ;;
    esac
}

# Each call with each error, in each command; or with one error in two commands, others from row to row.
@test "failcall: a call that is missing or fails, in every command on an image" {
    local call eio other working when error name number=0 chosen report=$BATS_TEST_TMPDIR/report
    while read -r call eio other working when; do
        [ -n "$call" ] || continue
        for error in ENOSYS EIO ENOMEM EPERM; do
            for name in "${COMMANDS[@]}"; do
                number=$((number + 1))
                [ -n "${UNBRICK_TEST_ALL:-}" ] || ((number % 17 == 0)) || continue
                chosen=("$other" "$working" "$when")
                [ "$error" != EIO ] || chosen=("$eio" "$working" "$when")
                # The first thing that is asked is which calls the kernel has.
                [[ $error != ENOSYS || $call == LOOP* || $call == cgroup* ]] || chosen=(6 - early)
                one_case "$name" "$call" "$error" "${chosen[@]}" >"$report" 2>&1 || {
                    cat "$report"
                    fail "$name with $call=$error" || true
                    FAILED=1
                }
            done
        done
    done <<<"$CALLS"
    [ -z "${FAILED:-}" ]
}

# One of them is the stub's: with the other ends of its sockets open it never said "ended", and boot waited.
@test "failcall: the stub keeps no descriptor, also where close_range fails" {
    local number worked=0
    for number in {1..8}; do
        fresh boot
        command boot "close_range:$number=EIO"
        if [ "$status" -eq 7 ]; then
            worked=$((worked + 1))
            worked boot
        else
            said 1
        fi
        clean_ext "$IMG"
    done
    [ "$worked" -ge 2 ]
}

# Which call, with which error, and how often it is tried: 1 is each time. What an only failure means is the
# call's own affair; that it is one sentence or none, and that nothing is left, is not.
SWEPT=(openat2=EIO:47 fsopen=ENOMEM:2 fsconfig=EPERM:7 fsmount=ENOMEM:2 move_mount=EPERM:4 open_tree=EIO:4
    mount_setattr=ENOMEM:1 clone3=ENOMEM:1 pidfd_open=ENOMEM:1 close_range=EIO:1 LOOP_CONFIGURE=EIO:1
    LOOP_CTL_GET_FREE=EIO:1 umount2=EBUSY:1)

@test "failcall: each call fails once, in every command on an image" {
    local row call error step name n report=$BATS_TEST_TMPDIR/report
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
    export FAILCALL_COUNT=$BATS_TEST_TMPDIR/count
    for row in "${SWEPT[@]}"; do
        IFS='=:' read -r call error step <<<"$row"
        for name in "${COMMANDS[@]}"; do
            for ((n = 1; n < 200; n += step)); do
                one_failure "$name" "$call:$n=$error" >"$report" 2>&1 || {
                    cat "$report"
                    fail "$name with $call:$n=$error" || true
                    FAILED=1
                }
                [ "$(cat "$FAILCALL_COUNT")" -ge "$n" ] || break
            done
        done
    done
    [ -z "${FAILED:-}" ]
}
