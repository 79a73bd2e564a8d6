#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# One system is one system, however many versions of it the disk has: the subvolume layouts of the
# distributions with their snapshots, OSTree deployments, A/B partitions. The root that the machine
# boots is what one gets; every other version can be named.

load helpers

# btrfs COMMAND...: an image IMG with a btrfs, filled by the command in $M, its top level.
btrfs_image() {
    IMG=$BATS_TEST_TMPDIR/disk.img
    truncate -s 140M "$IMG"
    mkfs.btrfs -q -f "$IMG" 2>/dev/null
    edit_btrfs "$@"
}

# edit_btrfs COMMAND...
edit_btrfs() {
    M=$BATS_TEST_TMPDIR/edit
    mkdir -p "$M"
    mount -o loop,subvolid=5 "$IMG" "$M"
    "$@" || {
        umount "$M"
        return 1
    }
    umount "$M"
}

subvolume() {
    local path
    for path; do
        btrfs -q subvolume create "$M/$path"
    done
}

# snapshot FROM TO [-r]
snapshot() {
    btrfs -q subvolume snapshot "${@:3}" "$M/$1" "$M/$2"
}

# mini_in PATH HOSTNAME [FSTAB]
mini_in() {
    "$FIXTURES/mini" "$M/$1" "$2"
    printf '%s\n' "${3:-}" >"$M/$1/etc/fstab"
}

uuid_of() {
    blkid -p -o value -s UUID "$IMG"
}

# systems: their names in the last --json output, sorted.
systems() {
    jq -r '[.. | .systems? // empty | .[] | .name] | sort | join(" ")' <<<"$output"
}

versions() {
    jq -r '[.. | .versions? // empty | .[] | .name] | join(" ")' <<<"$output"
}

# --- btrfs -------------------------------------------------------------------------------------

ubuntu() {
    subvolume @ @home
    mini_in @ ubuntu "UUID=$(uuid_of) / btrfs defaults,subvol=@ 0 1
UUID=$(uuid_of) /home btrfs defaults,subvol=@home 0 2"
    mkdir "$M/@/home" "$M/@home/anna"
    mkdir -p "$M/timeshift-btrfs/snapshots/2026-01-01_10-00-01" "$M/timeshift-btrfs/snapshots/2026-02-01_10-00-01"
    snapshot @ timeshift-btrfs/snapshots/2026-01-01_10-00-01/@
    echo newer >"$M/@/etc/mark"
    snapshot @ timeshift-btrfs/snapshots/2026-02-01_10-00-01/@
    snapshot @home timeshift-btrfs/snapshots/2026-02-01_10-00-01/@home
    echo newest >"$M/@/etc/mark"
}

@test "versions: Ubuntu's layout is one system, with Timeshift's snapshots below it" {
    btrfs_image ubuntu
    unchanged "$IMG" unb list --json "$IMG"
    [ "$(systems)" = disk:@ ]
    [ "$(versions)" = "disk:timeshift-btrfs/snapshots/2026-02-01_10-00-01/@ disk:timeshift-btrfs/snapshots/2026-01-01_10-00-01/@" ]
    unb shell "$IMG" -- sh -c 'cat /etc/mark; ls /home'
    [ "$output" = $'newest\nanna' ]
    unb shell --system disk:timeshift-btrfs/snapshots/2026-01-01_10-00-01/@ "$IMG" -- sh -c 'cat /etc/mark; ls /home'
    [[ $output == anna && $stderr == *"etc/mark"* ]]
    unb shell --system disk:timeshift-btrfs/snapshots/2026-02-01_10-00-01/@ "$IMG" -- cat /etc/mark
    [ "$output" = newer ]
    refused 4 "no system of the name" boot --system disk:@home "$IMG"
}

@test "versions: Fedora's layout: root and home" {
    fedora() {
        subvolume root home
        mini_in root fedora "UUID=$(uuid_of) / btrfs subvol=root,compress=zstd:1 0 0
UUID=$(uuid_of) /home btrfs subvol=home,compress=zstd:1 0 0"
        mkdir "$M/root/home" "$M/home/anna"
    }
    btrfs_image fedora
    unb list --json "$IMG"
    [ "$(systems)" = disk:root ]
    [ -z "$(versions)" ]
    unb shell "$IMG" -- ls /home
    [ "$output" = anna ]
}

