#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts: plain
# hosts for --all: systemd
# Patients on RAID, LUKS and LVM, alone and on top of each other: opened from nothing but the names of
# their disks, used, and put away so that nothing is left on the host and everything on the disk.

load ../../system/helpers
load storage

@test "lvm: root, /boot and a swap volume in one group" {
    disk a 200M
    partition "$A" 60M -
    lvm_group vg0 "${A}p2" root:80M swap:16M
    mini /dev/vg0/root "/dev/mapper/vg0-root / ext4 defaults 0 1
/dev/sda1 /boot ext4 defaults 0 2
/dev/vg0/swap none swap sw 0 0"
    mke2fs -q -t ext4 "${A}p1"
    put_away
    unb shell a.img -- sh -c 'mount | grep " / \| /boot "; echo kept >/boot/kept; ls -l /dev/mapper /dev/vg0'
    [ "$status" -eq 0 ]
    [[ $output == *" on / type ext4 (rw"* && $output == *" on /boot type ext4 (rw"* ]]
    [[ $output == *vg0-root* && $output == *"swap ->"* ]]
    unb shell a.img -- cat /boot/kept
    [ "$output" = kept ]
    no_layers
}

@test "lvm: striped, mirrored and thin volumes over two disks" {
    disk a 200M
    disk b 200M
    pvcreate -qq "$A" "$B"
    vgcreate -qq vg0 "$A" "$B"
    lvcreate -qq -y -n root -L 40M --stripes 2 vg0
    lvcreate -qq -y -n srv -L 24M --type raid1 -m 1 vg0
    lvcreate -qq -y -n pool --type thin-pool -L 40M vg0
    lvcreate -qq -y -n data -V 64M --thinpool pool vg0
    mke2fs -q -t ext4 /dev/vg0/srv
    mke2fs -q -t ext4 /dev/vg0/data
    mini /dev/vg0/root "/dev/vg0/root / ext4 defaults 0 1
/dev/vg0/srv /srv ext4 defaults 0 2
/dev/mapper/vg0-data /data ext4 defaults 0 2" /srv /data
    put_away
    unchanged a.img unchanged b.img unb list a.img b.img
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [[ $output == *vg0/data* && $output == *vg0/root*mini* ]]
    unb shell a.img b.img -- sh -c 'mount | grep -c "/dev/mapper/vg0-.* on \(/\|/srv\|/data\) "; echo x >/data/x'
    [ "$status" -eq 0 ]
    [ "$output" = 3 ]
    unb shell b.img a.img -- cat /data/x
    [ "$output" = x ]
    no_layers
}

@test "lvm: a group that lacks a disk is refused, and opened read-only with --degraded" {
    disk a 100M
    disk b 100M
    pvcreate -qq "$A" "$B"
    vgcreate -qq vg0 "$A" "$B"
    lvcreate -qq -y -n root -L 40M vg0 "$A"
    lvcreate -qq -y -n far -L 40M vg0 "$B"
    mini /dev/vg0/root
    put_away
    unchanged a.img refused 3 "lacks 1 of its 2" boot a.img
    [[ $stderr == *--degraded* ]]
    unchanged a.img unb shell --degraded a.img -- cat /etc/hostname
    [ "$output" = mini ]
    # What a machine with this disk alone would come to.
    unchanged a.img unb examine --degraded --json a.img
    [ "$status" -eq 1 ]
    jq -e '.findings[] | select(.id == "member.missing") | .severity == "stops-boot"' <<<"$output"
    no_layers
}

