# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2034 # used by those who read this file
# shellcheck shell=bash
# What the measurements share. UNBRICK is the program, build/unbrick by default.

bench=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
unbrick=$(realpath "${UNBRICK:-$bench/../build/unbrick}")
work=$(mktemp -d /var/tmp/unbrick-bench.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT

# nspawn as it works everywhere, on hosts without systemd too, and as little as it can do to the
# tree and to the host, as ours does.
nspawn="systemd-nspawn -q --register=no --keep-unit --settings=no --link-journal=no"
nspawn+=" --resolv-conf=off --timezone=off"

# sulogin lets nobody in where root is locked, which is the rule.
rescue="--unit rescue.target systemd.setenv=SYSTEMD_SULOGIN_FORCE=1"

# copy_tree SUITE: a tree of its own, since both sides write their journals into it.
copy_tree() {
    mkdir "$work/tree"
    cp -a "$("$bench/../tests/fixtures/suite" "$1")/." "$work/tree"
}

have() {
    command -v "$1" >/dev/null || {
        echo "$1 is not here: left out" >&2
        return 1
    }
}

heading() {
    printf '\n== %s\n\n' "$*"
}