# As the installer and snapper(8) make it: the default subvolume is snapshot 1.
opensuse() {
    local n
    subvolume @ @/.snapshots @/home @/var
    mkdir "$M/@/.snapshots/1"
    subvolume @/.snapshots/1/snapshot
    mini_in @/.snapshots/1/snapshot suse "UUID=$(uuid_of) / btrfs defaults 0 0
UUID=$(uuid_of) /.snapshots btrfs subvol=/@/.snapshots 0 0
UUID=$(uuid_of) /home btrfs subvol=/@/home 0 0"
    mkdir "$M/@/.snapshots/1/snapshot/.snapshots" "$M/@/.snapshots/1/snapshot/home"
    for n in $(seq 2 41); do
        mkdir "$M/@/.snapshots/$n"
        echo "$n" >"$M/@/.snapshots/1/snapshot/etc/mark"
        snapshot "@/.snapshots/1/snapshot" "@/.snapshots/$n/snapshot" -r
        printf '<?xml version="1.0"?>\n<snapshot>\n  <type>pre</type>\n  <num>%s</num>\n  <date>2026-03-01 10:00:00</date>\n  <description>zypp(zypper) &amp; %s</description>\n</snapshot>\n' \
            "$n" "$n" >"$M/@/.snapshots/$n/info.xml"
    done
    echo now >"$M/@/.snapshots/1/snapshot/etc/mark"
    make_default @/.snapshots/1/snapshot
}

# make_default PATH
make_default() {
    btrfs -q subvolume set-default "$(btrfs inspect-internal rootid "$M/$1")" "$M"
}

@test "versions: openSUSE with forty snapshots is one system; any of them can be chosen" {
    btrfs_image opensuse
    unb list --json "$IMG"
    [ "$(systems)" = disk ]
    [ "$(wc -w <<<"$(versions)")" -eq 40 ]
    [[ $(versions) == "disk:@/.snapshots/41/snapshot disk:@/.snapshots/40/snapshot "* ]]
    [ "$(jq -r '[.. | .versions? // empty | .[] | .description][0]' <<<"$output")" = "zypp(zypper) & 41" ]
    unb list "$IMG"
    [[ $output == *".snapshots/2/snapshot"*"zypp(zypper) & 2, read-only"* ]]
    unb shell "$IMG" -- sh -c 'cat /etc/mark; ls /.snapshots | wc -l'
    [ "$output" = $'now\n41' ]
    # A snapshot that cannot be written to can be looked at, and says so.
    unb shell --system disk:@/.snapshots/7/snapshot "$IMG" -- sh -c 'cat /etc/mark; touch /etc/x'
    [ "$status" -eq 1 ]
    [ "$output" = 7 ]
    [[ $stderr == *"Read-only file system"* ]]
}

@test "versions: after a rollback the new default is the system, also when what it came from is gone" {
    rollback() {
        opensuse
        mkdir "$M/@/.snapshots/42"
        snapshot @/.snapshots/5/snapshot @/.snapshots/42/snapshot
        echo rolled-back >"$M/@/.snapshots/42/snapshot/etc/mark"
        make_default @/.snapshots/42/snapshot
        btrfs -q subvolume delete "$M/@/.snapshots/5/snapshot" "$M/@/.snapshots/1/snapshot"
    }
    btrfs_image rollback
    unb list --json "$IMG"
    [ "$(systems)" = disk ]
    [ "$(wc -w <<<"$(versions)")" -eq 39 ]
    unb shell "$IMG" -- cat /etc/mark
    [ "$output" = rolled-back ]
}

@test "versions: snapper on a subvolume @, with @ set aside by a restore" {
    restored() {
        subvolume @ @/.snapshots
        mini_in @ web01
        mkdir "$M/@/.snapshots/1"
        snapshot @ @/.snapshots/1/snapshot -r
        mv "$M/@" "$M/@.broken"
        snapshot @.broken/.snapshots/1/snapshot @
    }
    btrfs_image restored
    unb list --json "$IMG"
    [ "$(systems)" = disk:@ ]
    [[ " $(versions) " == *" disk:@.broken "* && " $(versions) " == *" disk:@.broken/.snapshots/1/snapshot "* ]]
}

