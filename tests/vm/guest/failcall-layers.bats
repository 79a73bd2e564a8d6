#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# A call that fails once while layered storage is put together or taken down (tests/failcall/failcall.c): an
# ioctl of device-mapper, md or loop, the opening of a control node, the start of mdadm, lvm or cryptsetup. It
# works all the same, or ends in one sentence; nothing is left, and a disk that was not mounted is not changed.

load ../../system/helpers
load storage

setup_file() {
    FAILCALL=$(realpath "${FAILCALL:-$(dirname "${UNBRICK_STEPS:-$BATS_TEST_DIRNAME/../../../build-test/unbrick}")/tests/failcall}")
    export FAILCALL
}

# --- patients: IMAGES is what is named to unbrick -------------------------------------------------

linear() {
    IMAGES=(a.img)
    disk a 60M
    lvm_group vg0 "$A" root:40M
    mini /dev/vg0/root
}

thin() {
    IMAGES=(a.img)
    disk a 100M
    pvcreate -qq "$A"
    vgcreate -qq vg0 "$A"
    lvcreate -qq -y -n pool --type thin-pool -L 40M vg0
    lvcreate -qq -y -n root -V 64M --thinpool pool vg0
    mini /dev/vg0/root
}

encrypted() {
    IMAGES=(a.img)
    disk a 60M
    luks "$A" secret
    mini /dev/mapper/secret
}

mirror() {
    IMAGES=(a.img b.img)
    disk a 40M
    disk b 40M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
}

# made LAYOUT: it is there, and put away; a copy of each image beside it.
made() {
    "$1"
    put_away
    for image in "${IMAGES[@]}"; do
        cp --sparse=always "$image" "$image.before"
    done
}

same_as_before() {
    local image
    for image in "${IMAGES[@]}"; do
        cmp "$image" "$image.before" || fail "$image was written to" || return 1
    done
}

# --- what is tried --------------------------------------------------------------------------------

# run_with RULE COMMAND: sets status, output, stderr.
run_with() {
    local arguments=(--key-file "$KEY" "${IMAGES[@]}")
    case $2 in
    list) arguments=(list "${arguments[@]}") ;;
    shell) arguments=(shell "${arguments[@]}" -- cat /etc/hostname) ;;
    mount) arguments=(mount "${arguments[@]}" dir) ;;
    umount) arguments=(umount dir) ;;
    esac
    run --separate-stderr env -u DM_DISABLE_UDEV timeout -k 5 100 "$FAILCALL" "$1" -- \
        "$UNBRICK" "${arguments[@]}" </dev/null
    report_run "[$1]" "${arguments[@]}"
    [[ $status -ne 124 && $status -ne 137 ]] || fail "it hangs"
}

# worked COMMAND: it did what it is for.
worked() {
    case $1 in
    list) [[ $status -eq 0 && $output == *mini*Mini* ]] ;;
    shell) [[ $status -eq 0 && $output == mini ]] ;;
    mount) [[ $status -eq 0 && -e dir/etc/hostname ]] ;;
    umount) [[ $status -eq 0 && ! -e dir/etc/hostname ]] ;;
    esac
}

# said COMMAND: one sentence, and the status of something that this host lacks or that went wrong; never that
# the disk is damaged or the key is wrong. What list cannot look into it shows closed.
said() {
    case $1:$status in
    list:0) [[ $output == *a.img*closed* && $(grep -c . <<<"$stderr") -le 2 ]] || fail "it says nothing" || return 1 ;;
    list:* | mount:[1346] | umount:[136] | shell:125) assert_one_sentence || return 1 ;;
    *) fail "status $status" || return 1 ;;
    esac
    [[ -n $stderr && $stderr != *damaged* && $stderr != *"without the metadata"* && $stderr != *"does not fit"* ]] ||
        fail "that is not why"
}

# one_failure COMMAND RULE
one_failure() {
    local done=''
    mkdir -p dir
    [ "$1" != umount ] || "$UNBRICK" mount --key-file "$KEY" "${IMAGES[@]}" dir 2>/dev/null
    run_with "$2" "$1" || return 1
    if worked "$1"; then
        done=worked
    else
        said "$1" || return 1
        # What could not be taken down is, by the next one who tries.
        [ "$1" != umount ] || "$UNBRICK" umount dir || fail "it cannot be unmounted" || return 1
    fi
    if [ "$1$done" = mountworked ]; then
        "$UNBRICK" umount dir || fail "it cannot be unmounted" || return 1
    fi
    wait_for 10 no_layers || fail "a layer is left" || return 1
    assert_host_clean 5 || return 1
    [ ! -e /run/unbrick ] || [ -z "$(ls /run/unbrick)" ] || fail "a record is left" || return 1
    # The kernel writes to the metadata of a thin pool that is opened for writing.
    case $1:$done:$LAYOUT in
    list:* | *::[!t]*) [ "$1" = umount ] || same_as_before || return 1 ;;
    esac
    for image in "${IMAGES[@]}"; do
        cp --sparse=always "$image.before" "$image"
    done
}

# sweep LAYOUT CASE...: each case is a COMMAND:CALL:N=ERRNO.
sweep() {
    local case report=$BATS_TEST_TMPDIR/report bad=0 started
    LAYOUT=$1
    made "$1"
    shift
    for case in "$@"; do
        started=$SECONDS
        one_failure "${case%%:*}" "${case#*:}" >"$report" 2>&1 || {
            cat "$report"
            fail "$LAYOUT: $case" || bad=$((bad + 1))
            put_away
            sweep_away
        }
        echo "# $LAYOUT $case: $status, $((SECONDS - started)) s: $stderr" >>"${SWEEP_LOG:-/dev/null}"
    done
    [ "$bad" -eq 0 ]
}
