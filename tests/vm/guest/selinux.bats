#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# hosts for --all: selinux
# Labels, by the policy of Debian. The host is permissive: what matters is who gets which label.

load ../../system/helpers
load storage

setup_file() {
    local policy
    policy=$("$FIXTURES/suite" server)/etc/selinux/default/policy/policy.33
    mount -t selinuxfs selinuxfs /sys/fs/selinux
    dd if="$policy" of=/sys/fs/selinux/load bs=16M status=none
    TREE=$("$FIXTURES/suite" bookworm)
    export TREE
}

LABEL=system_u:system_r:init_t:s0
FILES=system_u:object_r:tmpfs_t:s0:c1,c2

@test "selinux: the processes and the files of a container have the labels that were given" {
    unb spawn -qP --read-only -D "$TREE" -Z $LABEL --selinux-apifs-context=$FILES --tmpfs=/srv sh -c \
        'tr -d "\0" </proc/self/attr/current; echo; tr -d "\0" </proc/1/attr/current; echo
        stat -c "%n %C" /run /dev /dev/pts /dev/null /tmp /srv'
    [ "$status" -eq 0 ]
    diff - <(echo "$output") <<END
$LABEL
$LABEL
/run $FILES
/dev $FILES
/dev/pts $FILES
/dev/null $FILES
/tmp $FILES
/srv $FILES
END
}

@test "selinux: without the options all have those of the host" {
    unb spawn -qP --read-only -D "$TREE" sh -c 'tr -d "\0" </proc/self/attr/current'
    [ "$output" = "$(tr -d '\0' </proc/self/attr/current)" ]
}

@test "selinux: a label that the policy does not know is refused before anything is touched" {
    refused 1 "no:such:label is no label that this host's SELinux policy knows" \
        spawn -q --read-only -D "$TREE" --selinux-context=no:such:label true
    refused 1 "is no label" spawn -q --read-only -D "$TREE" -L '' true
}

@test "selinux: untrusted, with labels" {
    disk a 60M
    mini "$A"
    put_away
    unb spawn -qP --untrusted -i a.img -Z $LABEL -L $FILES cat /proc/self/attr/current
    [ "$status" -eq 0 ]
    [ "$(tr -d '\0' <<<"$output")" = "$LABEL" ]
}