@test "versions: two systems in one btrfs are two" {
    two() {
        subvolume arch debian data
        mini_in arch arch
        mini_in debian debian
        mkdir "$M/data/stuff"
    }
    btrfs_image two
    unb list --json "$IMG"
    [ "$(systems)" = "disk:arch disk:debian" ]
    refused 3 "2 Linux systems" boot "$IMG"
    unb shell --system debian "$IMG" -- cat /etc/hostname
    [ "$output" = debian ]
}

@test "versions: layers of containers are no systems" {
    containers() {
        local n
        mini_in . host
        mkdir -p "$M/var/lib/docker/btrfs/subvolumes" "$M/var/lib/machines"
        subvolume var/lib/docker/btrfs/subvolumes/0123 var/lib/machines/fedora
        mini_in var/lib/docker/btrfs/subvolumes/0123 layer
        mini_in var/lib/machines/fedora guest
        for n in 1 2 3; do
            snapshot var/lib/docker/btrfs/subvolumes/0123 var/lib/docker/btrfs/subvolumes/456$n
        done
    }
    btrfs_image containers
    unb list --json "$IMG"
    [ "$(systems)" = disk ]
    [ -z "$(versions)" ]
    # A file system of docker's own has none at all.
    store() {
        mkdir -p "$M/btrfs/subvolumes"
        subvolume btrfs/subvolumes/0123
        mini_in btrfs/subvolumes/0123 layer
    }
    btrfs_image store
    refused 4 "no Linux system" boot "$IMG"
}

@test "versions: when the root was deleted the last snapshot is what is left" {
    deleted() {
        subvolume @ @snapshots
        mini_in @ web01
        mkdir "$M/@snapshots/1" "$M/@snapshots/2"
        snapshot @ @snapshots/1/snapshot -r
        echo 2 >"$M/@/etc/mark"
        snapshot @ @snapshots/2/snapshot -r
        btrfs -q subvolume delete "$M/@"
    }
    btrfs_image deleted
    unb list --json "$IMG"
    [ "$(systems)" = disk:@snapshots/2/snapshot ]
    [ "$(versions)" = disk:@snapshots/1/snapshot ]
    unb shell "$IMG" -- cat /etc/mark
    [ "$output" = 2 ]
}

@test "versions: a subvolume with a comma and a blank in its name" {
    odd() {
        subvolume 'a, b'
        mini_in 'a, b' odd
    }
    btrfs_image odd
    unb shell --system 'disk:a, b' "$IMG" -- cat /etc/hostname
    [ "$output" = odd ]
}

@test "versions: a mounted btrfs is read where it is, with its snapshots" {
    btrfs_image ubuntu
    attach "$IMG"
    mkdir "$BATS_TEST_TMPDIR/mnt"
    mount -o subvol=@ "$DEV" "$BATS_TEST_TMPDIR/mnt"
    unb list --json "$DEV"
    umount "$BATS_TEST_TMPDIR/mnt"
    [ "$(systems)" = disk:@ ]
    [ "$(wc -w <<<"$(versions)")" -eq 2 ]
}

# --- OSTree ------------------------------------------------------------------------------------

