/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directories and files in a tmpfs of ours, before anything of the patient runs. The umask is 0. */

#include <stddef.h>
#include <sys/types.h>

/* Open the directory that holds the last component of @path below @dir_fd, making what is missing
 * (mode 0755). *ret_name points at that component. Descriptor or negative errno. */
int below_parent(int dir_fd, const char *path, const char **ret_name);

/* A regular file with @size bytes. 0 or a negative errno; -EEXIST is one. */
int below_write(int dir_fd, const char *path, mode_t mode, const void *data, size_t size);
