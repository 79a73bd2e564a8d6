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

@test "tree.modes: su of a group is right, and stays so" {
    local su
    healthy_tree
    su=$TREE/usr/bin/su
    [ -e "$su" ] || su=$TREE/bin/su
    chgrp 4 "$su"
    chmod 4750 "$su"
    unb examine --json "$TREE"
    [ -z "$(summary tree.modes)" ]
    chmod 750 "$su"
    unb repair --yes "$TREE" tree.modes
    [ "$(stat -c %a:%u:%g "$su")" = 4750:0:4 ]
    chmod 755 "$su"
    mkdir -p "$TREE/var/lib/dpkg"
    printf '%s\n' 'root root 0755 /bin/su' 'root root 0755 /usr/bin/su' >"$TREE/var/lib/dpkg/statoverride"
    unb examine --json "$TREE"
    [ -z "$(summary tree.modes)" ]
}

@test "tree.modes: shadow goes back to the system's own group of that name" {
    healthy_tree
    sed -i '/^shadow:/d' "$TREE/etc/group"
    echo 'shadow:x:4242:' >>"$TREE/etc/group"
    touch "$TREE/etc/gshadow"
    chown 1000:1000 "$TREE/etc/shadow" "$TREE/etc/gshadow"
    unb repair --yes "$TREE" tree.modes
    [ "$(stat -c %u:%g "$TREE/etc/shadow")" = 0:4242 ]
    [ "$(stat -c %u:%g "$TREE/etc/gshadow")" = 0:4242 ]
    chown 1000:4242 "$TREE/etc/shadow"
    unb repair --yes "$TREE" tree.modes
    [ "$(stat -c %u:%g "$TREE/etc/shadow")" = 0:4242 ]
    sed -i '/^shadow:/d' "$TREE/etc/group"
    chown 1000:1000 "$TREE/etc/shadow"
    unb repair --yes "$TREE" tree.modes
    [ "$(stat -c %u:%g "$TREE/etc/shadow")" = 0:0 ]
}

@test "tree.os-release" { fault_case tree.os-release; }

@test "init.library-missing" {
    fault_case init.library-missing
    # What is pasted on the host must not work on the host.
    [ "$(findings '[.findings[] | select(.id == "init.library-missing")][0].command')" = \
        "unbrick shell --host-tools $TREE" ]
}

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

@test "unit.refused" { fault_case unit.refused; }

@test "unit.refused: a unit that everything needs" { fault_case unit.refused+core; }

# units_of TEXT...: each is the body of a service that the boot starts.
units_of() {
    local n=0 text
    healthy_tree
    mkdir -p "$TREE/etc/systemd/system/multi-user.target.wants"
    for text; do
        n=$((n + 1))
        printf '%b' "$text" >"$TREE/etc/systemd/system/app$n.service"
        ln -s ../app$n.service "$TREE/etc/systemd/system/multi-user.target.wants/app$n.service"
    done
}

@test "unit.refused: what systemd itself refuses and takes" {
    local refused wanted
    units_of '[Service]\nType=simple\n' '[Service] # x\nExecStart=/bin/true\n' \
        '[Service]\nExecStart=/bin/sh -c "x\n' '[Service]\nExecStart=./x\n' \
        '[Service]\nExecStart=/bin/true\nExecStart=/bin/false\n' \
        '[Service]\nType=oneshot\nExecStart=/bin/true\nExecStart=/bin/false\n' \
        '[Service]\nExecStart=/bin/true\nExecStart=\nExecStart=/bin/false\n' \
        '[Service]\nExecStop=/bin/true\nRemainAfterExit=yes\n' "[Service]\nExecStart=-/bin/sh -c 'a \"b'\n" \
        '[Service]\nExecStart=/bin/echo \\\\\n  it\n'
    unb examine --json "$TREE"
    refused=$(findings '.findings[] | select(.id == "unit.refused") | .file' | grep -o 'app[0-9]*' | sort -V)
    wanted=$(for n in $(seq 10); do
        ! chroot "$TREE" systemd-analyze verify --man=no "app$n.service" 2>&1 |
            grep -qE "app$n.service (has a bad|failed to load)" || echo "app$n"
    done)
    [ "$refused" = "$wanted" ]
    [ "$(wc -l <<<"$wanted")" -eq 5 ]
}

@test "unit.line-ignored" { fault_case unit.line-ignored; }

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

@test "repair: its status is 1 when something that stops the boot is left, that of a dry run when it would be" {
    healthy_tree
    # One with a remedy of low risk, one with a remedy of medium risk.
    "$BREAKERS/tree.directory-missing" "$TREE"
    "$BREAKERS/users.root-missing" "$TREE"
    unb examine --json "$TREE"
    [ "$(summary tree.directory-missing)" = "stops-boot true" ]
    [ "$(summary users.root-missing)" = "stops-boot true" ]
    unb repair --dry-run "$TREE" tree.directory-missing users.root-missing
    [ "$status" -eq 0 ]
    [[ $stderr != *"would be left"* ]]
    unb repair --dry-run "$TREE"
    [ "$status" -eq 1 ]
    [[ $output == *tree.directory-missing* && $stderr == *"1 of what stops the boot would be left"* ]]
    unb repair --yes "$TREE"
    [ "$status" -eq 1 ]
    [[ $stderr == *"unbrick examine $TREE"* ]]
    # Nothing to do, and it does not boot.
    unb repair --dry-run "$TREE"
    [ "$status" -eq 1 ]
}
