/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/resolve.h"

#include "base/text.h"
#include "storage/device_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool volume_matches(const struct volume *v, enum device_tag tag, const char *value)
{
    switch (tag) {
    case DEVICE_UUID:
        return strcasecmp(v->fs.uuid, value) == 0;
    case DEVICE_LABEL:
        return strcmp(v->fs.label, value) == 0;
    case DEVICE_PARTUUID:
        return strcasecmp(v->part_uuid, value) == 0;
    case DEVICE_PARTLABEL:
        return strcmp(v->part_label, value) == 0;
    case DEVICE_PATH:
    case DEVICE_NONE:
        break;
    }
    return false;
}

/* The volumes of one disk that an fstab source means. Counts them; *ret is the last one. */
static unsigned match_on_disk(const struct disk *d, enum device_tag tag, const char *value,
                              const struct volume **ret)
{
    int number = tag == DEVICE_PATH ? device_name_partition(value) : 0;
    unsigned matches = 0;

    for (unsigned i = 0; i < d->volume_count; i++) {
        const struct volume *v = &d->volumes[i];
        bool same = tag == DEVICE_PATH ? number >= 0 && v->number == (unsigned)number
                                       : volume_matches(v, tag, value);

        if (same) {
            *ret = v;
            matches++;
        }
    }
    return matches;
}

/* Names that do not depend on the order of the disks: /dev/mapper/vg0-root, /dev/vg0/root,
 * /dev/md0. */
static bool has_path(const struct disk *d, const struct volume *v, const char *path)
{
    const char *name = text_starts_with(path, "/dev/") ? path + 5 : "";

    if (v->dm_name[0] && text_starts_with(name, "mapper/"))
        return strcmp(name + 7, v->dm_name) == 0;
    return d->kind != DISK_TARGET && v->name[0] && strcmp(name, v->name) == 0;
}

static unsigned match_path(struct disk *const *disks, unsigned disk_count, const char *path,
                           const struct volume **ret)
{
    unsigned matches = 0;

    for (unsigned i = 0; i < disk_count; i++)
        for (unsigned j = 0; j < disks[i]->volume_count; j++)
            if (has_path(disks[i], &disks[i]->volumes[j], path)) {
                *ret = &disks[i]->volumes[j];
                matches++;
            }
    return matches;
}

/* The disk that names of the kernel (sda1) mean: the root's; when that is a volume group or the
 * like, the only one that was named, if it is. */
static const struct disk *plain_disk(struct disk *const *disks, unsigned disk_count,
                                     unsigned root_disk)
{
    const struct disk *found = NULL;

    if (disks[root_disk]->kind == DISK_TARGET)
        return disks[root_disk];
    for (unsigned i = 0; i < disk_count; i++) {
        if (disks[i]->kind != DISK_TARGET)
            continue;
        if (found)
            return NULL;
        found = disks[i];
    }
    return found;
}

const struct volume *resolve_device(const char *source, struct disk *const *disks,
                                    unsigned disk_count, unsigned root_disk, unsigned *ret_matches,
                                    char *why, size_t size)
{
    const struct volume *v = NULL;
    enum device_tag tag;
    char value[512];
    unsigned matches = 0, ignored;

    if (!ret_matches)
        ret_matches = &ignored;
    *ret_matches = 0;
    if (device_name_split(source, &tag, value, sizeof value) < 0 || tag == DEVICE_NONE ||
        !value[0]) {
        snprintf(why, size, "\"%s\" names no device", text_safe(source));
        return NULL;
    }
    /* The root's own disk first: of two copies of one file system the one beside it belongs to it.
     */
    if (tag == DEVICE_PATH) {
        const struct disk *plain = plain_disk(disks, disk_count, root_disk);

        matches = match_path(disks, disk_count, value, &v);
        if (matches == 0 && plain && device_name_partition(value) >= 0)
            matches = match_on_disk(plain, tag, value, &v);
    } else {
        matches = match_on_disk(disks[root_disk], tag, value, &v);
        for (unsigned i = 0, own = matches; own == 0 && i < disk_count; i++)
            if (i != root_disk)
                matches += match_on_disk(disks[i], tag, value, &v);
    }
    *ret_matches = matches;
    if (matches == 1)
        return v;
    if (matches == 0)
        snprintf(why, size, "%s is not on this disk", text_safe(source));
    else
        snprintf(why, size, "%s is there %u times", text_safe(source), matches);
    return NULL;
}
