/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/freeze.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Tasks in the middle of a system call stop when they leave it. */
#define FREEZE_WAIT_MS 500

static int set_frozen(int cgroup_fd, const char *name, bool frozen)
{
    char path[300];
    _cleanup_fd_ int fd = -1;

    snprintf(path, sizeof path, "%s/cgroup.freeze", name);
    fd = openat(cgroup_fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd_write_all(fd, frozen ? "1" : "0", 1);
}

/* The line "frozen 1" of cgroup.events; a change of the file is POLLPRI. */
static int wait_until_frozen(int cgroup_fd, const char *name)
{
    struct pollfd changed = {.events = POLLPRI};
    char path[300], events[256];
    _cleanup_fd_ int fd = -1;

    snprintf(path, sizeof path, "%s/cgroup.events", name);
    fd = openat(cgroup_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    changed.fd = fd;
    for (;;) {
        ssize_t n = pread(fd, events, sizeof events - 1, 0);
        int r;

        if (n < 0)
            return -errno;
        events[n] = '\0';
        if (strstr(events, "frozen 1"))
            return 0;
        r = poll(&changed, 1, FREEZE_WAIT_MS);
        if (r == 0)
            return -ETIMEDOUT;
        if (r < 0 && errno != EINTR)
            return -errno;
    }
}

/* Calls @each for every cgroup right below. Returns the first failure; all are tried. */
static int for_each_child(int cgroup_fd, const char *except,
                          int (*each)(int cgroup_fd, const char *name))
{
    int copy = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed = 0;
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    if (!dir) {
        fd_close(copy);
        return -errno;
    }
    while ((entry = readdir(dir))) {
        int r;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
            (except && strcmp(entry->d_name, except) == 0))
            continue;
        r = each(cgroup_fd, entry->d_name);
        if (r < 0 && !failed)
            failed = r;
    }
    closedir(dir);
    return failed;
}

static int freeze_one(int cgroup_fd, const char *name)
{
    return set_frozen(cgroup_fd, name, true);
}

static int thaw_one(int cgroup_fd, const char *name)
{
    return set_frozen(cgroup_fd, name, false);
}

int freeze_children(int cgroup_fd, const char *except)
{
    int r = for_each_child(cgroup_fd, except, freeze_one);

    return r < 0 ? r : for_each_child(cgroup_fd, except, wait_until_frozen);
}

int thaw_children(int cgroup_fd)
{
    return for_each_child(cgroup_fd, NULL, thaw_one);
}
