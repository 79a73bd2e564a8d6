# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A machine of the tests, by emulation: a /dev/kvm that is there may not work. Its serial line goes to the file LOG.

# said PATTERN PID: the machine has said it, or it is gone.
said() {
    grep -qaE "$1" "$LOG" || ! kill -0 "$2" 2>/dev/null
}

# serial SECONDS PATTERN QEMU-ARGUMENT...: run it until its serial line says the pattern; else the test fails.
serial() {
    local seconds=$1 pattern=$2 pid
    shift 2
    : >"$LOG"
    timeout "$seconds" qemu-system-x86_64 -accel tcg -cpu Nehalem -smp 2 -m 1024 -nodefaults -display none \
        -serial "file:$LOG" -no-reboot "$@" 3>&- &
    pid=$!
    wait_for "$seconds" said "$pattern" "$pid" || true
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    grep -qaE "$pattern" "$LOG" || {
        tail -c 3000 "$LOG"
        fail "the machine did not say '$pattern'"
    }
}