# A disk with /boot (partition 1) and a root (partition 2) that holds two deployments, made by
# ostree(1); with "together" a root alone. CHECKSUMS: the older and the newer.
ostree_image() {
    local root=$BATS_TEST_TMPDIR/root tree=$BATS_TEST_TMPDIR/tree n checksum
    IMG=$BATS_TEST_TMPDIR/disk.img
    rm -rf "$IMG" "$tree"
    CHECKSUMS=()
    truncate -s 80M "$IMG"
    mkdir -p "$root"
    if [ "${1:-}" = together ]; then
        mke2fs -q -t ext4 -L root "$IMG"
        mount -o loop "$IMG" "$root"
    else
        printf 'label: gpt\nsize=20MiB, type=L\ntype=L\n' | sfdisk -q "$IMG"
        attach "$IMG"
        partx -a "$DEV"
        mke2fs -q -t ext4 -L boot "${DEV}p1"
        mke2fs -q -t ext4 -L root "${DEV}p2"
        mount "${DEV}p2" "$root"
        mkdir "$root/boot"
        mount "${DEV}p1" "$root/boot"
    fi
    ostree_tree "$tree"
    ostree admin init-fs "$root"
    ostree admin os-init --sysroot="$root" mini
    for n in 1 2; do
        echo "$n" >"$tree/usr/etc/mark"
        echo "kernel $n" >"$tree/usr/lib/modules/6.1.0-1/vmlinuz"
        checksum=$(ostree --repo="$root/ostree/repo" commit -b mini/1 --tree=dir="$tree")
        CHECKSUMS+=("$checksum")
        ostree admin deploy --sysroot="$root" --os=mini --karg=root=LABEL=root mini/1
    done
    # By the dates alone the older one would be the newest.
    touch -d '+1 hour' "$root/ostree/deploy/mini/deploy/${CHECKSUMS[0]}.0.origin"
    umount -R "$root"
    detach_all
}

# The small system in the shape that OSTree wants: all in /usr, the rest links.
ostree_tree() {
    "$FIXTURES/mini" "$1" mini
    (
        cd "$1" || exit
        mv bin/* usr/bin
        rmdir bin root usr/sbin 2>/dev/null || true
        mv sbin usr/sbin
        ln -sf ../bin/busybox usr/sbin/init
        mkdir -p usr/lib/modules/6.1.0-1 sysroot boot
        echo initramfs >usr/lib/modules/6.1.0-1/initramfs.img
        mv etc/os-release usr/lib
        ln -s ../usr/lib/os-release etc/os-release
        echo 'LABEL=boot /boot ext4 defaults 0 2' >etc/fstab
        mv etc usr/etc
        rm -rf root home
        ln -s usr/bin bin
        ln -s usr/sbin sbin
        ln -s var/roothome root
        ln -s var/home home
        ln -s sysroot/ostree ostree
    )
}

@test "versions: OSTree: the deployment that the boot entries name is the root, as OSTree lays it out" {
    ostree_image
    unchanged "$IMG" unb list --json "$IMG"
    [ "$(systems)" = part2 ]
    [ "$(versions)" = "part2:mini/${CHECKSUMS[1]:0:10}.0 part2:mini/${CHECKSUMS[0]:0:10}.0" ]
    [ "$(jq -r '[.. | .versions? // empty | .[] | select(.current) | .name] | join(" ")' <<<"$output")" = \
        "part2:mini/${CHECKSUMS[1]:0:10}.0" ]
    unb shell "$IMG" -- sh -c 'cat /etc/mark; echo edited >/etc/mark; echo var >/var/mark
        touch /usr/x; ls /sysroot/ostree /boot/loader/entries; [ -e /run/ostree-booted ]'
    [ "$status" -eq 0 ]
    [[ $output == $'2\n'*ostree-1-mini.conf*ostree-2-mini.conf*deploy*repo* ]]
    [[ $stderr == *"/usr/x: Read-only file system"* ]]
    # The other one has its own /etc and the same /var.
    unb shell --system "part2:mini/${CHECKSUMS[0]:0:10}.0" "$IMG" -- cat /etc/mark /var/mark
    [ "$output" = $'1\nvar' ]
    unb shell --system "part2:mini/${CHECKSUMS[1]:0:10}.0" "$IMG" -- cat /etc/mark
    [ "$output" = edited ]
    script 'cat /etc/mark; findmnt -rno TARGET 2>/dev/null || mount | cut -d" " -f3'
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $output == edited*/usr*/sysroot* ]]
}

@test "versions: OSTree with /boot in the same file system; its mounts for other tools" {
    ostree_image together
    mkdir "$BATS_TEST_TMPDIR/mnt"
    unb mount "$IMG" "$BATS_TEST_TMPDIR/mnt"
    [ "$status" -eq 0 ]
    [ -e "$BATS_TEST_TMPDIR/mnt/boot/loader/entries/ostree-2-mini.conf" ]
    # ostree(1) itself finds its way.
    ostree admin status --sysroot="$BATS_TEST_TMPDIR/mnt/sysroot" | grep -c "mini ${CHECKSUMS[1]}.0"
    unb umount "$BATS_TEST_TMPDIR/mnt"
    [ "$status" -eq 0 ]
    clean_ext "$IMG"
    unb boot --dry-run "$IMG"
    [[ $output == *"from ostree/deploy/mini/deploy/${CHECKSUMS[1]}.0"* ]]
}

