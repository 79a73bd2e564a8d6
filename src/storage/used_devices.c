/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/used.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/loop.h"
#include "storage/mapping.h"
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

/* Something on it that is none of its own partitions, which of a mapping are mappings, too. */
static bool find_holder(const struct used_target *t, dev_t devno, dev_t *ret)
{
    dev_t holders[USED_DEVICES_MAX];
    int count = sysfs_related(devno, "holders", holders, USED_DEVICES_MAX);

    for (int i = 0; i < count; i++)
        if (!used_has_device(t, holders[i])) {
            *ret = holders[i];
            return true;
        }
    return false;
}

int used_by_multipath(const struct used_target *t, char *ret, size_t size)
{
    struct mapping m;
    char name[128];
    dev_t holder;

    for (unsigned i = 0; i < t->device_count; i++) {
        if (!find_holder(t, t->devices[i], &holder) || mapping_find(holder, &m) < 0 ||
            m.kind != MAPPING_MULTIPATH)
            continue;
        sysfs_text(holder, "dm/name", name, sizeof name);
        snprintf(ret, size, "it is a path to the multipath disk /dev/mapper/%s", text_safe(name));
        return 1;
    }
    return 0;
}

int used_by_holder(const struct used_target *t, char *ret, size_t size)
{
    struct mapping m;
    char name[200];
    dev_t holder;

    for (unsigned i = 0; i < t->device_count; i++) {
        if (!find_holder(t, t->devices[i], &holder) ||
            sysfs_describe(holder, name, sizeof name) < 0)
            continue;
        if (mapping_find(holder, &m) == 0 && m.kind == MAPPING_VOLUME)
            snprintf(ret, size, "held by the volume group %s", text_safe(m.group));
        else
            snprintf(ret, size, "held by %s", text_safe(name));
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

/* A mapping that is partitioned is held by its own partitions. */
static bool holds_its_partitions(const struct used_target *t, unsigned i)
{
    dev_t holder;

    return sysfs_related(t->devices[i], "holders", &holder, 1) == 1 && used_has_device(t, holder);
}

int used_exclusively(const struct used_target *t, char *ret, size_t size)
{
    for (unsigned i = 0; i < t->device_count; i++) {
        char name[64], node[80];
        _cleanup_fd_ int fd = -1;

        if (sysfs_name(t->devices[i], name, sizeof name) < 0 || holds_its_partitions(t, i))
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
