/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/host_filesystems.h"

#include "base/fd.h"
#include "base/host.h"
#include "storage/probe.h"
#include "storage/swaps.h"
#include "storage/sysfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct list {
    char (*uuids)[64];
    unsigned count, max;
};

static void add(struct list *l, const char *node)
{
    struct filesystem fs;
    _cleanup_fd_ int fd = l->count < l->max ? host_open(node, O_RDONLY) : -1;

    if (fd >= 0 && probe_filesystem(fd, 0, 0, &fs, NULL) == 0 && fs.uuid[0])
        memcpy(l->uuids[l->count++], fs.uuid, sizeof fs.uuid);
}

/* A swap file has no UUID that anything names, and is passed over. */
static int add_swap(void *userdata, const char *path, const struct stat *st)
{
    if (S_ISBLK(st->st_mode))
        add(userdata, path);
    return 0;
}

unsigned host_filesystems(char ret[][64], unsigned max)
{
    struct list l = {.uuids = ret, .max = max};
    char name[64], node[80];
    struct stat st;

    if (host_stat("/", &st) == 0 && sysfs_name(st.st_dev, name, sizeof name) == 0) {
        snprintf(node, sizeof node, "/dev/%s", name);
        add(&l, node);
    }
    (void)swaps_each(add_swap, &l);
    return l.count;
}
