#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""uname32.py FILE: a static i386 program that prints the machine of uname(2), whose first letters tell."""

import os
import struct
import sys

BASE, HEADERS, MACHINE = 0x08048000, 52 + 32, 4 * 65
BUFFER = BASE + 0x1000

code = (
    b"\xb8" + struct.pack("<I", 122)  # uname(2), i386
    + b"\xbb" + struct.pack("<I", BUFFER) + b"\xcd\x80"
    + b"\xb8" + struct.pack("<I", 4)  # write(1, machine, 4)
    + b"\xbb" + struct.pack("<I", 1)
    + b"\xb9" + struct.pack("<I", BUFFER + MACHINE)
    + b"\xba" + struct.pack("<I", 4) + b"\xcd\x80"
    + b"\xb8" + struct.pack("<I", 1) + b"\x31\xdb\xcd\x80"  # exit(0)
)
size = HEADERS + len(code)
ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
header = ident + struct.pack(
    "<HHIIIIIHHHHHH", 2, 3, 1, BASE + HEADERS, 52, 0, 0, 52, 32, 1, 0, 0, 0)
segment = struct.pack("<IIIIIIII", 1, 0, BASE, BASE, size, 0x2000, 7, 0x1000)

with open(sys.argv[1], "wb") as file:
    file.write(header + segment + code)
os.chmod(sys.argv[1], 0o755)
