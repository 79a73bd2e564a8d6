/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Do a system's programs find their libraries? The closure of DT_NEEDED, looked for where ld.so(8)
 * would look: DT_RUNPATH, the directories of /etc/ld.so.conf, the default ones. LD_LIBRARY_PATH and
 * glibc-hwcaps only add places; /etc/ld.so.cache is not read, since ldconfig(8) makes it from
 * these. */

#include "base/error.h"

#include <stdint.h>

struct libraries;

/* Read what the loader of @root_fd (borrowed) is told. NULL without memory. */
struct libraries *libraries_open(int root_fd);
void libraries_close(struct libraries *l);

/*
 * Look at the program @path and everything that it needs, also indirectly. Scripts are passed over.
 * 0: all is there, or the program itself is not. -ENOENT: *ret_library is missing (a name,
 * or the path of a loader), which *ret_by wants. -ENOEXEC: the library *ret_library is there but is
 * none (cut off, empty, of another machine). The strings live as long as @l; they are raw.
 */
int libraries_check(struct libraries *l, const char *path, const char **ret_library,
                    const char **ret_by);
