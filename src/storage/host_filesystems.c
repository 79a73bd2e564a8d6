/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/host_filesystems.h"

#include "base/fd.h"
#include "base/host.h"
#include "storage/probe.h"
#include "storage/sysfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SWAPS_MAX ((size_t)1 << 20)

static unsigned add(const char *node, char ret[][64], unsigned count, unsigned max)
{
    struct filesystem fs;
    _cleanup_fd_ int fd = count < max ? host_open(node, O_RDONLY) : -1;

    if (fd < 0 || probe_filesystem(fd, 0, 0, &fs, NULL) < 0 || !fs.uuid[0])
        return count;
    memcpy(ret[count], fs.uuid, sizeof fs.uuid);
    return count + 1;
}

/* A swap file has no UUID that anything names, and is passed over. */
static unsigned add_swaps(char ret[][64], unsigned count, unsigned max)
{
    _cleanup_free_ char *data = NULL;
    char *rest, *line;

    if (host_read("/proc/swaps", SWAPS_MAX, &data, NULL) < 0)
        return count;
    rest = data;
    (void)strsep(&rest, "\n"); /* the heading */
    while ((line = strsep(&rest, "\n"))) {
        const char *name = strsep(&line, " \t");
        struct stat st;

        if (name[0] == '/' && host_stat(name, &st) == 0 && S_ISBLK(st.st_mode))
            count = add(name, ret, count, max);
    }
    return count;
}

unsigned host_filesystems(char ret[][64], unsigned max)
{
    char name[64], node[80];
    unsigned count = 0;
    struct stat st;

    if (host_stat("/", &st) == 0 && sysfs_name(st.st_dev, name, sizeof name) == 0) {
        snprintf(node, sizeof node, "/dev/%s", name);
        count = add(node, ret, count, max);
    }
    return add_swaps(ret, count, max);
}
