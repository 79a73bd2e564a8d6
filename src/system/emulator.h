/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Emulators for the programs of other machines (qemu-user), and the texts with which the kernel is
 * told of them (Documentation/admin-guide/binfmt-misc.rst). Nothing is run or registered here.
 */

#include "system/elf_header.h"

#include <stdbool.h>
#include <stddef.h>

/* The path of a static emulator for @m below @root_fd, the host's root: a dynamic one would look
 * for its libraries in the patient. 0 or -ENOENT. */
int emulator_find(int root_fd, const struct elf_machine *m, char *ret, size_t size);

/*
 * What is written to "register" so that @program executes what is for @m, under the name @entry.
 * Its file is opened at once and serves in every mount namespace. 0 or -ENAMETOOLONG.
 */
int emulator_registration(const struct elf_machine *m, const char *entry, const char *program,
                          char *ret, size_t size);

/* Does the entry with this @text (a file of binfmt_misc) execute what is for @m, wherever the
 * program is? */
bool emulator_entry_serves(const char *text, const struct elf_machine *m);
