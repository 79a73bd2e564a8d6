/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/whole_disks.h"

#include "base/host.h"
#include "storage/mapping.h"
#include "storage/sysfs.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* An array of LUKS volumes of logical volumes of an array has seven. */
#define DEPTH_MAX 16

#define BELOW_MAX 64

static void take(struct whole_disks *w, dev_t disk)
{
    unsigned at = 0;

    while (at < w->count && w->items[at] < disk)
        at++;
    if (at < w->count && w->items[at] == disk)
        return;
    if (w->count == WHOLE_DISKS_MAX) {
        w->incomplete = true;
        return;
    }
    memmove(&w->items[at + 1], &w->items[at], (w->count++ - at) * sizeof *w->items);
    w->items[at] = disk;
}

static void descend(dev_t devno, unsigned depth, struct whole_disks *w)
{
    dev_t below[BELOW_MAX], disk;
    struct mapping m;
    unsigned number;
    int count;

    if (depth == DEPTH_MAX) {
        w->incomplete = true;
        return;
    }
    if (sysfs_parent(devno, &disk, &number) == 0) {
        descend(disk, depth + 1, w);
        return;
    }
    count = sysfs_related(devno, "slaves", below, BELOW_MAX);
    if (count <= 0 || (mapping_find(devno, &m) == 0 && m.kind == MAPPING_MULTIPATH))
        take(w, devno);
    else
        for (int i = 0; i < count; i++)
            descend(below[i], depth + 1, w);
}

/* Of the btrfs with the identifier @id, if @name is one of its devices: they are all there, by the
 * kernel's names. */
static void descend_from_btrfs(const char *id, const char *name, struct whole_disks *w)
{
    char path[400];
    struct dirent *entry;
    struct stat st;
    DIR *dir;

    snprintf(path, sizeof path, "/sys/fs/btrfs/%.255s/devices/%.64s", id, name);
    if (!host_exists(path))
        return;
    *strrchr(path, '/') = '\0';
    dir = host_opendir(path);
    while (dir && (entry = readdir(dir))) {
        char node[80] = "/dev/";

        if (entry->d_name[0] == '.')
            continue;
        sysfs_node_name(entry->d_name, node + 5, sizeof node - 5);
        if (host_stat(node, &st) == 0 && S_ISBLK(st.st_mode))
            descend(st.st_rdev, 0, w);
        else
            w->incomplete = true;
    }
    if (dir)
        closedir(dir);
}

void whole_disks_below(dev_t devno, struct whole_disks *ret)
{
    char name[64];
    struct dirent *entry;
    DIR *dir;

    descend(devno, 0, ret);
    if (sysfs_name(devno, name, sizeof name) < 0)
        return;
    dir = host_opendir("/sys/fs/btrfs");
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            descend_from_btrfs(entry->d_name, name, ret);
    if (dir)
        closedir(dir);
}
