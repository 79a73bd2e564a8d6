#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# hosts for --all: systemd
# The patient's disks inside, and nothing else, where the unified cgroup hierarchy is alone: what is in
# /dev, what a node made inside opens, and the patient's own tools on it.

load ../../system/helpers
load storage

# carry PROGRAM...: programs of this Debian for the small system, with what they are linked to.
carry() {
    local program file
    for program in "$@"; do
        program=$(command -v "$program")
        for file in $(realpath "$program") $(ldd "$program" | grep -o '/[^ ]*'); do
            mkdir -p "extra$(dirname "$file")"
            cp -L "$file" "extra$file"
        done
        [ -e "extra$program" ] || cp -L "$program" "extra$program"
    done
}

# numbers DEVICE: "8 16"
numbers() {
    stat -Lc '%Hr %Lr' "$1"
}

# patient: a.img with a volume group on its second partition; $OTHER is another disk.
patient() {
    local applet
    carry lsblk findmnt lvs
    mkdir -p extra/bin
    for applet in mknod head dd timeout tr cut ln; do
        ln -s busybox "extra/bin/$applet"
    done
    # busybox's has another form.
    cp -L /sbin/blkid extra/bin/blkid.real
    carry blkid
    disk a 120M
    partition "$A" 20M -
    lvm_group vg0 "${A}p2" root:70M
    mini /dev/vg0/root "/dev/mapper/vg0-root / ext4 defaults 0 1"
    put_away
    truncate -s 8M other.img
    attach other.img
    OTHER=$DEV
}

# look WRITES: a script for inside, which ends with "looked" when all is as it has to be.
look() {
    cat <<END
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
# opens MODE NODE
opens() {
    if [ \$1 = read ]; then head -c 1 "\$2" >/dev/null 2>&1; else
        dd if="\$2" of=/tmp/first bs=512 count=1 2>/dev/null
        dd if=/tmp/first of="\$2" bs=512 count=1 conv=notrunc 2>/dev/null
    fi
}
must() { "\$@" || { echo "refused: \$*"; exit 1; }; }
must_not() { if "\$@"; then echo "possible: \$*"; exit 1; fi; }
mknod /dev/made-other b $(numbers "$OTHER")
must_not opens read /dev/made-other
mknod /dev/made-memory c 1 1
must_not opens read /dev/made-memory
mknod /dev/made-kmsg c 1 11
must_not opens read /dev/made-kmsg
disk=/dev/\$(lsblk -nslo NAME /dev/mapper/vg0-root | sed -n '\$p')
must opens read /dev/mapper/vg0-root
must opens read "\$disk"
# By a node of one's own, too. (On /tmp none would open: nodev.)
for node in /dev/mapper/vg0-root "\$disk"; do
    rm -f /dev/made-own
    mknod /dev/made-own b \$(stat -Lc '%t %T' "\$node" | while read a b; do echo \$((0x\$a)) \$((0x\$b)); done)
    must opens read /dev/made-own
    $1 opens write /dev/made-own
    $1 opens write "\$node"
done
timeout 30 lsblk -nlo NAME,FSTYPE,MOUNTPOINT | tr -s ' ' | grep 'vg0-root.*/\$'
timeout 30 blkid.real /dev/mapper/vg0-root | grep 'TYPE="ext4"'
timeout 30 findmnt -nro SOURCE / | grep -x /dev/mapper/vg0-root
[ "\$(timeout 60 lvs --noheadings -o lv_full_name | tr -d ' ')" = vg0/root ] || { lvs; exit 1; }
echo looked
END
}

# looks COMMAND...: a session in which that script comes to its end.
looks() {
    unb "$@"
    [ "$status" -eq 0 ] || fail "the session failed" || return 1
    [[ $output == *looked* ]] || fail "not all is as it has to be"
}

@test "device policy: the patient's nodes open, and no other, on a host with the unified hierarchy alone" {
    patient
    look must >script
    looks shell a.img -- sh -c "$(cat script)"
    no_layers
    look must_not >script
    unchanged a.img looks shell --read-only a.img -- sh -c "$(cat script)"
    no_layers
}

@test "device policy: the same in a booted session" {
    slow
    patient
    look must >script
    looks boot --run script a.img
    look must_not >script
    unchanged a.img looks boot --read-only --run script a.img
    no_layers
}

@test "lvm, dmsetup and udevadm inside neither hang nor touch what the host has" {
    slow
    carry dmsetup lvm vgchange udevadm
    patient
    disk b 60M
    lvm_group hostvg "$B" data:20M
    dmsetup create hostmap --table '0 8 zero'
    dmsetup ls | sort >before
    unb shell a.img -- sh -c 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin
        timeout 30 dmsetup remove hostmap; timeout 30 dmsetup remove_all --force; timeout 30 dmsetup suspend hostmap
        timeout 60 vgchange -an hostvg; timeout 60 lvm vgs
        timeout 30 udevadm settle --timeout=5; timeout 30 udevadm trigger --action=remove; echo "ended $?"'
    [[ $output == *ended* && $output != *hostvg* ]] || fail "$output $stderr"
    dmsetup ls | sort | diff before -
    [[ $(dmsetup info -c --noheadings -o suspended hostmap) == Active ]]
    [ -b /dev/hostvg/data ]
    dmsetup remove hostmap
}
