/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/host.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

static int root = -1;

void host_set_root(int root_fd)
{
    root = root_fd;
}

/* The real /proc is full of magic links, which a walk below a root would refuse: there the path is
 * taken as it is. */
int host_open(const char *path, int flags)
{
    int fd;

    if (root >= 0)
        return path_open(root, path, (unsigned)flags);
    fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int host_read(const char *path, size_t max, char **ret_data, size_t *ret_size)
{
    _cleanup_fd_ int fd = host_open(path, O_RDONLY);

    return fd < 0 ? fd : fd_read_any(fd, max, ret_data, ret_size);
}

/* The stand-in for a device node. */
static void stat_recorded(const char *path, struct stat *st)
{
    _cleanup_fd_ int fd = S_ISREG(st->st_mode) ? path_open(root, path, O_RDONLY) : -1;
    unsigned long maj, min;
    char text[64], *end;
    ssize_t n;

    n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return;
    text[n] = '\0';
    if (!text_starts_with(text, "block "))
        return;
    maj = strtoul(text + strlen("block "), &end, 10);
    if (*end != ':')
        return;
    min = strtoul(end + 1, NULL, 10);
    st->st_mode = S_IFBLK | (st->st_mode & ~(mode_t)S_IFMT);
    st->st_rdev = makedev((unsigned)maj, (unsigned)min);
}

int host_stat(const char *path, struct stat *ret)
{
    int r;

    if (root < 0)
        return stat(path, ret) < 0 ? -errno : 0;
    r = path_stat(root, path, ret);
    if (r == 0)
        stat_recorded(path, ret);
    return r;
}

int host_readlink(const char *path, char *ret, size_t size)
{
    _cleanup_fd_ int fd = root < 0 ? -1 : path_open(root, path, O_PATH | O_NOFOLLOW);
    ssize_t n;

    if (root >= 0 && fd < 0)
        return fd;
    n = fd >= 0 ? readlinkat(fd, "", ret, size) : readlink(path, ret, size);
    if (n < 0)
        return -errno;
    if ((size_t)n >= size)
        return -ENAMETOOLONG;
    ret[n] = '\0';
    return 0;
}

DIR *host_opendir(const char *path)
{
    int fd = host_open(path, O_RDONLY | O_DIRECTORY);
    DIR *dir;

    if (fd < 0) {
        errno = -fd;
        return NULL;
    }
    dir = fdopendir(fd);
    if (!dir)
        fd_close(fd);
    return dir;
}

bool host_exists(const char *path)
{
    struct stat st;

    return host_stat(path, &st) == 0;
}
