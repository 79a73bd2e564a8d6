/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/inventory.h"

#include "base/host.h"
#include "base/text.h"
#include "storage/loop.h"
#include "storage/mapping.h"
#include "storage/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Names in /sys/block that are no disks of a machine. What stands on others (device-mapper, md) is
 * told by that. */
static const struct {
    const char *prefix, *within;
} skipped[] = {
    {"ram", ""},  /* memory */
    {"zram", ""}, /* memory */
    {"fd", ""},   /* a floppy drive waits for seconds when there is no disk in it */
    {"md", ""},   /* an array without members stands on nothing */
    /* Partitions of an eMMC in hardware, for a boot loader and for secrets
     * (Documentation/driver-api/mmc/mmc-dev-parts.rst). */
    {"mmcblk", "boot"},
    {"mmcblk", "rpmb"},
};

/* Several paths to one disk stand below one mapping: that is the disk. Other mappings and arrays
 * belong to the disks below them. */
static bool is_built_on_others(dev_t devno)
{
    struct mapping m;
    dev_t below;

    if (mapping_find(devno, &m) == 0)
        return m.kind != MAPPING_MULTIPATH;
    return sysfs_related(devno, "slaves", &below, 1) > 0;
}

static bool is_path(dev_t devno)
{
    struct mapping m;
    dev_t holder;

    return sysfs_related(devno, "holders", &holder, 1) == 1 && mapping_find(holder, &m) == 0 &&
           m.kind == MAPPING_MULTIPATH;
}

/* "hidden": the kernel's own paths to an NVMe disk, which have no node (genhd.c). */
static bool is_worth_a_look(const char *entry, char *ret_path, size_t size)
{
    char name[80], mapping[128];
    struct stat st;

    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++)
        if (text_starts_with(entry, skipped[i].prefix) && strstr(entry, skipped[i].within))
            return false;
    sysfs_node_name(entry, name, sizeof name);
    snprintf(ret_path, size, "/dev/%s", name);
    if (host_stat(ret_path, &st) < 0 || !S_ISBLK(st.st_mode) ||
        sysfs_number(st.st_rdev, "size") == 0 || sysfs_number(st.st_rdev, "hidden") ||
        is_built_on_others(st.st_rdev) || is_path(st.st_rdev))
        return false;
    if (text_starts_with(entry, "loop") && loop_is_ours(ret_path))
        return false;
    sysfs_text(st.st_rdev, "dm/name", mapping, sizeof mapping);
    if (mapping[0])
        snprintf(ret_path, size, "/dev/mapper/%.100s", mapping);
    return true;
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
        if (entry->d_name[0] != '.' &&
            is_worth_a_look(entry->d_name, ret_paths[count], sizeof *ret_paths))
            count++;
    closedir(dir);
    qsort(ret_paths, count, sizeof *ret_paths, compare_paths);
    return (int)count;
}

/* Types of which a device is one of several; .shared: they have one uuid together, and each one of
 * its own beside it. */
static const struct {
    const char *type;
    bool shared;
} member_types[] = {
    {"LVM2_member", false},
    {"crypto_LUKS", false},
    {"linux_raid_member", true},
    {"btrfs", true},
};

/* What tells a volume from all others; "" when it cannot be told. */
static const char *own_uuid(const struct filesystem *fs, bool *ret_member)
{
    *ret_member = false;
    for (size_t i = 0; i < sizeof member_types / sizeof member_types[0]; i++) {
        if (strcmp(fs->type, member_types[i].type) != 0)
            continue;
        *ret_member = true;
        return member_types[i].shared ? fs->uuid_sub : fs->uuid;
    }
    return fs->uuid;
}

static bool same_volume(const struct disk *a, const struct disk *b, bool members_only,
                        char *ret_what, size_t size)
{
    for (unsigned i = 0; i < a->volume_count; i++)
        for (unsigned j = 0; j < b->volume_count; j++) {
            const struct filesystem *x = &a->volumes[i].fs, *y = &b->volumes[j].fs;
            bool member, ignored;
            const char *own = own_uuid(x, &member);

            if (!own[0] || strcmp(x->type, y->type) != 0 ||
                strcmp(own, own_uuid(y, &ignored)) != 0 || (members_only && !member))
                continue;
            snprintf(ret_what, size, "%s %s",
                     strcmp(x->usage, "filesystem") == 0 ? "file system" : "volume",
                     text_safe(own));
            return true;
        }
    return false;
}

bool inventory_is_twin(const struct disk *a, const struct disk *b, char *ret_what, size_t size)
{
    if (a->table_id[0] && strcmp(a->table_id, b->table_id) == 0) {
        snprintf(ret_what, size, "partition table %s", text_safe(a->table_id));
        return true;
    }
    return same_volume(a, b, false, ret_what, size);
}

bool inventory_same_member(const struct disk *a, const struct disk *b, char *ret_what, size_t size)
{
    return same_volume(a, b, true, ret_what, size);
}

static bool has_member(const struct disk *d)
{
    bool member = false;

    for (unsigned i = 0; i < d->volume_count && !member; i++)
        (void)own_uuid(&d->volumes[i].fs, &member);
    return member;
}

bool inventory_is_plain_copy(const struct disk *a, const struct disk *b, char *ret_what,
                             size_t size)
{
    if (has_member(a) || has_member(b) || !a->table_id[0] || strcmp(a->table_id, b->table_id) != 0)
        return false;
    for (unsigned i = 0; i < a->volume_count; i++)
        for (unsigned j = 0; j < b->volume_count; j++) {
            const struct filesystem *x = &a->volumes[i].fs, *y = &b->volumes[j].fs;

            if (strcmp(x->usage, "filesystem") != 0 || strcmp(x->type, "vfat") == 0 ||
                !x->uuid[0] || strcmp(x->type, y->type) != 0 || strcmp(x->uuid, y->uuid) != 0)
                continue;
            return inventory_is_twin(a, b, ret_what, size);
        }
    return false;
}
