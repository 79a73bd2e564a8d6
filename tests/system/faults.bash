# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of faults share. A breaker (tests/breakers/ID) puts one fault into a healthy system: a
# tree of its own, by an overlay, or an image with a partition table, /boot of its own and GRUB's files.
# shellcheck shell=bash

BREAKERS=$(realpath "${BASH_SOURCE[0]%/*}/../breakers")

#   needs: tree [SUITE] | image [OPTION...]   what is broken
#   severity: stops-boot | degrades | notice  what it is found as
#   remains: yes                              after the repair it is still found, as something milder

# property BREAKER NAME: the value of "# NAME: VALUE" in its head.
property() {
    sed -n "s/^# $2: //p" "$BREAKERS/$1" | head -n 1
}

# healthy_tree [SUITE]: a system in TREE that may be broken.
healthy_tree() {
    local lower
    lower=$("$FIXTURES/suite" "${1:-boot}")
    TREE=$BATS_TEST_TMPDIR/tree
    mkdir -p "$TREE" "$BATS_TEST_TMPDIR/overlay/up" "$BATS_TEST_TMPDIR/overlay/work"
    mount -t overlay -o "lowerdir=$lower,upperdir=$BATS_TEST_TMPDIR/overlay/up,workdir=$BATS_TEST_TMPDIR/overlay/work" \
        overlay "$TREE"
}

healthy_away() {
    ! mountpoint -q "$BATS_TEST_TMPDIR/tree" || umount "$BATS_TEST_TMPDIR/tree"
}

# broken BREAKER: what it wants is made and broken; TARGET is what unbrick is given.
broken() {
    local needs
    needs=$(property "$1" needs)
    case $needs in
    tree*)
        # shellcheck disable=SC2086 # "tree bookworm"
        healthy_tree ${needs#tree}
        "$BREAKERS/$1" "$TREE"
        TARGET=$TREE
        ;;
    image*)
        # shellcheck disable=SC2086
        image ${needs#image}
        in_image "$IMG" eval '"$BREAKERS/'"$1"'" "$M"'
        TARGET=$IMG
        ;;
    *) fail "the breaker $1 does not say what it needs" ;;
    esac
}

# findings [JQ-FILTER]: of the last examine --json.
findings() {
    jq -r "${1:-.findings[].id}" <<<"$output"
}

has_finding() {
    findings | grep -qxF "$1"
}

# fault_case BREAKER: the breaker's fault (of a breaker ID+CASE: ID) is found with its severity; and when it has a remedy, that is
# applied, the fault is gone, and a second repair has nothing to do.
fault_case() {
    local id=${1%+*} severity
    broken "$1"
    unb examine --json "$TARGET"
    has_finding "$id" || fail "$id is not found" || return 1
    severity=$(findings ".findings[] | select(.id == \"$id\") | .severity" | head -n 1)
    [ "$severity" = "$(property "$1" severity)" ] || fail "$id is '$severity'" || return 1
    [ "$severity" = stops-boot ] && [ "$status" -eq 1 ] || [ "$severity" != stops-boot ] ||
        fail "status $status" || return 1
    [ "$(findings ".findings[] | select(.id == \"$id\") | .repairable" | head -n 1)" = true ] ||
        return 0
    unb repair "$TARGET" "$id"
    [ "$status" -le 1 ] || fail "repair ended with $status" || return 1
    unb examine --json "$TARGET"
    ! findings ".findings[] | select(.repairable) | .id" | grep -qxF "$id" ||
        fail "$id is still there" || return 1
    [ "$(property "$1" remains)" = yes ] || ! has_finding "$id" || fail "$id remains"
}
