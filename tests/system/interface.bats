#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The container's interface: a probe inside compares what it sees with the plan. Its checks are the
# rows of docs/container.md.

load helpers

setup_file() {
    load helpers
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR tree
    export TREE=$BATS_FILE_TMPDIR/tree PROBE=${UNBRICK%/*}/tests/probe/probe
    export UUID=01234567-89ab-cdef-0123-456789abcdef
}

# What the probe cannot know from inside.
host_facts() {
    local name
    for name in mnt pid uts ipc net cgroup user time; do
        echo "host namespace $name: $(readlink "/proc/self/ns/$name")"
    done
    echo "host boot id: $(cat /proc/sys/kernel/random/boot_id)"
    echo "host os-release: $(grep '^ID=' /etc/os-release)"
    echo "host disk: $(awk '$4 ~ /^(vd|sd|nvme|xvd)/ { print $1 ":" $2; exit }' /proc/partitions)"
    echo "host capabilities: $(sed -n 's/^CapBnd:\s*//p' /proc/self/status)"
    (ulimit -n $(($(ulimit -Hn) + 1))) 2>/dev/null && echo "host limits: free"
    echo "host keyring: $(python3 -c 'import ctypes, platform
call = 219 if platform.machine() == "aarch64" else 250
print(ctypes.CDLL(None).syscall(call, 0, -3, 0))')"
    echo "cgroup: own"
    echo "device policy: kernel"
    echo "mounted by the test: /run/shown"
}

# probe OPTION...: the probe's findings in output.
probe() {
    local plan=$BATS_TEST_TMPDIR/plan
    "$UNBRICK" spawn --dry-run -D "$TREE" --uuid="$UUID" "$@" >"$plan"
    host_facts >>"$plan"
    run --separate-stderr timeout -k 5 100 ${ON_TERMINAL:+"$PTY" status:0 --} "$UNBRICK" spawn -q \
        -D "$TREE" --uuid="$UUID" "$@" --bind-ro="$PROBE:/run/probe" --bind-ro="$plan:/run/plan" \
        --bind-ro=/usr/share:/run/shown /run/probe /run/plan </dev/null
    printf '%s\n%s\n' "$output" "$stderr" | grep -v '^ok' || true
    [ "$status" -eq 0 ]
    [[ $output == *"1.."* ]]
}

@test "interface: a command as process 1, over pipes" {
    probe --pipe
}

@test "interface: on a terminal" {
    ON_TERMINAL=1 probe
}

@test "interface: as process 2, private network, read-only, other capabilities and calls" {
    probe --pipe --as-pid2 --private-network --read-only --setenv=A=b --hostname=other \
        --drop-capability=CAP_NET_RAW,CAP_SYS_PTRACE --capability=CAP_SYSLOG \
        --system-call-filter=@keyring --ephemeral --set-credential=a:b
}

@test "interface: not trusted" {
    probe --pipe --untrusted
}

# image_session ARGUMENT...: a session of IMG with the probe and its plan.
image_session() {
    timeout -k 5 100 "$UNBRICK" "$1" "$IMG" --bind-ro="$PROBE:/run/probe" --bind-ro=/usr/share:/run/shown \
        --bind-ro="$BATS_TEST_TMPDIR/plan:/run/plan" "${@:2}" </dev/null
}

# probe_image ARGUMENT...: the same on IMG, which gets a machine id, so that two runs have one plan, but for
# the names of units.
probe_image() {
    local plan=$BATS_TEST_TMPDIR/plan
    in_image "$IMG" bash -c 'echo 0123456789abcdef0123456789abcdef >"$M/etc/machine-id"'
    for _ in 1 2 3; do
        wait_for 5 eval '[ -z "$(our_loops)" ]'
        : >"$plan"
        image_session "$1" --dry-run --verbose "${@:2}" >"$plan.dry"
        {
            sed '/unbrick[0-9a-f]\{8\}/d' "$plan.dry"
            sed -n 's/^mount    \(.*\) from .*/mounted by the test: \1/p' "$plan.dry"
            grep '^init:' "$plan.dry" || true
            host_facts
        } >"$plan"
        run --separate-stderr image_session "$@"
        # Somebody else on this host had the loop device that was free before?
        [[ $output == *"/dev/loop"*" is there"* ]] || break
    done
    printf '%s\n%s\n' "$output" "$stderr" | grep -v '^ok' || true
    [ "$status" -eq 0 ]
    [[ $output == *"1.."* ]]
}

@test "interface: shell, on an image" {
    image --boot --swap
    probe_image shell -- /run/probe /run/plan
}

@test "interface: shell, on an image, read-only" {
    image
    probe_image shell --read-only -- /run/probe /run/plan
}

@test "interface: boot, on an image" {
    image --boot --swap
    # Those that are about the process itself are process 1's, which is the tree's.
    script 'exec 2>&1
tr "\0" "\n" </proc/1/environ | sed "s/^/environment of 1: /"
/run/probe /run/plan proc-no-stranger dev-console environment process-number session'
    probe_image boot --run "$SCRIPT"
    diff <(sed -n 's/^environment of 1: //p' <<<"$output" | sort) \
        <(sed -n 's/^environment: //p' "$BATS_TEST_TMPDIR/plan" | tr ' ' '\n' | sort)
}

@test "interface: the table in docs/container.md has these checks and no others" {
    diff <("$PROBE" --list | sort) \
        <(sed -nE 's/^\| `([a-z0-9-]+)` \|.*/\1/p' "$FIXTURES/../../docs/container.md" | sort)
}
