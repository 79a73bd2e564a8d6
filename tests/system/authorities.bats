#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The unit test of this name compares our readers with this host's findmnt and systemd; here with those of
# the releases from systemd 247 on, run in their trees.

load helpers
load faults

teardown() {
    healthy_away
    assert_host_clean
}

# agrees SUITE COMPARISON...: these are made, and nothing differs.
agrees() {
    local suite=$1 comparison program=${UNBRICK%/*}/tests/unit/test-authorities
    shift
    [ -x "$program" ] || skip "no unit tests beside the program"
    healthy_tree "$suite"
    mkdir -p "$TREE$FIXTURES"
    cp -r "$FIXTURES"/fstab "$FIXTURES"/fstab-odd "$FIXTURES"/crypttab "$TREE$FIXTURES"
    run env UNBRICK_AUTHORITIES="$TREE" CMOCKA_MESSAGE_OUTPUT=TAP "$program"
    [ "$status" -eq 0 ] || fail "$output"
    for comparison in "$@"; do
        grep -qE "^ok [0-9]+ - test_$comparison\$" <<<"$output" || fail "not compared: $comparison: $output"
    done
}

@test "authorities: findmnt and the generators of Debian 11" {
    agrees bullseye findmnt fstab_generator cryptsetup_generator
}

@test "authorities: findmnt and the generators of Debian 12" {
    agrees bookworm findmnt fstab_generator cryptsetup_generator
}

# There the generator for crypttab is a package of its own.
@test "authorities: findmnt and the generator of Debian 13" {
    agrees trixie findmnt fstab_generator
}

@test "authorities: findmnt and the generator of Debian's unstable release" {
    agrees sid findmnt fstab_generator
}
