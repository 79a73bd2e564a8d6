/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/inventory.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Names in /sys/block that are no disks of a machine. */
static const char *const skipped[] = {"ram", "zram", "dm-", "md", "fd"};

/* A loop device of ours is locked as long as it lives, see loop.h. */
static bool is_ours(const char *node)
{
    _cleanup_fd_ int fd = host_open(node, O_RDONLY);

    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static bool is_worth_a_look(const char *name)
{
    char node[300];
    struct stat st;

    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++)
        if (text_starts_with(name, skipped[i]))
            return false;
    snprintf(node, sizeof node, "/dev/%s", name);
    if (host_stat(node, &st) < 0 || !S_ISBLK(st.st_mode) || sysfs_number(st.st_rdev, "size") == 0)
        return false;
    return !text_starts_with(name, "loop") || !is_ours(node);
}

static int compare_paths(const void *a, const void *b)
{
    return strverscmp(a, b);
}

int inventory_disks(char (*ret_paths)[128], struct error *e)
{
    DIR *dir = host_opendir("/sys/block");
    struct dirent *entry;
    unsigned count = 0;

    if (!dir)
        return error_errno(e, -errno, "cannot list the disks of this host (/sys/block)");
    while (count < INVENTORY_MAX && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' && is_worth_a_look(entry->d_name))
            snprintf(ret_paths[count++], sizeof *ret_paths, "/dev/%.100s", entry->d_name);
    closedir(dir);
    qsort(ret_paths, count, sizeof *ret_paths, compare_paths);
    return (int)count;
}

bool inventory_is_twin(const struct disk *a, const struct disk *b, char *ret_what, size_t size)
{
    if (a->table_id[0] && strcmp(a->table_id, b->table_id) == 0) {
        snprintf(ret_what, size, "partition table %s", text_safe(a->table_id));
        return true;
    }
    for (unsigned i = 0; i < a->volume_count; i++)
        for (unsigned j = 0; j < b->volume_count; j++) {
            const struct filesystem *x = &a->volumes[i].fs, *y = &b->volumes[j].fs;

            if (!x->uuid[0] || strcmp(x->uuid, y->uuid) != 0 || strcmp(x->type, y->type) != 0 ||
                strcmp(x->usage, "raid") == 0) /* members of one array share it rightly */
                continue;
            snprintf(ret_what, size, "file system %s", text_safe(x->uuid));
            return true;
        }
    return false;
}
