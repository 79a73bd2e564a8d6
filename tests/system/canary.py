#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watch a directory that nobody has a reason to touch.

    canary.py DIRECTORY READY STOP LOG

Creates the file READY when it watches, and ends when there is a file STOP. Every access to DIRECTORY, to
a directory in it or to their files (open, read, write, create, delete, a change of attributes), in whatever
mount namespace, is a line in LOG (inotify(7)).
"""

import ctypes
import os
import select
import struct
import sys

NAMES = {0x1: "read", 0x2: "written", 0x4: "attributes", 0x8: "closed", 0x20: "opened",
         0x40: "moved from", 0x80: "moved to", 0x100: "created", 0x200: "deleted"}
EVENTS = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200


def main():
    directory, ready, stop, log = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    where = {}
    for path in [directory] + [os.path.join(at, name) for at, dirs, _ in os.walk(directory)
                               for name in dirs]:
        watch = libc.inotify_add_watch(fd, path.encode(), EVENTS)
        if watch < 0:
            sys.exit(f"canary.py: cannot watch {path}")
        where[watch] = path
    with open(log, "w", buffering=1) as out:
        open(ready, "w").close()
        while True:
            over = os.path.exists(stop)
            if select.select([fd], [], [], 0.05)[0]:
                data = os.read(fd, 65536)
                while data:
                    watch, mask, _, length = struct.unpack_from("iIII", data)
                    name = data[16:16 + length].rstrip(b"\0").decode(errors="replace")
                    what = ", ".join(text for bit, text in NAMES.items() if mask & bit)
                    print(f"{what}: {where[watch]}/{name}", file=out)
                    data = data[16 + length:]
            elif over:
                return


main()
