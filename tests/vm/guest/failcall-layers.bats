#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# A call that fails once while layered storage is put together or taken down (tests/failcall/failcall.c): an
# ioctl of device-mapper, md or loop, the opening of a control node, the start of mdadm, lvm or cryptsetup. It
# works all the same, or ends in one sentence; nothing is left, and a disk that was not mounted is not changed.

load ../../system/helpers
load storage

setup_file() {
    local build
    build=$(dirname "${UNBRICK_STEPS:-$BATS_TEST_DIRNAME/../../../build-test/unbrick}")
    FAILCALL=$(realpath "${FAILCALL:-$build/tests/failcall}")
    [ -z "${UNBRICK_TEST_ALL:-}" ] || export BATS_TEST_TIMEOUT=900
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
    mkdir -p extra/etc
    echo "cr_root UUID=$(blkid -o value -s UUID "$A") none luks" >extra/etc/crypttab
    mini /dev/mapper/secret
}

mirror() {
    IMAGES=(a.img b.img)
    disk a 40M
    disk b 40M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
}

# A copy of what is active here.
copy_of_group() {
    linear
    IMAGES=(c.img)
    sync
    cp a.img c.img
}

copy_of_mirror() {
    mirror
    IMAGES=(c.img d.img)
    sync
    cp a.img c.img
    cp b.img d.img
}

# made LAYOUT: it is there, and put away but for what it is a copy of; a copy of each image beside it.
made() {
    "$1"
    case $1 in
    copy*) remember_host ;;
    *) put_away ;;
    esac
    standing >standing-before
    for image in "${IMAGES[@]}"; do
        cp --sparse=always "$image" "$image.before"
    done
}

# as_before: nothing stands that did not before.
as_before() {
    standing | diff standing-before -
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
    degraded) arguments=(shell --degraded "${arguments[@]}" -- cat /etc/hostname) ;;
    mount) arguments=(mount "${arguments[@]}" dir) ;;
    umount) arguments=(umount dir) ;;
    esac
    run --separate-stderr env -u DM_DISABLE_UDEV FAILCALL_COUNT="$COUNT" timeout -k 5 100 "$FAILCALL" "$1" -- \
        "$UNBRICK" "${arguments[@]}" </dev/null
    report_run "[$1]" "${arguments[@]}"
    [[ $status -ne 124 && $status -ne 137 ]] || fail "it hangs" || return 1
    # A second or a later call may be no more, with other versions of the tools.
    [[ $1 != *:1=* || $(cat "$COUNT") -ge 1 ]] || fail "the call is never made"
}

# worked COMMAND: it did what it is for.
worked() {
    case $1 in
    list) [[ $status -eq 0 && $output == *mini*Mini* ]] ;;
    shell | degraded) [[ $status -eq 0 && $output == mini ]] ;;
    mount) [[ $status -eq 0 && -e dir/etc/hostname ]] ;;
    umount) [[ $status -eq 0 && ! -e dir/etc/hostname ]] ;;
    esac
}

# said COMMAND: one sentence, and the status of something that this host lacks or that went wrong; never that
# the disk is damaged or the key is wrong. What list cannot look into it shows closed.
said() {
    case $1:$status in
    list:0)
        [[ $output == *"${IMAGES[0]}"*closed* && $(grep -c . <<<"$stderr") -le 2 ]] ||
            fail "it says nothing" || return 1
        ;;
    list:* | mount:[1346] | umount:[136] | shell:125 | degraded:125) assert_one_sentence || return 1 ;;
    *) fail "status $status" || return 1 ;;
    esac
    [[ -n $stderr && $stderr != *damaged* && $stderr != *"without the metadata"* && $stderr != *"does not fit"* ]] ||
        fail "that is not why"
}

# one_failure COMMAND RULE
one_failure() {
    local done='' image
    mkdir -p dir
    for image in "${IMAGES[@]}"; do
        cp --sparse=always "$image.before" "$image"
    done
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
    wait_for 10 as_before || fail "a layer is left" || return 1
    assert_host_clean 5 || return 1
    [ ! -e /run/unbrick ] || [ -z "$(ls /run/unbrick)" ] || fail "a record is left" || return 1
    # The kernel writes to the metadata of a thin pool that is opened for writing.
    case $1:$done:$LAYOUT in
    umount:* | [sm]*:worked:* | [sm]*:thin) ;;
    *) same_as_before ;;
    esac
}

# sweep LAYOUT CASE...: each case is a COMMAND:CALL:N=ERRNO.
sweep() {
    local case report=$BATS_TEST_TMPDIR/report bad=0
    COUNT=$BATS_TEST_TMPDIR/count
    LAYOUT=$1
    made "$1"
    shift
    for case in "$@"; do
        one_failure "${case%%:*}" "${case#*:}" >"$report" 2>&1 || {
            cat "$report"
            fail "$LAYOUT: $case" || bad=$((bad + 1))
            put_away
            sweep_away
        }
    done
    [ "$bad" -eq 0 ]
}

# --- the tests ------------------------------------------------------------------------------------

