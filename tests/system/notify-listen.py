#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""notify-listen.py SOCKET LOG: what a service manager hears (sd_notify(3)), a line each in LOG."""

import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, open(sys.argv[2], "ab", 0) as log:
    manager.bind(sys.argv[1])
    os.write(1, b"listening\n")
    os.close(1)
    while True:
        log.write(manager.recv(4096) + b"\n")