@test "lvm: a thin pool that cannot be opened does not stand in the way of the root beside it" {
    slow
    local range
    disk a 160M
    pvcreate -qq "$A"
    vgcreate -qq vg0 "$A"
    lvcreate -qq -y -n root -L 40M vg0
    lvcreate -qq -y -n pool --type thin-pool -L 40M vg0
    lvcreate -qq -y -n data -V 32M --thinpool pool vg0
    mini /dev/vg0/root "/dev/vg0/root / ext4 defaults 0 1"
    range=$(lvs -a --noheadings -o seg_pe_ranges --select 'lv_name="pool_tmeta"' vg0)
    put_away
    # Its metadata: extents of 4 MiB, behind the first MiB.
    range=${range##*:}
    dd if=/dev/urandom of=a.img bs=1M seek=$((1 + 4 * ${range%%-*})) count=1 conv=notrunc status=none
    unchanged a.img unb list a.img
    [[ $output == *vg0/root*mini* && $output != *vg0/data* ]]
    [[ $stderr == *"not all volumes of vg0 could be opened"* ]]
    unb shell a.img -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$status" -eq 0 ]
    [ "$output" = mini ]
    [[ $stderr == *"not all volumes of vg0 could be opened"*pool* ]]
    unb shell a.img -- cat /root/kept
    [ "$output" = kept ]
    no_layers
}

@test "luks: a key file opens it; a wrong one, and none, are one sentence" {
    disk a 100M
    luks "$A" secret
    mini /dev/mapper/secret "/dev/mapper/secret / ext4 defaults 0 1"
    put_away
    unb shell --key-file "$KEY" a.img -- cat /etc/hostname
    [ "$output" = mini ]
    echo wrong >bad
    unchanged a.img refused 4 "does not fit" boot --key-file bad a.img
    unchanged a.img refused 4 "encrypted" boot a.img
    [[ $stderr == *--key-file* ]]
    refused 2 "cannot read" boot --key-file nosuch a.img
    no_layers
}

@test "luks: the passphrase is asked for, is not shown, and may be wrong twice" {
    disk a 100M
    luks "$A" secret
    mini /dev/mapper/secret
    put_away
    run "$PTY" expect:'Passphrase for a.img' 'send:nonsense\r' expect:'does not fit' 'send:worse\r' \
        expect:'does not fit' "send:$(cat "$KEY")\\r" expect:'mini-says-hello' status:0 -- \
        "$UNBRICK" shell a.img -- echo mini-says-hello
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output != *nonsense* ]]
    run "$PTY" expect:'Passphrase for' 'send:a\r' expect:'does not fit' 'send:b\r' \
        expect:'does not fit' 'send:c\r' expect:'no passphrase fits' status:4 -- \
        "$UNBRICK" boot a.img
    echo "$output"
    [ "$status" -eq 0 ]
    run "$PTY" expect:'Passphrase for' 'send:\x03' status:130 -- "$UNBRICK" boot a.img
    [ "$status" -eq 0 ]
    no_layers
}

@test "luks: a repair, which opens the disk twice, asks for the passphrase once" {
    disk a 100M
    luks "$A" secret
    mini /dev/mapper/secret "/dev/mapper/secret / ext4 defaults 0 1
UUID=11111111-2222-4333-8444-555555555555 /data ext4 defaults 0 2"
    put_away
    unchanged a.img run "$PTY" expect:'Passphrase for a.img' "send:$(cat "$KEY")\\r" expect:'Apply that' \
        'send:n\r' status:3 -- "$UNBRICK" repair a.img
    echo "$output"
    [ "$status" -eq 0 ]
    run "$PTY" expect:'Passphrase for a.img' "send:$(cat "$KEY")\\r" expect:'Apply that' 'send:y\r' \
        expect:'Done' expect:'safe to detach' absent:'Passphrase' status:0 -- "$UNBRICK" repair a.img
    echo "$output"
    [ "$status" -eq 0 ]
    unb shell --key-file "$KEY" a.img -- grep nofail /etc/fstab
    [ "$status" -eq 0 ]
    no_layers
}

@test "luks: version 1, and a detached header" {
    disk a 100M
    luks "$A" one --type luks1
    mini /dev/mapper/one
    put_away
    unb shell --key-file "$KEY" a.img -- cat /etc/hostname
    [ "$output" = mini ]
    disk b 60M
    truncate -s 16M header
    cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --header header "$B" "$KEY"
    cryptsetup open --key-file "$KEY" --header header "$B" two
    mini /dev/mapper/two
    put_away
    unb shell --key-file "$KEY" --luks-header header b.img -- cat /etc/hostname
    [ "$output" = mini ]
    refused 4 "no partition table and no file system" boot b.img
    no_layers
}

