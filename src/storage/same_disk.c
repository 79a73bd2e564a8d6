/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/same_disk.h"

#include "base/host.h"
#include "storage/probe.h"
#include "storage/sysfs.h"

#include <stdio.h>
#include <string.h>

static bool find_disk(const char *path, dev_t *ret)
{
    unsigned number;
    struct stat st;

    if (host_stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
        return false;
    if (sysfs_parent(st.st_rdev, ret, &number) < 0)
        *ret = st.st_rdev;
    return true;
}

static bool find_node(dev_t disk, char *ret, size_t size)
{
    char name[64];

    if (sysfs_name(disk, name, sizeof name) < 0)
        return false;
    snprintf(ret, size, "/dev/%s", name);
    return true;
}

bool same_disk(const char *a, const char *b)
{
    char name_a[256], name_b[256], node_a[80], node_b[80];
    dev_t disk_a, disk_b;

    return find_disk(a, &disk_a) && find_disk(b, &disk_b) && disk_a != disk_b &&
           sysfs_wwid(disk_a, name_a, sizeof name_a) == 0 &&
           sysfs_wwid(disk_b, name_b, sizeof name_b) == 0 && strcmp(name_a, name_b) == 0 &&
           sysfs_number(disk_a, "size") == sysfs_number(disk_b, "size") &&
           find_node(disk_a, node_a, sizeof node_a) && find_node(disk_b, node_b, sizeof node_b) &&
           probe_same_start(node_a, node_b);
}
