# SPDX-License-Identifier: LGPL-2.1-or-later
# What the system tests share. UNBRICK is the program (the sanitizer build by default).
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

FIXTURES=$(realpath "${BASH_SOURCE[0]%/*}/../fixtures")
UNBRICK=$(realpath "${UNBRICK:-$FIXTURES/../../build-test/unbrick}")
PTY=$(realpath "${BASH_SOURCE[0]%/*}/pty.py")
export UNBRICK PTY

# --- running ---------------------------------------------------------------------------------

# unb ARGUMENT...: sets status, output (standard output) and stderr. Never waits for a person.
unb() {
    run --separate-stderr env -u DM_DISABLE_UDEV timeout -k 5 100 "$UNBRICK" "$@" </dev/null
    report_run "$@"
}

# The same, with the standard input of the caller.
unb_in() {
    run --separate-stderr timeout -k 5 100 "$UNBRICK" "$@"
    report_run "$@"
}

# bats shows this when the test fails.
report_run() {
    printf '$ unbrick %s  # status %s\n--- stdout\n%s\n--- stderr\n%s\n' "$*" "$status" \
        "${output:0:4000}" "${stderr:0:4000}"
}

# A failure is one sentence with a hint at most: nothing raw, nothing twice, no crash.
assert_one_sentence() {
    local lines
    lines=$(grep -c . <<<"$stderr")
    [ "$lines" -ge 1 ] && [ "$lines" -le 3 ] || fail "$lines lines on standard error" || return 1
    [[ $stderr == "unbrick: "* ]] || fail "the message does not start with 'unbrick: '" || return 1
    [[ $stderr != *Sanitizer* ]] || fail "a sanitizer reported"
}

# refused STATUS WORD ARGUMENT...: the command ends so, with one sentence that has the word in it.
refused() {
    local wanted=$1 word=$2
    shift 2
    unb "$@"
    [ "$status" -eq "$wanted" ] || fail "status $status instead of $wanted" || return 1
    assert_one_sentence || return 1
    [[ ${stderr,,} == *"${word,,}"* ]] || fail "the message does not say '$word'"
}

