/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/below.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* The directory @name (of @length bytes), made when it is missing. No link is followed. */
static int open_or_make(int dir_fd, const char *name, size_t length)
{
    char copy[NAME_MAX + 1];
    int fd;

    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(copy, name, length);
    copy[length] = '\0';
    fd = path_open_strict(dir_fd, copy, O_PATH | O_DIRECTORY);
    if (fd != -ENOENT)
        return fd;
    if (mkdirat(dir_fd, copy, 0755) < 0 && errno != EEXIST)
        return -errno;
    return path_open_strict(dir_fd, copy, O_PATH | O_DIRECTORY);
}

/* One component at a time. */
int below_parent(int dir_fd, const char *path, const char **ret_name)
{
    _cleanup_fd_ int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
    const char *slash;

    if (fd < 0)
        return -errno;
    for (; (slash = strchr(path, '/')); path = slash + 1) {
        size_t length = (size_t)(slash - path);
        int next;

        if (length == 0 || (length == 1 && *path == '.'))
            continue;
        next = open_or_make(fd, path, length);
        if (next < 0)
            return next;
        fd_close(fd);
        fd = next;
    }
    if (!*path)
        return -EINVAL;
    *ret_name = path;
    return take_fd(&fd);
}

int below_write(int dir_fd, const char *path, mode_t mode, const void *data, size_t size)
{
    const char *name = path;
    _cleanup_fd_ int parent = below_parent(dir_fd, path, &name), fd = -1;

    if (parent < 0)
        return parent;
    fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    return size ? fd_write_all(fd, data, size) : 0;
}
