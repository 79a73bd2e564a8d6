#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faults that keep people out: accounts, PAM, ssh, sudo, network, console: found, explained, mended.

load helpers
load faults

teardown() {
    detach_all
    healthy_away
    assert_host_clean
}

@test "users.expired" { fault_case users.expired; }

@test "users.expired: not who was disabled on purpose" {
    local day
    for day in 0 1; do
        healthy_tree
        sed -i "s,^root:.*,root:*:0:0:90:7:14:$day:," "$TREE/etc/shadow"
        unb examine --json "$TREE"
        [ -z "$(summary users.expired)" ]
        healthy_away
        rm -r "$BATS_TEST_TMPDIR/overlay"
    done
}

@test "users.malformed" {
    fault_case users.malformed
    # vipw on the host would be about the host's accounts.
    findings '.findings[].command' | grep -qE "^unbrick shell $TREE -- vi(pw|gr)$"
}

@test "users.nologin" { fault_case users.nologin; }

@test "users.root-locked" { fault_case users.root-locked; }

@test "users.root-missing" { fault_case users.root-missing; }

@test "users.root-shell" { fault_case users.root-shell; }

@test "pam.include-missing" { fault_case pam.include-missing; }

@test "pam.module-missing" { fault_case pam.module-missing; }

# missing_module REPAIRABLE LINE...: pam.module-missing is found in a service of these lines.
missing_module() {
    printf '%s\n' "${@:2}" >"$TREE/etc/pam.d/sshd"
    unb examine --json "$TREE"
    [ "$(summary pam.module-missing)" = "stops-boot $1" ] || fail "not $1: ${*:2}"
}

@test "pam.module-missing: a line that a jump of another counts is not touched" {
    healthy_tree
    missing_module false 'auth [success=2 default=ignore] pam_unix.so' 'auth required pam_gone.so' \
        'auth requisite pam_deny.so' 'auth required pam_permit.so'
    findings '.findings[].remedy' | grep -q "jump"
    unb repair --yes "$TREE" pam.module-missing
    [ "$status" -eq 1 ]
    missing_module false 'auth [success=1 default=ignore] pam_unix.so' '@include common-session' \
        'auth required pam_gone.so' 'auth required pam_permit.so'
    # One that ends before it, or is of another type, does not count it.
    missing_module true 'auth [success=1 default=ignore] pam_unix.so' 'auth requisite pam_deny.so' \
        'auth substack common-auth' 'auth required pam_gone.so'
    missing_module true 'account [success=2 default=ignore] pam_unix.so' \
        'auth required pam_gone.so'
}

@test "pam.module-missing: a line in pieces is not commented in part" {
    healthy_tree
    missing_module false "auth required pam_gone.so \\" '  debug'
}

@test "ssh.authorized-keys" { fault_case ssh.authorized-keys; }

@test "ssh.configuration" { fault_case ssh.configuration; }

@test "ssh.configuration: what stands below a damaged Match is not let out" {
    local line
    broken ssh.configuration
    for line in 'Macth User upload' 'Match' 'mtach all' 'Mangled User upload'; do
        printf '%s\n' 'Port 22' "$line" '' '    # only files' '    ForceCommand internal-sftp' \
            >"$TREE/etc/ssh/sshd_config"
        unb examine --json "$TREE"
        [ "$(summary ssh.configuration)" = "degrades false" ] || fail "$line" || return 1
        findings '.findings[].remedy' | grep -q "for everybody" || fail "$line" || return 1
    done
    printf '%s\n' 'Macth User upload' 'ForceCommand internal-sftp' >"$TREE/etc/ssh/sshd_config"
    cp "$TREE/etc/ssh/sshd_config" "$BATS_TEST_TMPDIR/before"
    unb repair --yes "$TREE"
    cmp "$TREE/etc/ssh/sshd_config" "$BATS_TEST_TMPDIR/before"
    printf '%s\n' 'PermitRotLogin no' 'Match User upload' '    ForceCommand internal-sftp' \
        >"$TREE/etc/ssh/sshd_config"
    unb examine --json "$TREE"
    [ "$(summary ssh.configuration)" = "degrades true" ]
}

@test "ssh.host-key-modes" { fault_case ssh.host-key-modes; }

@test "ssh.host-keys" { fault_case ssh.host-keys; }

@test "ssh.privilege-directory" { fault_case ssh.privilege-directory; }

@test "sudo.modes" { fault_case sudo.modes; }

@test "sudo.not-setuid" { fault_case sudo.not-setuid; }

