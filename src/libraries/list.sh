#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# list.sh LIBDIR ARCHIVE...: which functions of the libraries below our archives call, as lines for
# libraries.c. Nobody keeps a list by hand: what is called is what the linker would look for.
set -eu

libdir=$1
shift
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
nm --undefined-only --format=posix "$@" 2>/dev/null | awk '$2 == "U" { print $1 }' | sort -u >"$wanted"

# Library, the package that brings it where packages are Debian's, and the load that it comes with.
while read -r name package load; do
    file=$libdir/lib$name.so
    soname=$(objdump -p "$file" | awk '$1 == "SONAME" { print $2 }')
    echo "LIBRARY(lib$name, \"$soname\", \"$package\", LOAD_$load)"
    nm --dynamic --defined-only --format=posix "$file" | awk '$2 == "T" { sub(/@.*/, "", $1); print $1 }' |
        sort -u | comm -12 - "$wanted" | sed "s/.*/FUNCTION(lib$name, &)/"
done <<END
blkid libblkid1 DISKS
mount libmount1 DISKS
smartcols libsmartcols1 DISKS
jansson libjansson4 DISKS
crypt libcrypt1 DISKS
archive libarchive13 EXAMINATION
END