@test "lvm: cached and mirrored volumes" {
    disk a 300M
    partition "$A" 200M -
    pvcreate -qq "${A}p1" "${A}p2"
    vgcreate -qq vg0 "${A}p1" "${A}p2"
    lvcreate -qq -y -n root -L 40M vg0 "${A}p1"
    mini /dev/vg0/root "/dev/vg0/root / ext4 defaults 0 1
/dev/vg0/srv /srv ext4 defaults 0 2" /srv
    lvcreate -qq -y --type cache-pool -n fast -L 16M vg0 "${A}p2"
    lvconvert -qq -y --type cache --cachepool vg0/fast vg0/root
    lvcreate -qq -y --type mirror -m 1 --mirrorlog core -n srv -L 16M vg0
    mke2fs -q -t ext4 /dev/vg0/srv
    put_away
    unb shell a.img -- sh -c 'cat /etc/hostname; mount | grep -c " /srv "; echo kept >/root/kept'
    [ "$status" -eq 0 ]
    [[ $output == mini*1 ]]
    unb shell --read-only a.img -- cat /root/kept
    [ "$output" = kept ]
    no_layers
}

@test "a failing disk is not written to, and can be looked at" {
    local size bs block
    disk a 60M
    mini "$A"
    size=$(blockdev --getsz "$A")
    bs=$(blkid -p -o value -s FSBLOCKSIZE "$A" || true)
    : "${bs:=$(dumpe2fs -h "$A" 2>/dev/null | sed -n 's/^Block size: *//p')}"
    block=$(debugfs -R 'blocks /root' "$A" 2>/dev/null | awk '{ print $1 }')
    block=$((block * bs / 512))
    # The first blocks of the file system cannot be read.
    dmsetup create bad <<END
0 8 error
8 $((size - 8)) linear $A 8
END
    refused 3 "ddrescue" boot /dev/mapper/bad
    unb list /dev/mapper/bad
    [[ $output$stderr == *"cannot be read"* ]]
    dmsetup remove bad
    # One in the middle, a directory's: the check finds out.
    dmsetup create bad <<END
0 $block linear $A 0
$block 8 error
$((block + 8)) $((size - block - 8)) linear $A $((block + 8))
END
    refused 3 "ddrescue" boot /dev/mapper/bad
    dmsetup remove bad
    # The bitmaps and inode tables: every check reads them.
    dmsetup create bad <<END
0 16 linear $A 0
16 2048 error
2064 $((size - 2064)) linear $A 2064
END
    refused 3 "ddrescue" boot /dev/mapper/bad
    dmsetup remove bad
    no_layers
}

# warned DEVICE ON: what a session reads of DEVICE, where ON cannot be read, is told of at its end.
warned() {
    unb shell "$1" -- sh -c "busybox dd if=$1 of=/dev/null bs=4096 skip=7500 count=1 2>/dev/null || echo unread"
    [ "$status" -eq 0 ]
    [ "$output" = unread ]
    [[ $stderr == *"warning: $1 cannot be read everywhere"*"failing: $2"*", sector 60000"*ddrescue* ]] || fail "nobody is told"
}

@test "reads that fail in a session on a mapping or a multipath disk are told of" {
    slow
    local size
    # The mapping is made by hand: multipathd, where udev's rules start it, has its own idea of these paths.
    printf '%s\n' 'blacklist {' ' devnode ".*"' '}' >/etc/multipath.conf
    modprobe sd_mod
    modprobe dm-multipath
    modprobe dm-round-robin
    # From sector 60000 on eight cannot be read; both hosts show the same memory.
    modprobe scsi_debug dev_size_mb=32 add_host=2 vpd_use_hostno=0 max_luns=1 medium_error_start=60000 \
        medium_error_count=8
    wait_for 20 test -b /dev/sdb
    mini /dev/sda
    size=$(blockdev --getsz /dev/sda)
    blockdev --flushbufs /dev/sda /dev/sdb
    dmsetup create plain --table "0 $size linear /dev/sda 0"
    echo 2 >/sys/bus/pseudo/drivers/scsi_debug/opts
    warned /dev/mapper/plain sda
    dmsetup remove --retry plain
    dmsetup create mpatha --uuid mpath-36001 \
        --table "0 $size multipath 0 0 1 1 round-robin 0 2 1 /dev/sda 1 /dev/sdb 1"
    warned /dev/mapper/mpatha dm-
    dmsetup remove --retry mpatha
    wait_for 10 rmmod scsi_debug
    no_layers
}