fail() {
    echo "FAILED: $*"
    return 1
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# documented SCHEMA: the last --json output is that, and no field in it is missing from its section of
# docs/json.md.
documented() {
    local field section
    [ "$(jq -r .schema <<<"$output")" = "$1" ] || fail "not $1" || return 1
    section=$(awk -v head="## $1" '/^## / { on = $0 == head } on' "$FIXTURES/../../docs/json.md")
    for field in $(jq -r '[.. | objects | keys[]] | unique[]' <<<"$output"); do
        grep -qF "\`$field\`" <<<"$section" || fail "$field is not described in $1" || return 1
    done
}

# --- fixtures --------------------------------------------------------------------------------

# image [OPTION...]: a fresh image in IMG, options of tests/fixtures/image.
image() {
    IMG=$BATS_TEST_TMPDIR/disk.img
    "$FIXTURES/image" "$IMG" "$@" || fail "no image"
}

# An image that the tests of a file share because they must not change it.
shared_image() {
    export IMG=$BATS_FILE_TMPDIR/disk.img
    "$FIXTURES/image" "$IMG" "$@"
}

# tree [SUITE]: a copy of its own in TREE.
tree() {
    TREE=$BATS_TEST_TMPDIR/tree
    mkdir "$TREE"
    cp -a "$("$FIXTURES/suite" "${1:-bookworm}")/." "$TREE"
}

# imitation TREE VERSION [FROM]: a systemd of that version that refuses to start without the old
# hierarchy, as those before 230 do. The tree is a copy of FROM, or is there.
imitation() {
    [ -z "${3:-}" ] || cp -a "$3" "$1"
    mkdir -p "$1/usr/lib/systemd"
    cat >"$1/usr/lib/systemd/systemd" <<END
#!/bin/sh
# systemd $2 running in system mode.
grep -q ' /sys/fs/cgroup/systemd .* - cgroup .*name=systemd' /proc/self/mountinfo &&
    grep -q ':name=systemd:/\$' /proc/self/cgroup &&
    mkdir /sys/fs/cgroup/systemd/init.scope && echo 1 >/sys/fs/cgroup/systemd/init.scope/cgroup.procs || {
    echo "Failed to mount cgroup at /sys/fs/cgroup/systemd"
    exit 1
}
echo "old systemd is up"
exit 0
END
    chmod +x "$1/usr/lib/systemd/systemd"
}

# part_range IMAGE [NUMBER]: start and size in bytes; the last partition by default, which is the
# root; the whole file when there is no table. A table for sectors of 4096 bytes is not seen: such
# an image has its only partition from the second MiB on (tests/fixtures/image).
part_range() {
    local json
    if [ -n "${SECTOR_4096:-}" ]; then
        echo "$((2 << 20)) $(($(stat -c %s "$1") - (3 << 20)))"
        return
    fi
    json=$(sfdisk -J "$1" 2>/dev/null) || json=''
    [ -n "$json" ] || {
        echo "0 $(stat -c %s "$1")"
        return
    }
    jq -er --arg n "${2:-}" '.partitiontable.partitions |
        if $n == "" then .[-1] else .[($n | tonumber) - 1] end |
        "\(.start * 512) \(.size * 512)"' <<<"$json"
}

# in_image IMAGE COMMAND...: with the root mounted at $M, then unmounted again.
in_image() {
    local image=$1 start size
    shift
    read -r start size < <(part_range "$image")
    M=$BATS_TEST_TMPDIR/edit
    mkdir -p "$M"
    mount -o "loop,offset=$start,sizelimit=$size${MOUNT_OPTIONS:+,$MOUNT_OPTIONS}" "$image" "$M"
    export M
    "$@" || {
        umount "$M"
        return 1
    }
    umount "$M"
}

# script TEXT: a script for boot --run, in SCRIPT.
script() {
    SCRIPT=$BATS_TEST_TMPDIR/script
    cat >"$SCRIPT" <<<"$1"
}

# attach IMAGE [OPTION...]: a loop device in DEV, taken away by detach_all.
attach() {
    DEV=$(losetup --show -f "${@:2}" "$1")
    echo "$DEV" >>"$BATS_TEST_TMPDIR/attached"
}

detach_all() {
    local device
    [ -e "$BATS_TEST_TMPDIR/attached" ] || return 0
    while read -r device; do
        partx -d "$device" 2>/dev/null || true
        losetup -d "$device" 2>/dev/null || true
    done <"$BATS_TEST_TMPDIR/attached"
    rm "$BATS_TEST_TMPDIR/attached"
}

# attach_whole IMAGE: as attach, with nodes of its partitions.
attach_whole() {
    local sys
    attach "$1"
    partx -u "$DEV" 2>/dev/null || true
    for sys in "/sys/class/block/${DEV#/dev/}"p*; do
        # shellcheck disable=SC2046 # "259 1"
        [ -b "/dev/${sys##*/}" ] || mknod "/dev/${sys##*/}" b $(tr : ' ' <"$sys/dev")
    done
}

# as_host IMAGE ARGUMENT...: like unb, on the host that runs from the image (tests/fixtures/as-host).
as_host() {
    attach_whole "$1"
    mkdir -p "$BATS_TEST_TMPDIR/host"
    run --separate-stderr "$FIXTURES/as-host" "$DEV" "$BATS_TEST_TMPDIR/host" "$UNBRICK" "${@:2}" </dev/null
}

# --- what did it change? ---------------------------------------------------------------------

checksum() {
    cksum <"$1" # the fastest there is: against accidents it is enough
}

# unchanged FILE COMMAND...: it is byte for byte the same afterwards.
unchanged() {
    local file=$1 before
    shift
    before=$(checksum "$file")
    "$@"
    [ "$before" = "$(checksum "$file")" ] || fail "$file was written to"
}

# manifest DIRECTORY: one line for everything in it, dates of change included, and one for the
# content of each file.
manifest() {
    (
        cd "$1" || exit
        find . -xdev -printf '%P %y %m %U %G %s %T@ %C@ %l\n'
        find . -xdev -type f -print0 | xargs -0r md5sum
    ) | sort
}

# manifest_of_image IMAGE: read from the disk, without replay, so that an unclean end shows up.
manifest_of_image() {
    MOUNT_OPTIONS=ro in_image "$1" eval 'manifest "$M"'
}

# clean_ext IMAGE [NUMBER]: e2fsck finds nothing and the journal is empty.
clean_ext() {
    local start size part=$BATS_TEST_TMPDIR/part
    read -r start size < <(part_range "$@")
    dd if="$1" of="$part" bs=1M skip=$((start >> 20)) count=$((size >> 20)) conv=sparse status=none
    if dumpe2fs -h "$part" 2>/dev/null | grep -q needs_recovery; then
        fail "the journal is not empty" || return 1
    fi
    e2fsck -fn "$part" || fail "e2fsck finds errors" || return 1
    rm -f "$part"
}

# --- nothing left ----------------------------------------------------------------------------

# Processes of the program under test, the keeper and the stub among them.
our_processes() {
    find /proc/[0-9]*/exe -maxdepth 0 -lname "$UNBRICK" -printf '%h\n' 2>/dev/null | cut -d/ -f3
}

# Does a session of another build of unbrick (a developer's own) hold this process? Then it is none
# of this test's. "Holds": it is one itself, or below one.
foreign() {
    local pid=$1 exe
    while [ "${pid:-0}" -gt 1 ]; do
        exe=$(readlink "/proc/$pid/exe" 2>/dev/null)
        exe=${exe% (deleted)} # it may have been built again meanwhile
        [[ $exe != */unbrick || $exe == "$UNBRICK" ]] || return 0
        pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
    done
    return 1
}

# not_foreign PATTERN: of the lines on the standard input those whose process (what the pattern of
# sed finds in them) is not foreign.
not_foreign() {
    local line
    while IFS= read -r line; do
        foreign "$(sed -nE "s#$1#\\1#p" <<<"$line")" || printf '%s\n' "$line"
    done
}

# Processes in a nested process namespace. What has ended and is only not waited for holds nothing; and
# whose it was, foreign(), cannot be told any more.
nested_processes() {
    grep -lE '^NSpid:	[0-9]+	' /proc/[0-9]*/status 2>/dev/null |
        xargs -r grep -LE '^State:	[ZX]' 2>/dev/null | cut -d/ -f3 | sort
}

# Of the processes on the standard input those that have not ended meanwhile: whose it was cannot be told
# of one that has.
still_there() {
    local pid
    while IFS= read -r pid; do
        [ ! -e "/proc/$pid" ] || echo "$pid"
    done
}

# Mounts below our directory, or of a file of this test, in any mount namespace.
our_mounts() {
    local file
    grep -lF -e ' /run/unbrick' -e "$BATS_RUN_TMPDIR" /proc/[0-9]*/mountinfo 2>/dev/null |
        while IFS= read -r file; do
            foreign "$(cut -d/ -f3 <<<"$file")" || cat "$file" 2>/dev/null
        done | grep -F -e ' /run/unbrick' -e "$BATS_RUN_TMPDIR" | grep -vF "$BATS_RUN_TMPDIR/keep" |
        sort -u
}

our_loops() {
    losetup -nl -O NAME,BACK-FILE 2>/dev/null | grep -F "$BATS_RUN_TMPDIR" || true
}

our_cgroups() {
    find /sys/fs/cgroup -maxdepth 4 -type d -name 'unbrick*' 2>/dev/null |
        not_foreign '.*/unbrick-.*-([0-9]+)$'
}

leftovers() {
    our_processes | sed 's/^/process /'
    comm -13 "$BATS_TEST_TMPDIR/nested" <(nested_processes) | not_foreign '(.*)' | still_there |
        sed 's/^/nested process /'
    our_mounts | sed 's/^/mount /'
    our_loops | sed 's/^/loop /'
    our_cgroups | sed 's/^/cgroup /'
    find /run/udev/rules.d -name '*unbrick*' 2>/dev/null | not_foreign '.*-([0-9]+)[.]rules$' |
        sed 's/^/file /'
    find /run/unbrick -mindepth 1 2>/dev/null | not_foreign '/run/unbrick/([0-9]+).*' |
        sed 's/^/file /'
}

# What is there already when a test begins is not its doing.
remember_host() {
    nested_processes >"$BATS_TEST_TMPDIR/nested"
    leftovers | sort >"$BATS_TEST_TMPDIR/before"
}

new_leftovers() {
    comm -13 "$BATS_TEST_TMPDIR/before" <(leftovers | sort)
}

nothing_left() {
    [ -z "$(new_leftovers)" ]
}

# assert_host_clean [SECONDS]
assert_host_clean() {
    wait_for "${1:-2}" nothing_left || {
        new_leftovers
        fail "something is left"
    }
}

# What one test left must not fail the next ones, too.
sweep_away() {
    local dir
    "$UNBRICK" cleanup >/dev/null 2>&1
    for dir in $(new_leftovers | sed -n 's#^file \(/run/unbrick/[0-9]*\)$#\1#p'); do
        [ ! -e "/proc/${dir##*/}" ] || continue
        umount -R "$dir/mnt" 2>/dev/null
        rm -f "$dir"/{journal,lock,machine-id,inittab}
        rmdir "$dir/mnt" "$dir"
    done
    return 0
}

# Every test: nothing left, except what the test itself attached.
setup() {
    remember_host
}

teardown() {
    detach_all
    assert_host_clean || {
        sweep_away
        return 1
    }
}
