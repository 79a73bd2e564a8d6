/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The only way into a patient's tree. Every path of a patient is resolved below a directory
 * descriptor by openat2(2), so that no link in it can lead out, and a FIFO, device or socket where
 * a file is expected cannot block us.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Largest configuration file that is read from a patient. */
#define PATH_CONFIG_MAX ((size_t)4 << 20)

/*
 * Open @path below @root_fd as the patient's own programs would see it: absolute links start at
 * @root_fd, ".." stops there (RESOLVE_IN_ROOT), magic links are refused. @flags are open(2) flags;
 * O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added.
 * Returns a descriptor or a negative errno (-ELOOP: too many links; -EAGAIN: it kept being renamed
 * while we looked).
 */
int path_open(int root_fd, const char *path, uint64_t flags);

/* As path_open() with O_PATH, following no link anywhere (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS):
 * for mount points. -ELOOP when a component is a link. */
int path_open_strict(int root_fd, const char *path, uint64_t flags);

/*
 * Read a regular file below @root_fd, at most @max bytes; NUL-terminated, the caller frees.
 * 0; -EFBIG; -ENOTDIR, -ENOENT ...; -EINVAL: it is not a regular file (FIFO, device, directory).
 */
int path_read(int root_fd, const char *path, size_t max, char **ret_data, size_t *ret_size);

/* stat(2) of what @path leads to below @root_fd. 0 or a negative errno. */
int path_stat(int root_fd, const char *path, struct stat *ret_st);

/* 1 when @path leads to something below @root_fd, 0 when not, or a negative errno. */
int path_exists(int root_fd, const char *path);