@test "sudo.not-setuid: a group of those who may use it is right, and stays" {
    broken sudo.not-setuid
    chgrp 4 "$TREE/usr/bin/sudo"
    chmod 4750 "$TREE/usr/bin/sudo"
    unb examine --json "$TREE"
    [ -z "$(summary sudo.not-setuid)" ]
    chmod 750 "$TREE/usr/bin/sudo"
    unb repair --yes "$TREE" sudo.not-setuid
    [ "$(stat -c %a:%u:%g "$TREE/usr/bin/sudo")" = 4750:0:4 ]
    # The administrator wants it so.
    chmod 750 "$TREE/usr/bin/sudo"
    mkdir -p "$TREE/var/lib/dpkg"
    echo 'root adm 0750 /usr/bin/sudo' >"$TREE/var/lib/dpkg/statoverride"
    unb examine --json "$TREE"
    [ -z "$(summary sudo.not-setuid)" ]
}

@test "sudo.syntax" { fault_case sudo.syntax; }

@test "sudo.syntax: what visudo takes is not refused" {
    broken sudo.not-setuid
    printf '%s\n' 'Defaults passprompt="[sudo #%p] password: "' \
        'alice ALL=(root) NOPASSWD: /usr/bin/systemd-run -p CPUQuota\=' >"$TREE/etc/sudoers"
    unb examine --json "$TREE"
    [ -z "$(summary sudo.syntax)" ]
}

@test "sudo.root-password" { fault_case sudo.root-password; }

@test "sudo.root-password: not where root has one, and somebody needs none" {
    broken sudo.root-password
    echo 'cloud ALL=(ALL) NOPASSWD: ALL' >"$TREE/etc/sudoers.d/90-cloud"
    chmod 440 "$TREE/etc/sudoers.d/90-cloud"
    unb examine --json "$TREE"
    [ -z "$(summary sudo.root-password)" ]
    rm "$TREE/etc/sudoers.d/90-cloud"
    sed -i 's/^root:[^:]*:/root:$6$salt$hash:/' "$TREE/etc/shadow"
    unb examine --json "$TREE"
    [ -z "$(summary sudo.root-password)" ]
}

@test "network.card-pinned" { fault_case network.card-pinned; }

@test "network.card-pinned: a rule of several lines is not commented in part" {
    broken network.card-pinned
    printf 'SUBSYSTEM=="net", \\\n  ATTR{address}=="52:54:00:12:34:56", \\\n  NAME="eth0"\n' \
        >"$TREE/etc/udev/rules.d/70-persistent-net.rules"
    unb examine --json "$TREE"
    [ "$(summary network.card-pinned)" = "notice false" ]
    printf 'SUBSYSTEM=="net", \\\n  ATTR{address}=="52:54:00:12:34:56"\n' \
        >"$TREE/etc/udev/rules.d/70-persistent-net.rules"
    unb examine --json "$TREE"
    [ "$(summary network.card-pinned)" = "notice false" ]
}

@test "network.card-pinned: an address that is set is none" {
    healthy_tree
    mkdir -p "$TREE/etc/systemd/network"
    printf '%s\n' '[Match]' 'Name=eth0' '[Link]' 'MACAddress=52:54:00:12:34:56' |
        tee "$TREE/etc/systemd/network/10-a.link" >"$TREE/etc/systemd/network/10-a.network"
    unb examine --json "$TREE"
    [ -z "$(summary network.card-pinned)" ]
    sed -i '/Link/d' "$TREE/etc/systemd/network/10-a.link"
    unb examine --json "$TREE"
    [ "$(summary network.card-pinned)" = "notice true" ]
    # Without its only key it would be for every card, or none.
    sed -i 's/^Name=/#Name=/' "$TREE/etc/systemd/network/10-a.link"
    unb examine --json "$TREE"
    [ "$(summary network.card-pinned)" = "notice false" ]
}

@test "network.card-pinned: the copy of an ifcfg file is no second configuration" {
    healthy_tree
    mkdir -p "$TREE/etc/sysconfig/network-scripts"
    printf '%s\n' 'DEVICE=eth0' 'HWADDR=52:54:00:12:34:56' 'BOOTPROTO=dhcp' \
        >"$TREE/etc/sysconfig/network-scripts/ifcfg-eth0"
    unb repair --yes "$TREE" network.card-pinned
    [ "$status" -eq 0 ]
    [ "$(ls "$TREE/etc/sysconfig/network-scripts")" = ifcfg-eth0 ]
    [ -e "$(echo "$TREE"/etc/sysconfig/network-scripts/.ifcfg-eth0.unbrick-*)" ]
}

@test "network.driver-disabled" { fault_case network.driver-disabled; }

@test "network.firewall" { fault_case network.firewall; }

@test "network.interfaces" { fault_case network.interfaces; }

@test "network.keyfile-modes" { fault_case network.keyfile-modes; }

@test "network.netplan" { fault_case network.netplan; }

@test "console.no-getty" { fault_case console.no-getty; }

@test "console.no-serial" { fault_case console.no-serial; }
