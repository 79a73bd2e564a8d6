/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/same_disk.h"

#include "base/fd.h"
#include "base/host.h"
#include "storage/sysfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Up to and with the superblocks at the start of a first partition at 1 MiB: members of a RAID
 * array whose partition tables were copied differ there. */
#define HEAD ((size_t)4 << 20)

#define CHUNK ((size_t)256 << 10)

bool same_disk_contents(const char *a, const char *b)
{
    _cleanup_fd_ int fd_a = host_open(a, O_RDONLY), fd_b = host_open(b, O_RDONLY);
    _cleanup_free_ char *data = malloc(2 * CHUNK);

    if (fd_a < 0 || fd_b < 0 || !data)
        return false;
    for (size_t at = 0; at < HEAD; at += CHUNK) {
        ssize_t x = pread(fd_a, data, CHUNK, (off_t)at),
                y = pread(fd_b, data + CHUNK, CHUNK, (off_t)at);

        if (x < 0 || x != y || memcmp(data, data + CHUNK, (size_t)x) != 0)
            return false;
        if ((size_t)x < CHUNK)
            break;
    }
    return true;
}

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
           same_disk_contents(node_a, node_b);
}
