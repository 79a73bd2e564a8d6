#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole program on one image: a Debian disk that does not boot is looked at, booted into rescue
# and repaired, by the person at the terminal or, without one, by a script; a second session shows
# that the repair is on the disk.
set -eu
cd "$(dirname "$0")/.."

unbrick=build/unbrick
image=build/demo.img

say() {
    printf '\n\033[1m%s\033[0m\n' "$*"
}

show() {
    printf '\033[1m$ %s\033[0m\n' "$*"
    "$@"
}

say "Making the patient (the first time takes a minute or two) ..."
tests/fixtures/image "$image" --suite boot --boot --demo
echo "$image: Debian 12 on GPT with /boot of its own. It does not boot: fstab names a disk that is"
echo "not there, a unit keeps everything waiting, and the root account is locked."

say "1. What is on it?"
show "$unbrick" list "$image"

cat >build/demo-check.sh <<'END'
set -u
failed=0
if systemctl is-enabled wait-for-license.service >/dev/null 2>&1; then
    echo "wait-for-license.service is still enabled"
    failed=1
fi
if grep -q '^UUID=deadbeef' /etc/fstab; then
    echo "fstab still names the disk that is not there:"
    grep -n '^UUID=deadbeef' /etc/fstab
    failed=1
fi
[ "$failed" -eq 0 ] && echo "fstab and units of $(cat /etc/hostname) are right."
exit "$failed"
END

if [ -t 0 ] && [ -t 1 ]; then
    say "2. Your turn: the next prompt is inside the patient"
    echo "To repair it:   systemctl disable wait-for-license.service"
    echo "                sed -i '/^UUID=deadbeef/d' /etc/fstab"
    echo "To leave:       exit"
    show "$unbrick" boot "$image" || echo "(ended with status $?)"
else
    say "2. Boot into rescue and repair (no terminal here: by a script)"
    cat >build/demo-repair.sh <<'END'
set -eu
echo "inside: $(. /etc/os-release; echo "$PRETTY_NAME"), process 1 is $(cat /proc/1/comm)"
systemctl disable wait-for-license.service
sed -i '/^UUID=deadbeef/d' /etc/fstab
END
    show "$unbrick" boot --run build/demo-repair.sh "$image"
fi

say "3. A second session: did it stick?"
if show "$unbrick" boot --run build/demo-check.sh "$image"; then
    say "The patient is repaired. The image is $image."
else
    say "The patient still does not boot. Try again: sudo ./dev demo"
    exit 1
fi
