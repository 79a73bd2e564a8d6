#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# check.sh [--all] [NAME]: unit tests, then system tests one after the other (each one asserts that
# nothing of ours is left on the host, so they cannot run side by side). Ends with the line
# "N passed, N failed, N skipped". Only what tests/skip-allowed.txt names may be skipped.
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
# ends badly without saying so adds one failed test.
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
    awk -v name="$name" -v took=$(($(date +%s) - started)) '
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
files=$(ls tests/system/${pattern:-*}.bats tests/vm/${pattern:-*}.bats 2>/dev/null || true)
# shellcheck disable=SC2086
guest_files=$(ls tests/vm/guest/${pattern:-*}.bats 2>/dev/null || true)
[ -n "$files$guest_files" ] || {
    echo "check: no test file named '$only'" >&2
    exit 2
}
for suite in bookworm bullseye trixie sid boot sysvinit openrc; do
    tests/fixtures/suite "$suite" >/dev/null ||
        echo "not ok 0 the tree of $suite cannot be made" | tee -a "$out/fixtures.tap"
done
for file in $files; do
    name=${file##*/}
    run_tap "${name%.bats}" timeout 1500 bats --tap "$file"
done

# run_guest HOST FILE...: in one virtual machine of that kind; a machine that hangs or breaks down is a
# failed test, with the end of its console.
run_guest() {
    host=$1
    shift
    machine=$out/vm-$host
    status=0
    tests/vm/run --host "$host" --out "$machine" env UNBRICK="$PWD/build/unbrick" \
        UNBRICK_STEPS="$PWD/build-test/unbrick" \
        UNBRICK_TEST_CACHE="$UNBRICK_TEST_CACHE" UNBRICK_TEST_ALL="$all" BATS_TEST_TIMEOUT=300 \
        tests/vm/guest/run-tests "$@" >"$machine.console" 2>&1 || status=$?
    for file in "$@"; do
        test=$(basename "$file" .bats)
        run_tap "$test-$host" guest_result "$machine/$test" "$status"
    done
    [ "$status" -eq 0 ] || tail -n 30 "$machine.console"
}

# guest_result FILE STATUS: what the machine left, as if the tests had run here.
guest_result() {
    cat "$1.tap" 2>/dev/null
    cat "$1.err" >&2 2>/dev/null
    [ -e "$1.rc" ] || echo "the machine ended with status $2" >&2
    return "$(cat "$1.rc" 2>/dev/null || echo 1)"
}

# Which of them also run on a host with systemd and udevd stands in their second line.
on_host() {
    # shellcheck disable=SC2086
    grep -l "^# hosts:.*$1" $guest_files || true
}
for host in plain systemd; do
    # shellcheck disable=SC2046 # a list of words
    [ -z "$(on_host $host)" ] || run_guest "$host" $(on_host $host)
done

# A report of a sanitizer that no test noticed, and a skip that nobody allowed, are failures.
for report in "$SANITIZER_LOG".*; do
    [ -e "$report" ] || continue
    echo "not ok 0 sanitizer report: $report" >>"$out/sanitizer.tap"
    head -n 40 "$report"
done
sed -n -e 's/^ok [0-9]* \(.*\) # skip.*/\1/p' -e 's/^.*ok [0-9]* # SKIP \(.*\)/\1/p' "$out"/*.tap | while IFS= read -r test; do
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
