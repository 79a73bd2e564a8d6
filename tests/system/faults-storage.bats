#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults between the disks and fstab, and full file systems: found, explained, mended.

load helpers
load faults

teardown() {
    detach_all
    healthy_away
    assert_host_clean
}

@test "storage.crypttab-key" { fault_case storage.crypttab-key; }

@test "storage.crypttab-source" { fault_case storage.crypttab-source; }

@test "storage.multipath" { fault_case storage.multipath; }

@test "space.full" { fault_case space.full; }

@test "space.inodes" { fault_case space.inodes; }
