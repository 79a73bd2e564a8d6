/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Can a program of the tree be executed there? What execve(2) and the dynamic linker would need is
 * looked at, nothing is run. Internal to system/. */

#include "system/elf_header.h"

struct program {
    struct elf_header elf; /* of the program, or of the interpreter of a script */
    char problem[256];     /* safe text: why it cannot be executed; "" when it can */
};

/* A descriptor for reading @path below @root_fd when the program can be executed; else a negative
 * errno, and ret->problem says why. *ret is filled in both cases. */
int program_open(int root_fd, const char *path, struct program *ret);
