/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include "base/fd.h"
#include "base/syscalls.h"

#include <errno.h>
#include <fcntl.h>

/* openat2(2) answers EAGAIN when a component was renamed during the walk. A payload can do that on
 * purpose, so the number of tries is bounded. */
#define RENAME_TRIES 128

static int open_resolved(int root_fd, const char *path, uint64_t flags, uint64_t resolve)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC | ((flags & O_PATH) ? 0 : O_NOCTTY | O_NONBLOCK),
        .resolve = resolve,
    };

    for (int i = 0; i < RENAME_TRIES; i++) {
        int fd = sys_openat2(root_fd, path, &how);

        if (fd >= 0)
            return fd;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return -EAGAIN;
}

int path_open(int root_fd, const char *path, uint64_t flags)
{
    return open_resolved(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int path_open_strict(int root_fd, const char *path, uint64_t flags)
{
    while (*path == '/')
        path++;
    return open_resolved(root_fd, *path ? path : ".", flags | O_PATH | O_NOFOLLOW,
                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int path_read(int root_fd, const char *path, size_t max, char **ret_data, size_t *ret_size)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_RDONLY);

    if (fd < 0)
        return fd;
    return fd_read_all(fd, max, ret_data, ret_size);
}

int path_stat(int root_fd, const char *path, struct stat *ret_st)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_PATH);

    if (fd < 0)
        return fd;
    return fstat(fd, ret_st) < 0 ? -errno : 0;
}

int path_exists(int root_fd, const char *path)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_PATH);

    if (fd >= 0)
        return 1;
    return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
}