@test "luks: a damaged header is named, and nothing is left" {
    disk a 100M
    luks "$A" secret
    mini /dev/mapper/secret
    put_away
    # Both copies of the JSON area; the magic stays, so that it is still known for what it is.
    dd if=/dev/urandom of=a.img bs=1 seek=$((4096 + 100)) count=2000 conv=notrunc status=none
    dd if=/dev/urandom of=a.img bs=1 seek=$((16384 + 4096 + 100)) count=2000 conv=notrunc status=none
    unchanged a.img refused 4 "a.img" boot --key-file "$KEY" a.img
    no_layers
}

@test "luks: names and a key file by the patient's crypttab" {
    disk a 60M
    disk b 60M
    luks "$A" cr_root
    printf 'key on the root' >"$KEY.2"
    cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$B" "$KEY.2"
    cryptsetup open --key-file "$KEY.2" "$B" cr_data
    mke2fs -q -t ext4 /dev/mapper/cr_data
    mkdir -p extra/etc/keys
    cp "$KEY.2" extra/etc/keys/data
    cat >extra/etc/crypttab <<END
# name device key options
cr_root UUID=$(blkid -o value -s UUID "$A") none luks
cr_data UUID=$(blkid -o value -s UUID "$B") /etc/keys/data luks
END
    mini /dev/mapper/cr_root "/dev/mapper/cr_root / ext4 defaults 0 1
/dev/mapper/cr_data /data ext4 defaults 0 2" /data
    put_away
    cat >steps <<END
ls /dev/mapper
cat /sys/block/dm-*/dm/name
mount | grep -c ' on /data '
END
    run "$PTY" expect:'Passphrase for' "send:$(cat "$KEY")\r" expect:'Passphrase for' 'send:\r' \
        expect:cr_data status:0 -- "$UNBRICK" shell a.img b.img -- sh -c "$(cat steps)"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *cr_root* ]]
    no_layers
}

@test "md: a mirror of two disks, by the array's own name" {
    disk a 100M
    disk b 100M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0 "/dev/md0 / ext4 defaults 0 1"
    put_away
    unb shell a.img b.img -- sh -c 'cat /etc/hostname; echo written >/root/file; ls /dev/md0'
    [ "$status" -eq 0 ]
    [[ $output == *mini*/dev/md0* ]]
    unb shell b.img a.img -- cat /root/file
    [ "$output" = written ]
    no_layers
}

@test "md: reading from a mirror does not write to it" {
    disk a 100M
    disk b 100M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
    put_away
    unchanged a.img unchanged b.img unb shell --read-only a.img b.img -- cat /etc/hostname
    [ "$output" = mini ]
    no_layers
}

@test "md: half a mirror is refused, and used with --degraded" {
    disk a 100M
    disk b 100M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
    put_away
    unchanged a.img refused 3 "1 of 2 members" boot a.img
    [[ $stderr == *--degraded* ]]
    "$PTY" expect:'patient mini' 'send:echo newer >/root/which\r' 'send:exit\r' \
        'expect:mdadm /dev/md0 --add' status:0 -- "$UNBRICK" shell --degraded a.img
    # The half that was left behind is out of date now: never mixed in, and said so.
    unb shell --degraded a.img b.img -- cat /root/which
    [ "$status" -eq 0 ]
    [ "$output" = newer ]
    [[ $stderr == *"out of date"* ]]
    no_layers
}

@test "md: too few members of a raid5 are one sentence" {
    disk a 60M
    disk b 60M
    disk c 60M
    array 5 raid5 "$A" "$B" "$C"
    mini /dev/md/5
    put_away
    refused 4 "1 of its 3 members" boot a.img
    refused 4 "1 of its 3 members" boot --degraded a.img
    unb shell --degraded a.img c.img -- cat /etc/hostname
    [ "$output" = mini ]
    no_layers
}

@test "all of them: LVM on LUKS on a RAID of partitions" {
    disk a 120M
    disk b 120M
    partition "$A" 30M -
    partition "$B" 30M -
    array 1 raid1 "${A}p2" "${B}p2"
    luks /dev/md/1 crypt
    lvm_group vg1 /dev/mapper/crypt root:40M
    mini /dev/vg1/root "/dev/vg1/root / ext4 defaults 0 1"
    put_away
    unb shell --key-file "$KEY" a.img b.img -- sh -c 'cat /etc/hostname; ls /dev; echo deep >/root/deep'
    [ "$status" -eq 0 ]
    [[ $output == *mini* && $output == *vg1* ]]
    unb boot --key-file "$KEY" --run <(echo 'cat /root/deep') b.img a.img
    [ "$output" = deep ]
    no_layers
}

