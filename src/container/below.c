/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/below.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* One component at a time, so that no link is followed. */
int below_parent(int dir_fd, const char *path, const char **ret_name)
{
    _cleanup_fd_ int fd = path_open_strict(dir_fd, ".", O_PATH | O_DIRECTORY);
    const char *slash;

    while (*path == '/')
        path++;
    while (fd >= 0 && (slash = strchr(path, '/'))) {
        char name[NAME_MAX + 1];
        size_t length = (size_t)(slash - path);
        int next;

        if (length > NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(name, path, length);
        name[length] = '\0';
        if (length && strcmp(name, ".") != 0) {
            if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
            next = path_open_strict(fd, name, O_PATH | O_DIRECTORY);
            fd_close(fd);
            fd = next;
        }
        path = slash + 1;
    }
    if (fd < 0)
        return fd;
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
    if (fchmod(fd, mode) < 0)
        return -errno;
    return size ? fd_write_all(fd, data, size) : 0;
}
