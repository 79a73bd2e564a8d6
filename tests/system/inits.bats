#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# boot of systems whose init is not systemd: single-user where there is such a thing, and a sentence
# that offers `shell` where there is not.

load helpers

LOOK='echo "init=$(cat /proc/1/comm)"
echo "processes=$(ls -d /proc/[0-9]* | wc -l)"
cat /etc/hostname
touch /root/was-here
exit 7'

# boots_to_single_user: TREE's own init, with our shell and nothing else, and none of ours is left in it.
boots_to_single_user() {
    local before after
    before=$(manifest "$TREE" | grep -v '^root d\|root/was-here')
    script "$LOOK"
    unb boot --run "$SCRIPT" "$TREE"
    [ "$status" -eq 7 ] || fail "the status of the script is lost" || return 1
    [[ $output == *"init=init"* ]] || fail "process 1 is not init" || return 1
    [ "$(sed -n 's/processes=//p' <<<"$output")" -le 9 ] || fail "more than a shell runs" || return 1
    [ -e "$TREE/root/was-here" ] || fail "what was written is lost" || return 1
    after=$(manifest "$TREE" | grep -v '^root d\|root/was-here')
    # A boot may write its own state (utmp, a random seed); /etc stays as it is.
    [ "$(grep '^etc' <<<"$before")" = "$(grep '^etc' <<<"$after")" ] || fail "/etc has changed"
}

@test "init: sysvinit goes to single-user mode" {
    tree sysvinit
    boots_to_single_user
}

@test "init: OpenRC below sysvinit goes to single-user mode" {
    tree openrc
    boots_to_single_user
}

@test "init: busybox goes to a shell" {
    TREE=$BATS_TEST_TMPDIR/tree
    "$FIXTURES/mini" "$TREE"
    boots_to_single_user
}

@test "init: openrc-init and runit are named, and shell is offered" {
    tree openrc
    ln -sf openrc-init "$TREE/sbin/init"
    refused 4 "unbrick shell" boot "$TREE"
    [[ $stderr == *OpenRC* ]]
    unb shell "$TREE" -- cat /etc/hostname
    [ "$output" = unbrick-openrc ]
    cp "$TREE/sbin/init" "$TREE/sbin/runit-init" 2>/dev/null || cp "$TREE/bin/true" "$TREE/sbin/runit-init"
    ln -sf runit-init "$TREE/sbin/init"
    refused 4 "unbrick shell" boot "$TREE"
    [[ $stderr == *runit* ]]
}

# ended_in_order STEP...: busybox as the init of `spawn -b`, ended so, does what its inittab says last.
ended_in_order() {
    rm -f "$TREE/root/ended"
    run "$PTY" --timeout 30 expect:'mini is up' pause:0.3 "$@" status:0 -- \
        "$UNBRICK" spawn -q -D "$TREE" -b
    echo "$output"
    [ "$status" -eq 0 ] || return 1
    [ -e "$TREE/root/ended" ] || fail "it was killed"
}

@test "init: spawn -b: busybox is asked for an orderly end, by SIGTERM and by the key" {
    TREE=$BATS_TEST_TMPDIR/tree
    "$FIXTURES/mini" "$TREE"
    cat >"$TREE/etc/inittab" <<'END'
::wait:/bin/echo mini is up
::shutdown:/bin/touch /root/ended
END
    ended_in_order signal:SIGTERM
    ended_in_order 'send:\x1d\x1d\x1d'
}