@test "btrfs over two disks" {
    disk a 150M
    disk b 150M
    mkfs.btrfs -q -d raid0 -m raid1 "$A" "$B"
    mini "$A"
    put_away
    unb shell a.img b.img -- sh -c 'cat /etc/hostname; echo both >/root/file'
    [[ $output == *mini* ]]
    unb shell b.img a.img -- cat /root/file
    [ "$output" = both ]
}

@test "kill -9 of the supervisor: every layer is taken down, and the file system is clean" {
    disk a 100M
    disk b 100M
    array 0 raid1 "$A" "$B"
    luks /dev/md/0 crypt
    lvm_group vg0 /dev/mapper/crypt root:40M
    mini /dev/vg0/root
    put_away
    "$UNBRICK" shell --key-file "$KEY" a.img b.img -- sh -c 'echo x >/root/x; sync; exec sleep 4242' \
        </dev/null >/dev/null 2>&1 &
    local pid=$!
    wait_for 60 pgrep -f '^sleep 4242'
    kill -9 "$pid"
    wait_for 10 no_layers
    unb shell --key-file "$KEY" a.img b.img -- cat /root/x
    [ "$output" = x ]
    no_layers
}

@test "the host's own group of the same name is never touched" {
    disk a 100M
    lvm_group vg0 "$A" root:40M
    mini /dev/vg0/root
    cp a.img b.img
    # A clone is opened under a name of ours (clones.bats).
    unb shell b.img -- sh -c 'echo b >/etc/hostname'
    [ "$status" -eq 0 ]
    mkdir host
    mount -o ro /dev/mapper/vg0-root host
    [ "$(cat host/etc/hostname)" = mini ]
    umount host
    put_away
    unb shell b.img -- cat /etc/hostname
    [ "$output" = b ]
    no_layers
}

# mounted_and_back [OPTION...] TARGET...: mount, use and umount, in a tree that has a /boot of its own.
mounted_and_back() {
    mkdir dir
    unb mount "$@" dir
    [ "$status" -eq 0 ]
    [ "$(cat dir/etc/hostname)" = mini ]
    [ "$(stat -c %d dir)" != "$(stat -c %d dir/boot)" ]
    # On the host the patient's names are none; and what is below it is no further disk.
    [[ $(findmnt -no SOURCE dir) =~ ^/dev/(dm-|md)[0-9]+$ ]]
    unb list --json
    [ "$status" -eq 0 ]
    [[ $(jq -r '.disks[].target' <<<"$output") != */dev/loop* ]]
    echo kept >dir/root/kept
    echo kept >dir/boot/kept
    (cd dir/root && exec sleep 4242) </dev/null >/dev/null 2>&1 3>&- &
    HOLDER=$!
    wait_for 10 grep -q sleep "/proc/$HOLDER/comm"
    unb umount dir
    [ "$status" -ne 0 ]
    assert_one_sentence
    [[ $stderr == *"sleep (process $HOLDER)"* ]] || fail "it does not say who"
    [ "$(cat dir/boot/kept dir/etc/hostname)" = "$(printf 'kept\nmini')" ] || fail "the tree is torn"
    unb status
    [[ $output == *mounted*"$PWD/dir"* ]]
    kill "$HOLDER"
    wait "$HOLDER" || true
    unb umount dir
    [ "$status" -eq 0 ]
    [[ $stderr == *"safe to detach"* ]]
    [ -z "$(ls dir)" ]
    wait_for 5 no_layers
    assert_host_clean 5
    unb shell "$@" -- cat /root/kept /boot/kept
    [ "$output" = "$(printf 'kept\nkept')" ]
    no_layers
}

@test "mount: a root in LVM on LUKS, busy and then not" {
    disk a 120M
    luks "$A" crypt
    lvm_group vg0 /dev/mapper/crypt root:40M boot:16M
    mke2fs -q -t ext4 /dev/vg0/boot
    mini /dev/vg0/root "/dev/vg0/root / ext4 defaults 0 1
/dev/mapper/vg0-boot /boot ext4 defaults 0 2"
    put_away
    mounted_and_back --key-file "$KEY" a.img
}

