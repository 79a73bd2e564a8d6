/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The note in programs of the GNU system that says which kernel they need at least (the Linux
 * Standard Base, ".note.ABI-tag"). Pure and bounded. */

#include <stddef.h>

/* The version (3.2.0) from the first @size bytes of the file. 0; -ENOENT without such a note;
 * -ENOEXEC. */
int elf_note_abi(const void *data, size_t size, unsigned ret[3]);
