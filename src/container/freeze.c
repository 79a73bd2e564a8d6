/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/freeze.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Tasks in the middle of a system call stop when they leave it. */
#define FREEZE_WAIT_MS 500

static int open_group(struct freezer *f, int cgroup_fd, const char *name)
{
    char path[300];

    if (f->count == FREEZE_MAX)
        return -E2BIG;
    f->switches[f->count] = f->events[f->count] = -1;
    f->count++;
    snprintf(path, sizeof path, "%s/cgroup.freeze", name);
    f->switches[f->count - 1] = openat(cgroup_fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (f->switches[f->count - 1] < 0)
        return -errno;
    snprintf(path, sizeof path, "%s/cgroup.events", name);
    f->events[f->count - 1] = openat(cgroup_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return f->events[f->count - 1] < 0 ? -errno : 0;
}

int freezer_open(struct freezer *ret, int cgroup_fd, const char *except)
{
    int copy = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    ret->count = 0;
    if (!dir) {
        fd_close(copy);
        return -errno;
    }
    while (r == 0 && (entry = readdir(dir)))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
            (!except || strcmp(entry->d_name, except) != 0))
            r = open_group(ret, cgroup_fd, entry->d_name);
    closedir(dir);
    return r;
}

void freezer_close(struct freezer *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        fd_close(f->switches[i]);
        fd_close(f->events[i]);
    }
    f->count = 0;
}

/* The line "frozen 1" of cgroup.events; a change of the file is POLLPRI. */
static int wait_until_frozen(int events_fd)
{
    struct pollfd changed = {.fd = events_fd, .events = POLLPRI};
    char events[256];

    for (;;) {
        ssize_t n = pread(events_fd, events, sizeof events - 1, 0);
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

int freezer_freeze(const struct freezer *f)
{
    int r = 0;

    for (unsigned i = 0; r == 0 && i < f->count; i++)
        r = fd_write_all(f->switches[i], "1", 1);
    for (unsigned i = 0; r == 0 && i < f->count; i++)
        r = wait_until_frozen(f->events[i]);
    return r;
}

void freezer_thaw(const struct freezer *f)
{
    for (unsigned i = 0; i < f->count; i++)
        (void)fd_write_all(f->switches[i], "0", 1);
}