@test "mount: a root and a /boot on mirrors, busy and then not" {
    slow
    disk a 120M
    disk b 120M
    partition "$A" 30M -
    partition "$B" 30M -
    array boot raid1 "${A}p1" "${B}p1"
    array root raid1 "${A}p2" "${B}p2"
    mke2fs -q -t ext4 /dev/md/boot
    mini /dev/md/root "/dev/md/root / ext4 defaults 0 1
/dev/md/boot /boot ext4 defaults 0 2"
    put_away
    mounted_and_back a.img b.img
}

@test "luks on a logical volume" {
    slow
    disk a 120M
    lvm_group vg0 "$A" crypted:60M
    luks /dev/vg0/crypted inner
    mini /dev/mapper/inner "/dev/mapper/inner / ext4 defaults 0 1"
    put_away
    unb shell --key-file "$KEY" a.img -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$output" = mini ]
    unb shell --key-file "$KEY" --read-only a.img -- cat /root/kept
    [ "$output" = kept ]
    no_layers
}

@test "lvm on a mirror, and a mirror made of LUKS mappings" {
    slow
    disk a 100M
    disk b 100M
    array 0 raid1 "$A" "$B"
    lvm_group vg0 /dev/md/0 root:40M
    mini /dev/vg0/root "/dev/vg0/root / ext4 defaults 0 1"
    put_away
    unb shell a.img b.img -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$output" = mini ]
    unb shell b.img a.img -- cat /root/kept
    [ "$output" = kept ]
    no_layers
    disk c 100M
    disk d 100M
    luks "$C" one
    luks "$D" two
    array 1 raid1 /dev/mapper/one /dev/mapper/two
    mini /dev/md/1
    put_away
    unb shell --key-file "$KEY" c.img d.img -- sh -c 'cat /etc/hostname; echo kept >/root/kept'
    [ "$output" = mini ]
    unb shell --key-file "$KEY" d.img c.img -- cat /root/kept
    [ "$output" = kept ]
    no_layers
}

# asked TEXT TARGET: of the person at the terminal; "n" leaves it as it was, "y" opens it.
asked() {
    unchanged "$2" run "$PTY" "expect:$1" 'send:n\r' status:3 -- "$UNBRICK" boot "$2"
    echo "$output"
    [ "$status" -eq 0 ]
    no_layers
    run "$PTY" "expect:$1" 'send:y\r' expect:'mini-says-hello' status:0 -- \
        "$UNBRICK" shell "$2" -- echo mini-says-hello
    echo "$output"
    [ "$status" -eq 0 ]
    no_layers
}

@test "questions: half a mirror, and a group that lacks a disk" {
    disk a 60M
    disk b 60M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
    disk c 100M
    disk d 100M
    pvcreate -qq "$C" "$D"
    vgcreate -qq vg0 "$C" "$D"
    lvcreate -qq -y -n root -L 40M vg0 "$C"
    lvcreate -qq -y -n far -L 40M vg0 "$D"
    mini /dev/vg0/root
    put_away
    asked '1\s+of\s+2\s+members:.*a\.img.*Start\s+it\s+without\s+the\s+others\?' a.img
    unchanged c.img asked 'vg0\s+lacks\s+1\s+of\s+2\s+physical.*read-only\?' c.img
}

@test "md: the stale half next to the fresh one: both dates and counts, and it is not used" {
    local fresh stale
    disk a 60M
    disk b 60M
    array 0 raid1 "$A" "$B"
    mini /dev/md/0
    put_away
    sleep 1
    unb shell --degraded a.img -- sh -c 'echo newer >/root/which'
    [ "$status" -eq 0 ]
    events() {
        attach "$1"
        mdadm --examine "$DEV" | awk '$1 == "Events" { print $3 }'
    }
    fresh=$(events a.img)
    stale=$(events b.img)
    put_away
    [ "$fresh" -gt "$stale" ]
    unchanged a.img unchanged b.img unb boot b.img a.img
    [ "$status" -eq 3 ]
    [[ $stderr =~ a\.img\ \(event\ $fresh,\ [^\)]*[0-9]:[0-9] ]]
    [[ $stderr =~ b\.img\ \(event\ $stale,\ [^\)]*[0-9]:[0-9] ]]
    [[ $stderr == *--degraded* ]]
    unchanged b.img unb shell --degraded b.img a.img -- cat /root/which
    [ "$status" -eq 0 ]
    [ "$output" = newer ]
    [[ $stderr == *"b.img is out of date"* ]]
    no_layers
}