# --- two roots ---------------------------------------------------------------------------------

# ab_image [LINE...]: two roots of the same system (partitions 2 and 3) behind a /boot; lines of
# sfdisk add to theirs.
ab_image() {
    local n part=$BATS_TEST_TMPDIR/part
    IMG=$BATS_TEST_TMPDIR/disk.img
    truncate -s 60M "$IMG"
    printf 'label: gpt\nsize=16MiB, type=L\nsize=20MiB, type=L, name=rootfs-a%s\nsize=20MiB, type=L, name=rootfs-b%s\n' \
        "${1:-}" "${2:-}" | sfdisk -q "$IMG"
    for n in 2 3; do
        rm -rf "$BATS_TEST_TMPDIR/mini"
        "$FIXTURES/mini" "$BATS_TEST_TMPDIR/mini" slot
        echo "$n" >"$BATS_TEST_TMPDIR/mini/etc/mark"
        truncate -s 20M "$part"
        mke2fs -q -t ext4 -d "$BATS_TEST_TMPDIR/mini" "$part"
        put_part "$n" "$part"
    done
}

# put_part NUMBER FILE
put_part() {
    local start
    read -r start _ < <(part_range "$IMG" "$1")
    dd if="$2" of="$IMG" bs=1M seek=$((start >> 20)) conv=notrunc,sparse status=none
    rm -f "$2"
}

# The name of the one that the machine boots, in the last --json output.
booting() {
    jq -r '[.. | .systems? // empty | .[] | select(.boots) | .name] | join(" ")' <<<"$output"
}

@test "versions: A and B have names that stay; which one boots is told when something tells" {
    ab_image
    unb list --json "$IMG"
    [ "$(systems)" = "part2 part3" ]
    [ -z "$(booting)" ]
    refused 3 "2 Linux systems" boot "$IMG"
    unb shell --system part3 "$IMG" -- cat /etc/mark
    [ "$output" = 3 ]
}

@test "versions: of A and B the one that the boot loader names" {
    ab_image
    local id boot=$BATS_TEST_TMPDIR/boot
    id=$(sfdisk --part-uuid "$IMG" 3)
    mkdir -p "$boot/grub"
    printf 'set default="0"\nmenuentry slot {\n\tlinux /vmlinuz root=PARTUUID=%s ro quiet\n}\n' "${id,,}" >"$boot/grub/grub.cfg"
    truncate -s 16M "$BATS_TEST_TMPDIR/part"
    mke2fs -q -t ext4 -d "$boot" "$BATS_TEST_TMPDIR/part"
    put_part 1 "$BATS_TEST_TMPDIR/part"
    unb list --json "$IMG"
    [ "$(booting)" = part3 ]
    unb list "$IMG"
    [[ $output == *part3*"the machine boots this one"* ]]
    refused 3 "2 Linux systems" boot "$IMG"
    [[ $stderr == *"part3 (which the machine boots)"* ]]
}

@test "versions: of A and B the one that the partition attributes prefer" {
    # Priority 1, successful; priority 2, tries left.
    ab_image ', attrs="GUID:48,56"' ', attrs="GUID:49,52"'
    unb list --json "$IMG"
    [ "$(booting)" = part3 ]
    # A priority without a try left, nor a success, does not count.
    sfdisk -q --part-attrs "$IMG" 3 GUID:49
    unb list --json "$IMG"
    [ "$(booting)" = part2 ]
}

@test "versions: a B that is not to be mounted automatically" {
    ab_image '' ', attrs="GUID:63"'
    unb list --json "$IMG"
    [ "$(booting)" = part2 ]
}

# --- going back --------------------------------------------------------------------------------

