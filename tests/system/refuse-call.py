#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a command in which one system call fails with EPERM, as on a kernel without it.

    refuse-call.py NAME COMMAND...        NAME: bpf
"""

import ctypes
import os
import platform
import struct
import sys

NUMBERS = {"bpf": {"x86_64": 321, "aarch64": 280}}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2
LOAD_NR, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, EPERM = 0x7FFF0000, 0x00050001

number = NUMBERS[sys.argv[1]][platform.machine()]
program = b"".join(
    struct.pack("HBBI", *insn)
    for insn in (
        (LOAD_NR, 0, 0, 0),
        (JUMP_EQUAL, 0, 1, number),
        (RETURN, 0, 0, EPERM),
        (RETURN, 0, 0, ALLOW),
    )
)
buffer = ctypes.create_string_buffer(program)
filter_ = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.create_string_buffer(filter_), 0, 0) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
