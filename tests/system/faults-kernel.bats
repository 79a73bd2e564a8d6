#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults of kernels, their modules and their initramfs.

load helpers
load faults

teardown() {
    healthy_away
    assert_host_clean
}

@test "faults: a healthy boot menu has none" {
    healthy_tree boot
    give_grub "$TREE"
    unb examine --json "$TREE"
    [ "$status" -eq 0 ]
    [ "$(findings '.findings | length')" -eq 0 ]
}

@test "history.kernel-failed" { fault_case history.kernel-failed; }

@test "history.kernel-failed: saved" { fault_case history.kernel-failed+saved; }

@test "history.kernel-failed: not before it was tried" {
    local new
    broken history.kernel-failed
    new=$(release "$TREE" | tail -n 1)
    truncate -s 768 "$TREE/var/log/wtmp" # two records of 384 bytes
    unb examine --json "$TREE"
    [ "$(findings .history.good_boot.kernel)" = "5.${new#*.}" ]
    [ -z "$(summary history.kernel-failed)" ]
    # Many names of files were shown since that was looked up.
    [ "$(findings .system)" = "Debian GNU/Linux 12 (bookworm)" ]
}

@test "kernel.none" { fault_case kernel.none; }

@test "kernel.image-missing" { fault_case kernel.image-missing; }

@test "kernel.image-damaged" { fault_case kernel.image-damaged; }

@test "kernel.image-damaged: zeros" { fault_case kernel.image-damaged+zeros; }

@test "kernel.architecture" { fault_case kernel.architecture; }

@test "kernel.too-old" { fault_case kernel.too-old; }

@test "kernel.modules-missing" { fault_case kernel.modules-missing; }

@test "kernel.modules-missing: nothing that the boot needs" { fault_case kernel.modules-missing+late; }

@test "kernel.modules-index" { fault_case kernel.modules-index; }

@test "initramfs.missing" { fault_case initramfs.missing; }

@test "initramfs.none" { fault_case initramfs.none; }

@test "initramfs.damaged" { fault_case initramfs.damaged; }

@test "initramfs.damaged: nothing but microcode" { fault_case initramfs.damaged+no-init; }

@test "initramfs.too-large" { fault_case initramfs.too-large; }