@test "failing calls in layers: a volume group, each kind of call in one of the commands" {
    sweep linear shell:lvm:1=ENOMEM list:mapper/control:3=ENXIO mount:DM_TABLE_LOAD:1=ENOMEM \
        umount:DM_DEV_REMOVE:1=EBUSY
}

@test "failing calls in layers: a volume group" {
    slow
    sweep linear {list,shell}:lvm:{1,2,3}=ENOMEM {list,shell}:mapper/control:{1,2,3}=ENXIO \
        {list,shell}:DM_VERSION:1=EPERM list:DM_LIST_VERSIONS:{1,2}=ENOMEM shell:DM_LIST_DEVICES:1=ENOMEM \
        {list,shell,mount}:DM_DEV_CREATE:1=EBUSY {list,shell,mount}:DM_TABLE_LOAD:1=ENOMEM \
        {list,shell,mount}:DM_DEV_SUSPEND:1=ENOMEM {list,shell,umount}:DM_DEV_REMOVE:1=EBUSY \
        shell:DM_DEV_STATUS:{1,4,8,11}=ENXIO {list,shell}:DM_TABLE_{DEPS,STATUS}:1=ENXIO
}

@test "failing calls in layers: the loop device below a volume group" {
    slow
    sweep linear {list,shell,mount}:loop-control:1=EACCES {list,shell,mount}:LOOP_CTL_GET_FREE:1=ENOSPC \
        {list,shell,mount}:LOOP_CONFIGURE:1={EBUSY,ENOMEM} shell:LOOP_GET_STATUS64:{1,3}=ENXIO \
        shell:BLKGETSIZE64:1=ENXIO shell:BLKSSZGET:1=EIO shell:BLKROGET:1=ENXIO
}

@test "failing calls in layers: a thin pool" {
    slow
    sweep thin list:DM_DEV_CREATE:{1,3,5}=EBUSY shell:DM_DEV_CREATE:{2,4}=ENOMEM \
        list:DM_TABLE_LOAD:{1,3,5}=ENOMEM shell:DM_TABLE_LOAD:{2,4}=EBUSY \
        list:DM_DEV_SUSPEND:{1,3}=ENOMEM shell:DM_DEV_SUSPEND:{2,4}=ENOMEM \
        list:DM_DEV_REMOVE:{1,4}=EBUSY shell:DM_DEV_REMOVE:{2,6}=EBUSY umount:DM_DEV_REMOVE:{1,6}=EBUSY \
        shell:DM_DEV_STATUS:{1,18,36,54}=ENXIO list:DM_TABLE_STATUS:{1,4,6}=ENXIO shell:DM_TABLE_DEPS:{1,8}=ENXIO \
        umount:mapper/control:{1,5}=EMFILE
}

@test "failing calls in layers: a LUKS volume, whose name crypttab tells" {
    slow
    sweep encrypted {list,shell,mount}:cryptsetup:1={ENOMEM,EACCES} {list,shell}:mapper/control:{1,2}=ENXIO \
        shell:mapper/control:3=ENXIO {list,shell}:DM_VERSION:1=EPERM {list,shell}:DM_LIST_VERSIONS:{1,3}=ENOMEM \
        {list,shell,mount}:DM_DEV_CREATE:1=EBUSY {list,shell,mount}:DM_TABLE_LOAD:1=ENOMEM \
        {list,shell,mount}:DM_DEV_SUSPEND:1=ENOMEM {list,shell,umount}:DM_DEV_REMOVE:1=EBUSY \
        {list,shell}:DM_TABLE_STATUS:{1,3}=ENXIO {shell,mount}:DM_DEV_RENAME:1={EBUSY,EPERM}
}

@test "failing calls in layers: a mirror" {
    slow
    sweep mirror {list,shell}:mdadm:{1,3}=ENOMEM mount:mdadm:2=EACCES {list,shell}:SET_ARRAY_INFO:1=EBUSY \
        {list,shell}:ADD_NEW_DISK:{1,2}=EBUSY \
        list:array_state:1=EPERM shell:array_state:{1,2}=EPERM {list,shell}:new_array:1=EACCES \
        {list,shell,umount}:STOP_ARRAY:1=EBUSY degraded:mdadm:2=ENOMEM
    # A member that this host could not look at is not missing.
    [ "$status" -eq 125 ]
}

@test "failing calls in layers: a copy of a group that is active here" {
    slow
    sweep copy_of_group list:DM_DEV_CREATE:{1,2}=EBUSY shell:DM_TABLE_LOAD:{1,2}=ENOMEM \
        list:DM_DEV_SUSPEND:2=ENOMEM shell:DM_DEV_REMOVE:2=EBUSY shell:lvm:{4,6}=ENOMEM list:mapper/control:1=EMFILE
}

@test "failing calls in layers: a copy of a mirror that is active here" {
    slow
    sweep copy_of_mirror {list,shell}:new_array:1=EACCES list:SET_ARRAY_INFO:1=EBUSY shell:ADD_NEW_DISK:{1,2}=EBUSY \
        list:array_state:1=EPERM shell:array_state:{2,3}=EPERM shell:STOP_ARRAY:1=EBUSY
}
