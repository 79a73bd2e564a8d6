# SPDX-License-Identifier: LGPL-2.1-or-later
# Building blocks of patients, made with the ordinary tools in the virtual machine: each test is in a
# directory of its own with its disks as image files.
# shellcheck shell=bash disable=SC2034 # A, B, C are for the tests

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    KEY=$BATS_TEST_TMPDIR/key
    printf 'correct horse' >"$KEY"
    remember_host
}

teardown() {
    # A test that failed between mount and umount: the next ones would all fail with it.
    [ ! -d dir ] || {
        kill "$HOLDER"
        wait "$HOLDER"
        "$UNBRICK" umount dir
    } >/dev/null 2>&1 || true
    umount host >/dev/null 2>&1 || true
    put_away >/dev/null 2>&1
    assert_host_clean 5 || {
        sweep_away
        return 1
    }
}

# slow: a test of the whole matrix only.
slow() {
    [ -n "${UNBRICK_TEST_ALL:-}" ] || skip "slow: ./dev check --all"
}

# disk LETTER SIZE: LETTER.img on a loop device, whose name is in $A, $B ...
disk() {
    truncate -s "$2" "$1.img"
    attach "$1.img" -P
    printf -v "${1^^}" %s "$DEV"
}

# partition DEVICE SIZE|-...: a GPT with partitions of these sizes, "-" is the rest.
partition() {
    local device=$1 size
    shift
    {
        echo "label: gpt"
        for size in "$@"; do
            [ "$size" = - ] && echo "type=L" || echo "size=${size}iB, type=L"
        done
    } | sfdisk -q "$device"
    partx -u "$device" 2>/dev/null
    wait_for 5 test -b "${device}p$#"
}

# lvm_group NAME DEVICE VOLUME:SIZE...
lvm_group() {
    local name=$1 device=$2 volume
    shift 2
    pvcreate -qq "$device"
    vgcreate -qq "$name" "$device"
    for volume in "$@"; do
        lvcreate -qq -y -n "${volume%:*}" -L "${volume#*:}" "$name"
    done
}

# luks DEVICE NAME [OPTION...]: formatted with KEY, cheaply, and open as /dev/mapper/NAME.
luks() {
    local device=$1 name=$2
    shift 2
    cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$@" "$device" "$KEY" ||
        cryptsetup -q luksFormat --iter-time 10 "$@" "$device" "$KEY"
    cryptsetup open --key-file "$KEY" "$device" "$name"
}

# array NAME LEVEL DEVICE...: as /dev/md/NAME, in sync.
array() {
    local name=$1 level=$2
    shift 2
    mdadm --create "/dev/md/$name" --name "$name" --run --level "$level" --raid-devices $# \
        --metadata 1.2 --assume-clean "$@" 2>/dev/null
}

# mini DEVICE [FSTAB [DIRECTORY...]]: the small system on it, ext4 unless it is a btrfs, with what lies in
# the directory "extra".
mini() {
    local device=$1 tree=$BATS_TEST_TMPDIR/mini directory
    "$FIXTURES/mini" "$tree"
    printf '%s\n' "${2:-}" >"$tree/etc/fstab"
    [ ! -d extra ] || cp -a extra/. "$tree"
    for directory in /boot "${@:3}"; do
        mkdir -p "$tree$directory"
    done
    if [ "$(blkid -o value -s TYPE "$device")" = btrfs ]; then
        mkdir mnt
        mount "$device" mnt
        cp -a "$tree/." mnt
        umount mnt
    else
        mke2fs -q -t ext4 -d "$tree" "$device"
    fi
    rm -rf "$tree"
}

# put_away: take everything down in the right order, as a machine that is switched off.
put_away() {
    local i
    sync
    for i in 1 2 3; do
        # What stands on another goes in a later round.
        vgchange -qq -an >/dev/null 2>&1 || true
        dmsetup remove_all --retry >/dev/null 2>&1 || true
        mdadm --stop --scan >/dev/null 2>&1 || true
    done
    # Without udev nobody takes the directories of groups away.
    rm -rf /dev/vg[0-9]
    detach_all
    ! losetup -nl -O BACK-FILE | grep -qF "$BATS_TEST_TMPDIR"
}

# standing: names of mappings and arrays.
standing() {
    {
        dmsetup ls | grep -v '^No devices found' | cut -f1
        grep -o '^md[^ ]*' /proc/mdstat 2>/dev/null || true
        find /dev/mapper -mindepth 1 ! -name control
    } | sort
}

# no_layers: no mapping, no array, nothing of ours in /dev.
no_layers() {
    {
        dmsetup ls | grep -v '^No devices found'
        grep ^md /proc/mdstat
        find /dev/mapper -mindepth 1 ! -name control
    } >left || true
    [ ! -s left ] || {
        cat left
        return 1
    }
}
