/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which directories of a file system take the most. */

#include <stdbool.h>
#include <stdint.h>

#define SPACE_TOP 5

/* Without a block left journald, login's records and every package manager fail; with less than
 * that a boot soon comes to it. */
#define SPACE_NEARLY_FULL ((uint64_t)1 << 20)

struct space_entry {
    char path[256]; /* raw; longer ones are left out */
    uint64_t bytes; /* allocated, with all below it */
    uint64_t files;
};

/*
 * The @SPACE_TOP largest directories at most three levels below @path, on its file system only,
 * largest first; by @files, when @by_files is set. A directory that is itself in the list because
 * of a single one below it is left out in favour of that. Stops after half a million entries.
 * Returns how many.
 */
unsigned space_largest(int root_fd, const char *path, bool by_files,
                       struct space_entry ret[SPACE_TOP]);
