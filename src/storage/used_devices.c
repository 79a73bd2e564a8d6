/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/used.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/loop.h"
#include "storage/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

bool used_has_device(const struct used_target *t, dev_t devno)
{
    for (unsigned i = 0; i < t->device_count; i++)
        if (t->devices[i] == devno)
            return true;
    return false;
}

int used_by_holder(const struct used_target *t, char *ret, size_t size)
{
    for (unsigned i = 0; i < t->device_count; i++) {
        char holder[200];

        if (sysfs_holder(t->devices[i], holder, sizeof holder) < 0)
            continue;
        snprintf(ret, size, "held by %s", text_safe(holder));
        return 1;
    }
    return 0;
}

static bool is_over_target(int node_fd, const struct used_target *t)
{
    if (t->is_file)
        return loop_is_over(node_fd, t->dev, t->ino, 0);
    for (unsigned i = 0; i < t->device_count; i++)
        if (loop_is_over(node_fd, 0, 0, t->devices[i]))
            return true;
    return false;
}

int used_by_loop(const struct used_target *t, char *ret, size_t size)
{
    DIR *dir = host_opendir("/sys/block");
    struct dirent *entry;
    int found = 0;

    while (dir && !found && (entry = readdir(dir))) {
        char path[300];
        _cleanup_fd_ int fd = -1;

        if (!text_starts_with(entry->d_name, "loop"))
            continue;
        snprintf(path, sizeof path, "/sys/block/%s/loop/backing_file", entry->d_name);
        if (!host_exists(path))
            continue; /* free */
        snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        fd = host_open(path, O_RDONLY);
        if (fd < 0 || !is_over_target(fd, t))
            continue;
        snprintf(ret, size, "attached to /dev/%s", entry->d_name);
        found = 1;
    }
    if (dir)
        closedir(dir);
    return found;
}

int used_exclusively(const struct used_target *t, char *ret, size_t size)
{
    for (unsigned i = 0; i < t->device_count; i++) {
        char name[64], node[80];
        _cleanup_fd_ int fd = -1;

        if (sysfs_name(t->devices[i], name, sizeof name) < 0)
            continue;
        snprintf(node, sizeof node, "/dev/%s", name);
        fd = host_open(node, O_RDONLY | O_EXCL);
        if (fd != -EBUSY)
            continue;
        snprintf(ret, size, "opened exclusively by another program (%s)", node);
        return 1;
    }
    return 0;
}