# write_wtmp FILE SECONDS KERNEL: a boot that reached its target so many seconds from now.
write_wtmp() {
    mkdir -p "${1%/*}"
    python3 - "$@" <<'END'
import struct, sys, time
when = int(time.time()) + int(sys.argv[2])
record = lambda kind, pid, user: struct.pack("hi32s4s32s256shhiii4I20s", kind, pid, b"~", b"~~", user,
                                             sys.argv[3].encode(), 0, 0, 0, when, 0, 0, 0, 0, 0, b"")
with open(sys.argv[1], "wb") as f:
    f.write(record(2, 0, b"reboot") + record(1, ord("5"), b"runlevel"))
END
}

# back KIND KEY: of the ways back in the last --json output.
back() {
    jq -r --arg kind "$1" ".go_back[] | select(.kind == \$kind) | .$2" <<<"$output"
}

@test "going back: to the snapshot from before the first change since the last good boot" {
    changed() {
        opensuse
        write_wtmp "$M/@/.snapshots/1/snapshot/var/log/wtmp" -600 6.1.0-1
        find "$M/@/.snapshots/1/snapshot/etc" -exec touch -d '-1 hour' {} +
        touch -d '+1 hour' "$M/@/.snapshots/1/snapshot/etc/fstab"
    }
    btrfs_image changed
    unchanged "$IMG" unb examine --json "$IMG"
    [ "$(back snapshot system)" = "disk:@/.snapshots/41/snapshot" ]
    [ "$(back snapshot before_changes)" = true ]
    [[ $(back snapshot how) == "snapper rollback 41, in the system,"* ]]
    unb examine "$IMG"
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"go back the snapshot \"zypp(zypper) & 41\", made on "*", before these changes"* ]]
    # What is shown is what works.
    script 'cat /etc/mark'
    unb boot --run "$SCRIPT" --system "$(sed -n 's/.*--system=\([^ ]*\).*/\1/p' <<<"$output")" "$IMG"
    [ "$output" = 41 ]
    # Who has gone back is not sent there again.
    unb examine --json --system disk:@/.snapshots/41/snapshot "$IMG"
    [ "$(jq '.go_back | length' <<<"$output")" -eq 0 ]
}

@test "going back: without a history to the last snapshot; nobody is sent where there is none" {
    btrfs_image ubuntu
    unb examine --json "$IMG"
    [ "$(back snapshot system)" = disk:timeshift-btrfs/snapshots/2026-02-01_10-00-01/@ ]
    [ "$(back snapshot before_changes)" = false ]
    [ "$(back snapshot how)" = null ]
    unb shell --system "$(back snapshot system)" "$IMG" -- cat /etc/mark
    [ "$output" = newer ]
    lone() { mini_in . lone; }
    btrfs_image lone
    unb examine --json "$IMG"
    [ "$(jq '.go_back | length' <<<"$output")" -eq 0 ]
}

@test "going back: a name that a shell would take apart is quoted" {
    quoted() {
        subvolume '@'
        mini_in @ odd
        snapshot @ "before Anna's upgrade" -r
    }
    btrfs_image quoted
    unb examine --json "$IMG"
    [ "$(eval "printf '%s|' $(back snapshot command)")" = \
        "unbrick|boot|--system=disk:before Anna's upgrade|$IMG|" ]
}

@test "going back: to the deployment before" {
    ostree_image
    unb examine --json "$IMG"
    [ "$(back deployment system)" = "part2:mini/${CHECKSUMS[0]:0:10}.0" ]
    [ "$(back deployment how)" = "choose it in the boot menu" ]
    [ "$(back snapshot system)" = "" ]
}

@test "going back: to the other one of two roots, with the date of its last boot" {
    local part=$BATS_TEST_TMPDIR/part
    ab_image
    write_wtmp "$BATS_TEST_TMPDIR/mini/var/log/wtmp" -864000 6.1.0-1
    truncate -s 20M "$part"
    mke2fs -q -t ext4 -d "$BATS_TEST_TMPDIR/mini" "$part"
    put_part 3 "$part"
    unb examine --json --system part2 "$IMG"
    [ "$(back slot system)" = part3 ]
    [ "$(($(date +%s) - $(back slot time)))" -lt 865000 ]
    [ "$(back slot command)" = "unbrick boot --system=part3 $IMG" ]
    unb examine --system part2 "$IMG"
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"go back the other root, part3: Mini Linux 1, booted last on "* ]]
}
