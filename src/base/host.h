/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * /sys, /proc and /dev, as discovery sees them: what only finds out about devices looks at them
 * through these functions and in no other way, so that a test can put the recorded tree of another
 * machine in the place of this host's (tests/machines). What acts on a device opens it by itself.
 * Paths are absolute.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* From now on paths begin at the directory @root_fd (borrowed), and no link leads out of it; -1: at
 * the root of this host, as it is from the start. For tests. */
void host_set_root(int root_fd);

/* open(2) with O_CLOEXEC, O_NOCTTY and O_NONBLOCK. A descriptor or a negative errno. */
int host_open(const char *path, int flags);

/* Read a file, at most @max bytes; NUL-terminated, the caller frees. @ret_size may be NULL. 0 or a
 * negative errno. */
int host_read(const char *path, size_t max, char **ret_data, size_t *ret_size);

/* stat(2). No device node can be in a recorded tree: a file that begins with "block 8:16" is
 * reported as the one of that number. 0 or a negative errno. */
int host_stat(const char *path, struct stat *ret);

/* Where a link points, NUL-terminated. 0; -ENAMETOOLONG when it does not fit, or another errno. */
int host_readlink(const char *path, char *ret, size_t size);

/* opendir(3); NULL with errno. */
DIR *host_opendir(const char *path);

bool host_exists(const char *path);
