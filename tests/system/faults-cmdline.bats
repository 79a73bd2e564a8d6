#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults of kernel command lines, drivers and kernel settings.

load helpers
load faults

teardown() {
    healthy_away
    assert_host_clean
}

@test "cmdline.root-missing" { fault_case cmdline.root-missing; }

@test "cmdline.root-wrong" { fault_case cmdline.root-wrong; }

@test "cmdline.root-unset" { fault_case cmdline.root-unset; }

@test "cmdline.root-type" { fault_case cmdline.root-type; }

@test "cmdline.subvolume-missing" { fault_case cmdline.subvolume-missing; }

@test "cmdline.init-missing" { fault_case cmdline.init-missing; }

@test "cmdline.init-missing: direct" { fault_case cmdline.init-missing+direct; }

@test "cmdline.too-long" { fault_case cmdline.too-long; }

@test "argument.rescue-left" { fault_case argument.rescue-left; }

@test "argument.rescue-left: unit" { fault_case argument.rescue-left+unit; }

@test "argument.rescue-left: the entries for a rescue keep theirs" {
    broken argument.rescue-left
    sed -i 's|ro rd.break quiet|ro single quiet|' "$TREE/boot/grub/grub.cfg"
    printf '%s\n' 'GRUB_CMDLINE_LINUX="single"' 'GRUB_CMDLINE_LINUX_DEFAULT="quiet single"' \
        'GRUB_CMDLINE_LINUX_RECOVERY="single"' >"$TREE/etc/default/grub"
    unb repair --yes "$TREE" argument.rescue-left
    [ "$status" -eq 0 ]
    [ "$(cat "$TREE/etc/default/grub")" = 'GRUB_CMDLINE_LINUX=""
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX_RECOVERY="single"' ]
    [ "$(grep -c '^.linux.* single' "$TREE/boot/grub/grub.cfg")" -eq 1 ]
    grep -A 12 'recovery mode' "$TREE/boot/grub/grub.cfg" | grep -q '^.linux.* single$'
}

@test "argument.object-missing" { fault_case argument.object-missing; }

@test "argument.resume-missing" { fault_case argument.resume-missing; }

@test "driver.root-missing" { fault_case driver.root-missing; }

@test "driver.not-built" { fault_case driver.not-built; }

@test "driver.machine-missing" { fault_case driver.machine-missing; }

@test "modprobe.banned" { fault_case modprobe.banned; }

# Debian's is initrd.img-RELEASE, which update-initramfs makes; another file beside it boots nothing.
@test "modprobe.banned: the initramfs that is booted is made again" {
    broken modprobe.banned+initramfs
    unb repair --dry-run --for=virtio "$TARGET" modprobe.banned
    [ "$(grep -c 'run .*update-initramfs -c -k ' <<<"$output")" -eq 1 ]
    [[ $output != *mkinitramfs* ]]
    # Taken out by hand, without a new initramfs: it does not boot, and examine says so.
    in_image "$IMG" eval 'rm "$M/etc/modprobe.d/hardening.conf"'
    unb examine --json --for=virtio "$TARGET"
    [ "$(summary modprobe.banned)" = "stops-boot true" ]
    [[ $(findings '.findings[0].what') == "the initramfs that is booted by default keeps"* ]]
    unb repair --dry-run --for=virtio "$TARGET" modprobe.banned
    [ "$(grep -c 'run .*update-initramfs -c -k ' <<<"$output")" -eq 1 ]
    broken initramfs.none
    unb repair --dry-run "$TARGET" initramfs.none
    [[ $output == *"run "*"update-initramfs -c -k "* && $output != *mkinitramfs* ]]
}

@test "modprobe.banned-by-kernel" { fault_case modprobe.banned-by-kernel; }

@test "fips.hmac-missing" { fault_case fips.hmac-missing; }

@test "fips.boot-unset" { fault_case fips.boot-unset; }

@test "sysctl.huge-pages" { fault_case sysctl.huge-pages; }

@test "sysctl.huge-pages: unknown" { fault_case sysctl.huge-pages+unknown; }

# huge_pages SUMMARY PAGES MEMORY: so is vm.nr_hugepages judged on a machine with so many KiB.
huge_pages() {
    echo "vm.nr_hugepages = $2" >"$TREE/etc/sysctl.d/90-database.conf"
    echo "[    0.050000] Memory: 1K/${3}K available (14336K kernel code)" >"$TREE/var/log/dmesg"
    unb examine --json "$TREE"
    [ "$(summary sysctl.huge-pages)" = "$1" ] || fail "not '$1': ${*:2}"
}

@test "sysctl.huge-pages: what remains is judged" {
    healthy_tree
    # 24 of 32 GiB: a database. 100 MiB of 512: a small machine, which has enough left.
    huge_pages "" 12288 $((32 << 20))
    huge_pages "" 50 $((512 << 10))
    huge_pages "stops-boot true" 16200 $((32 << 20))
    huge_pages "stops-boot true" 20000 $((32 << 20))
    # It is what somebody wanted: nothing is done about it unasked.
    unb repair --yes "$TREE"
    grep -qx 'vm.nr_hugepages = 20000' "$TREE/etc/sysctl.d/90-database.conf"
}

@test "sysctl.huge-pages-of-kernel" { fault_case sysctl.huge-pages-of-kernel; }

@test "sysctl.panic" { fault_case sysctl.panic; }

@test "crash.recorded" { fault_case crash.recorded; }

@test "after a session: a name that only this host's disks have is found in the boot menu" {
    image --suite boot
    in_image "$IMG" eval 'give_grub "$M"'
    script "sed -i 's,root=UUID=[^ ]*,root=/dev/loop7p3,' /boot/grub/grub.cfg"
    unb boot --run "$SCRIPT" "$IMG"
    [ "$status" -eq 0 ]
    [[ $stderr == *"new since this session began, stops the boot: "*"names a root that is not there (cmdline.root-missing)"* ]] || fail "not said"
}
