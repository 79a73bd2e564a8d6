#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# check.sh [--all] [NAME]: unit tests, then system tests one after the other (each one asserts that
# nothing of ours is left on the host, so they cannot run side by side), and beside them those with
# virtual machines. Ends with the line "N passed, N failed, N skipped". Only what
# tests/skip-allowed.txt names may be skipped.
set -eu
cd "$(dirname "$0")/.."

all=''
only=''
for argument in "$@"; do
    case $argument in
    --all) all=1 ;;
    *) only=$argument ;;
    esac
done

out=$PWD/build-test/results
rm -rf "$out"
mkdir -p "$out"
UNBRICK=$PWD/build-test/unbrick
UNBRICK_TEST_CACHE=${UNBRICK_TEST_CACHE:-/var/cache/unbrick-test}
UNBRICK_TEST_ALL=$all
SANITIZER_LOG=$out/sanitizer
BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-180}
export UNBRICK UNBRICK_TEST_CACHE UNBRICK_TEST_ALL SANITIZER_LOG BATS_TEST_TIMEOUT
# The first report ends the program, with a status of its own that no test expects.
ASAN_OPTIONS=exitcode=99:log_path=$SANITIZER_LOG.asan
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99:log_path=$SANITIZER_LOG.ubsan
export ASAN_OPTIONS UBSAN_OPTIONS
unset SUDO_COMMAND UNBRICK_STOP_AT UNBRICK_STOP_FILE

# run_tap NAME COMMAND...: the command writes TAP, with a plan for each group of tests; one that
# ends badly without saying so adds one failed test. $took, if set, is how long that took elsewhere.
run_tap() {
    name=$1
    shift
    started=$(date +%s)
    status=0
    "$@" >"$out/$name.tap" 2>"$out/$name.err" </dev/null || status=$?
    if ! awk -v status="$status" '
        /^1\.\.[0-9]+/ { planned += substr($1, 4); has_plan = 1 }
        /^ok / { n++ }
        /^not ok / { n++; bad++ }
        END { exit !(has_plan && planned == n && (status == 0 || bad > 0)) }
        ' "$out/$name.tap"; then
        echo "not ok 0 $name: ended with status $status before all of its tests were run" \
            >>"$out/$name.tap"
    fi
    awk -v name="$name" -v took="${took:-$(($(date +%s) - started))}" '
        /^(not )?ok .*# (skip|SKIP)/ { skipped++; next }
        /^ok / { passed++ }
        /^not ok / { failed++ }
        END { printf "%-28s %4d passed %4d failed %4d skipped %4d s\n", name, passed, failed,
              skipped, took }' "$out/$name.tap"
    if grep -q '^not ok' "$out/$name.tap"; then
        grep -A 40 '^not ok' "$out/$name.tap" | grep '^not ok\|^#' || true
        tail -n 20 "$out/$name.err"
    fi
}

CMOCKA_MESSAGE_OUTPUT=TAP
export CMOCKA_MESSAGE_OUTPUT
if [ -z "$only" ]; then
    meson introspect --tests build-test | jq -r '.[] | select(.suite[] | endswith("unit")) |
        .name + "\t" + .cmd[0]' >"$out/unit.list"
    while IFS="$(printf '\t')" read -r name program; do
        run_tap "unit-$name" timeout 120 "$program"
    done <"$out/unit.list"
fi

pattern=${only%.bats}
# shellcheck disable=SC2086 # a pattern
files=$(ls tests/system/${pattern:-*}.bats 2>/dev/null || true)
# shellcheck disable=SC2086
machine_files=$(ls tests/vm/${pattern:-*}.bats 2>/dev/null || true)
# shellcheck disable=SC2086
guest_files=$(ls tests/vm/guest/${pattern:-*}.bats 2>/dev/null || true)
[ -n "$files$machine_files$guest_files" ] || {
    echo "check: no test file named '$only'" >&2
    exit 2
}
for suite in bookworm bullseye trixie sid boot server sysvinit openrc; do
    tests/fixtures/suite "$suite" >/dev/null ||
        echo "not ok 0 the tree of $suite cannot be made" | tee -a "$out/fixtures.tap"
done
# guests_of HOST: which of them run on that kind of host stands in their first lines: "# hosts:", and with --all
# "# hosts for --all:", too.
guests_of() {
    # shellcheck disable=SC2086 # a list of words
    [ -z "$guest_files" ] || grep -lE "^# hosts${UNBRICK_TEST_ALL:+( for --all)?}:.*$1" $guest_files || true
}

