/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* File descriptors and heap memory that are released when their scope ends. */

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Close @fd when it is one, and return -1, so that `fd = fd_close(fd)` cannot close twice. EINTR
 * from close(2) is not retried: on Linux the descriptor is gone by then. errno is preserved. */
int fd_close(int fd);

static inline void fd_cleanup(int *fd)
{
    fd_close(*fd);
}

static inline void free_cleanup(void *p)
{
    free(*(void **)p);
}

#define _cleanup_fd_   __attribute__((cleanup(fd_cleanup)))
#define _cleanup_free_ __attribute__((cleanup(free_cleanup)))

/* Hand a descriptor out of a scope that would close it. */
static inline int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

/* Hand a pointer out of a scope that would free it. */
#define take_ptr(pp)                                                                               \
    ({                                                                                             \
        __typeof__(pp) _pp = (pp);                                                                 \
        __typeof__(*_pp) _p = *_pp;                                                                \
        *_pp = NULL;                                                                               \
        _p;                                                                                        \
    })

/*
 * Read a whole regular file of at most @max bytes. The result is NUL-terminated (the NUL is not
 * counted) and belongs to the caller. @fd stays open; reading starts at its offset.
 * Returns 0; -EFBIG when there is more than @max; -EINVAL when it is not a regular file;
 * a negative errno of read(2).
 */
int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_size);

/* As fd_read_all() for whatever can be read to an end: a file of /proc, a pipe. @fd may be
 * non-blocking: a pipe without a writer is then empty, one with a writer is waited for. */
int fd_read_any(int fd, size_t max, char **ret_data, size_t *ret_size);

/* As fd_read_all() for files of /proc and /sys, which say that their size is 0. Path is a host's.
 */
int file_read(const char *path, size_t max, char **ret_data, size_t *ret_size);

/* Write everything, whatever write(2) takes at a time. Returns 0 or a negative errno. */
int fd_write_all(int fd, const void *data, size_t size);

/* Write a short string to an existing file of the host (cgroup, /proc). 0 or a negative errno. */
int file_write(const char *path, const char *text);

/* "/proc/self/fd/N" for calls that take only paths. @buf holds at least 32 bytes. Returns @buf. */
char *fd_path(int fd, char buf[32]);
