#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults of the tree, of init, systemd and packages: found, explained, mended.

load helpers
load faults

teardown() {
    detach_all
    healthy_away
    assert_host_clean
}

@test "tree.directory-missing" { fault_case tree.directory-missing; }

@test "tree.modes" { fault_case tree.modes; }

@test "tree.os-release" { fault_case tree.os-release; }

@test "init.library-missing" { fault_case init.library-missing; }

@test "init.not-executable" { fault_case init.not-executable; }

@test "init.preload" { fault_case init.preload; }

@test "init.usr-merge" { fault_case init.usr-merge; }

@test "systemd.configuration" { fault_case systemd.configuration; }

@test "systemd.default-target" { fault_case systemd.default-target; }

@test "systemd.machine-id" { fault_case systemd.machine-id; }

@test "systemd.ordering-cycle" { fault_case systemd.ordering-cycle; }

@test "systemd.program-missing" { fault_case systemd.program-missing; }

@test "systemd.system-update" { fault_case systemd.system-update; }

@test "systemd.unit-masked" { fault_case systemd.unit-masked; }

@test "systemd.unit-missing" { fault_case systemd.unit-missing; }

@test "packages.interrupted" { fault_case packages.interrupted; }

@test "packages.transaction: dnf" { fault_case packages.transaction; }

@test "packages.transaction: yum" { fault_case packages.transaction+yum; }

@test "packages.transaction: not when it was completed" {
    broken packages.transaction
    sed -i '$i 2026-02-10T10:00:13+0000 SUBDEBUG Upgraded: glibc-2.34-60.el9.x86_64' "$TREE/var/log/dnf.rpm.log"
    mkdir -p "$TREE/var/lib/yum"
    touch "$TREE/var/lib/yum/transaction-all.2020-01-01.10:00.10.disabled"
    unb examine --json "$TREE"
    [ "$(findings '.findings | length')" -eq 0 ]
}

@test "packages.leapp" { fault_case packages.leapp; }

@test "packages.leapp: the second half" { fault_case packages.leapp+resume; }

@test "start.cloud-init" { fault_case start.cloud-init; }

@test "start.rc-local" { fault_case start.rc-local; }

@test "start.service-hangs" { fault_case start.service-hangs; }

@test "security.audit-halts" { fault_case security.audit-halts; }

@test "security.relabel-loop" { fault_case security.relabel-loop; }

@test "security.selinux-labels" { fault_case security.selinux-labels; }

@test "security.selinux-mode" { fault_case security.selinux-mode; }

@test "security.selinux-policy" { fault_case security.selinux-policy; }