# timed STATUS-FILE COMMAND...: its exit status, and how many seconds it took.
timed() {
    file_of_status=$1
    started=$(date +%s)
    status=0
    shift
    "$@" || status=$?
    echo "$status $(($(date +%s) - started))" >"$file_of_status"
}

# Each file in a virtual machine of its own. They see nothing of this host's sessions and leave nothing
# on it, so they run beside the system tests, on the other processor; and where the system tests are done
# first, on both: who makes a machine's directory runs it. The slow tests of the longest file take more
# than the machine's ordinary time.
run_guests() {
    for host in plain selinux systemd hybrid legacy; do
        for file in $(guests_of $host); do
            machine=$out/vm-$host-$(basename "$file" .bats)
            mkdir "$machine" 2>/dev/null || continue
            timed "$machine.status" env VM_TIMEOUT="${VM_TIMEOUT:-${all:+2400}}" \
                tests/vm/run --host "$host" --out "$machine" \
                env UNBRICK="$PWD/build/unbrick" UNBRICK_STEPS="$PWD/build-test/unbrick" \
                UNBRICK_TEST_CACHE="$UNBRICK_TEST_CACHE" UNBRICK_TEST_ALL="$all" \
                BATS_TEST_TIMEOUT=400 tests/vm/guest/run-tests "$file" \
                >"$machine.console" 2>&1 </dev/null
        done
    done
}

# Those that start machines themselves, on disks that a copy of the release build has mended here. To
# the system tests, of which some run the release build itself, that is another program, whose sessions
# are none of theirs (helpers.bash, foreign()); and it has a /run of its own.
run_machines() {
    mkdir -p "$out/machines"
    cp build/unbrick "$out/machines/unbrick"
    for file in $machine_files; do
        name=$(basename "$file" .bats)
        mkdir -p "$out/vm-here-$name"
        # shellcheck disable=SC2016 # for that shell
        timed "$out/vm-here-$name.status" env UNBRICK="$out/machines/unbrick" BATS_TEST_TIMEOUT=600 \
            unshare --mount sh -c 'mount -t tmpfs -o mode=755 run /run &&
                exec timeout 5000 bats --tap "$1"' sh "$file" >"$out/vm-here-$name/$name.tap" \
            2>"$out/vm-here-$name/$name.err" </dev/null
        cut -d' ' -f1 "$out/vm-here-$name.status" >"$out/vm-here-$name/$name.rc"
    done
}

# guest_result MACHINE TEST: what the machine left, as if the tests had run here.
guest_result() {
    cat "$1/$2.tap" 2>/dev/null
    cat "$1/$2.err" >&2 2>/dev/null
    if [ ! -e "$1/$2.rc" ]; then
        echo "the machine ended with status and after seconds: $(cat "$1.status")" >&2
        tail -n 30 "$1.console" >&2 2>/dev/null
        return 1
    fi
    return "$(cat "$1/$2.rc")"
}

{
    run_machines
    run_guests
} &
beside=$!
for file in $files; do
    name=${file##*/}
    run_tap "${name%.bats}" timeout 1500 bats --tap "$file"
done
run_guests
wait "$beside"
for host in plain selinux systemd hybrid legacy here; do
    for file in $(if [ $host = here ]; then echo "$machine_files"; else guests_of $host; fi); do
        test=$(basename "$file" .bats)
        took=$(cut -d' ' -f2 "$out/vm-$host-$test.status")
        run_tap "$test-$host" guest_result "$out/vm-$host-$test" "$test"
    done
done

# A report of a sanitizer that no test noticed, and a skip that nobody allowed, are failures.
for report in "$SANITIZER_LOG".*; do
    [ -e "$report" ] || continue
    echo "not ok 0 sanitizer report: $report" >>"$out/sanitizer.tap"
    head -n 40 "$report"
done
# "ok 3 NAME in 12ms # skip WHY" is what bats prints, "ok 3 # SKIP NAME" what cmocka does.
sed -n -e 's/\( in [0-9]*ms\)\{0,1\} # skip/ # skip/' -e 's/^ok [0-9]* \(.*\) # skip.*/\1/p' \
    -e 's/^.*ok [0-9]* # SKIP \(.*\)/\1/p' "$out"/*.tap | while IFS= read -r test; do
    grep -v '^#' tests/skip-allowed.txt | cut -f1 | grep -qxF -- "$test" && continue
    echo "not ok 0 skipped, but not listed in tests/skip-allowed.txt: $test" |
        tee -a "$out/skips.tap"
done

cat "$out"/*.tap | awk '
    /^(not )?ok .*# (skip|SKIP)/ { skipped++; next }
    /^ok / { passed++ }
    /^not ok / { failed++ }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
          exit failed > 0 || passed == 0 }'
