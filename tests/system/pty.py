#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drive a program on a real pseudo-terminal.

    pty.py [--size ROWSxCOLS] [--timeout SECONDS] [--stdin FILE] [--stdout FILE] STEP... -- COMMAND...

Steps are done in order; after the last one the program must end by itself:

    expect:REGEX    wait until the output since the last match has it
    absent:REGEX    the output since the last match must not have it now
    send:TEXT       type it; \\r, \\n, \\x1d and so on are understood
    pause:SECONDS   wait
    resize:RxC      change the window size (the kernel sends SIGWINCH)
    signal:NAME     send a signal to the program
    hangup:         close the terminal, as a dying ssh connection does
    raw:yes|no      the terminal must be raw or not (within the timeout)
    status:N        the program must end, with this status (128 + N after a signal)

Prints what the terminal showed. Exits with 0 when every step was met and the terminal's settings at
the end are those of the start, else with 1 and the reason on standard error.
"""

import argparse
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time


class Failure(Exception):
    pass


class Terminal:
    def __init__(self, command, size, timeout, stdin, stdout):
        self.timeout = timeout
        self.output = b""
        self.seen = 0
        self.master, self.slave = os.openpty()
        self.resize(size)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            command,
            stdin=open(stdin, "rb") if stdin else self.slave,
            stdout=open(stdout, "wb") if stdout else self.slave,
            stderr=self.slave,
            preexec_fn=self.adopt,
        )

    def adopt(self):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        # Python ignores these; the program must find what a shell would give it.
        for number in (signal.SIGPIPE, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    def resize(self, size):
        rows, columns = (int(n) for n in size.split("x"))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """Take what arrives within the time; False when there was nothing."""
        if self.master < 0:
            time.sleep(seconds)
            return False
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.output += data
        return bool(data)

    def wait_for(self, condition, what):
        deadline = time.monotonic() + self.timeout
        while not condition():
            if time.monotonic() > deadline:
                raise Failure(f"timeout: {what}")
            self.read(0.05)

    def expect(self, pattern):
        regex = re.compile(pattern.encode(), re.S)

        def found():
            match = regex.search(self.output, self.seen)
            if match:
                self.seen = match.end()
            elif self.process.poll() is not None and not self.read(0.2):
                raise Failure(f"the program ended ({self.process.returncode}) before: {pattern}")
            return match

        self.wait_for(found, f"expected: {pattern}")

    def absent(self, pattern):
        while self.read(0.1):
            pass
        if re.compile(pattern.encode(), re.S).search(self.output, self.seen):
            raise Failure(f"there is: {pattern}")

    def send(self, text):
        data = text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
        while data:
            self.read(0)
            data = data[os.write(self.master, data):]

    def hangup(self):
        os.close(self.master)
        os.close(self.slave)
        self.master = self.slave = -1

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def end(self, status=None):
        self.wait_for(lambda: self.process.poll() is not None, "the program does not end")
        while self.read(0.05):
            pass
        code = self.process.returncode
        code = 128 - code if code < 0 else code
        if status is not None and code != status:
            raise Failure(f"status {code} instead of {status}")

    def check_restored(self):
        if self.slave >= 0 and termios.tcgetattr(self.slave) != self.before:
            raise Failure("the terminal is not as it was before")

    def step(self, word):
        name, _, value = word.partition(":")
        if name == "pause":
            deadline = time.monotonic() + float(value)
            while time.monotonic() < deadline:
                self.read(0.05)
        elif name == "signal":
            self.process.send_signal(getattr(signal, value))
        elif name == "raw":
            self.wait_for(lambda: self.is_raw() == (value == "yes"), word)
        elif name == "status":
            self.end(int(value))
        elif name == "hangup":
            self.hangup()
        elif name in ("expect", "absent", "send", "resize"):
            getattr(self, name)(value)
        else:
            raise Failure(f"unknown step {word}")


def main():
    words = sys.argv[1:]
    if "--" not in words:
        sys.exit(__doc__)
    split = words.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="24x80")
    parser.add_argument("--timeout", type=float, default=30)
    parser.add_argument("--stdin")
    parser.add_argument("--stdout")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args(words[:split])
    terminal = Terminal(words[split + 1:], options.size, options.timeout, options.stdin,
                        options.stdout)
    failure = None
    try:
        for word in options.steps:
            terminal.step(word)
        terminal.end()
        terminal.check_restored()
    except Failure as reason:
        failure = reason
    sys.stdout.buffer.write(terminal.output)
    sys.stdout.flush()
    if terminal.process.poll() is None:
        terminal.process.kill()
        terminal.process.wait()
    if failure:
        sys.exit(f"pty.py: {failure}")


if __name__ == "__main__":
    main()
