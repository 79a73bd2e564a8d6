/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/mount_plan.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a rescue has to have whole. Anything else (/home, /srv, data disks) can be large, and a full
 * check of it would keep a person waiting for nothing. */
static const char *const needed_targets[] = {
    "/usr", "/usr/local", "/boot", "/boot/efi", "/efi",     "/boot/firmware",
    "/var", "/var/lib",   "/opt",  "/etc",      "/var/log",
};

bool mount_plan_is_needed(const char *target)
{
    for (size_t i = 0; i < sizeof needed_targets / sizeof needed_targets[0]; i++)
        if (strcmp(target, needed_targets[i]) == 0)
            return true;
    return false;
}

static bool volume_matches(const struct volume *v, enum fstab_tag tag, const char *value)
{
    switch (tag) {
    case FSTAB_TAG_UUID:
        return strcasecmp(v->fs.uuid, value) == 0;
    case FSTAB_TAG_LABEL:
        return strcmp(v->fs.label, value) == 0;
    case FSTAB_TAG_PARTUUID:
        return strcasecmp(v->part_uuid, value) == 0;
    case FSTAB_TAG_PARTLABEL:
        return strcmp(v->part_label, value) == 0;
    case FSTAB_TAG_PATH:
    case FSTAB_TAG_NONE:
        break;
    }
    return false;
}

/* The volumes of one disk that an fstab source means. Counts them; *ret is the last one. */
static unsigned match_on_disk(const struct disk *d, enum fstab_tag tag, const char *value,
                              const struct volume **ret)
{
    int number = tag == FSTAB_TAG_PATH ? fstab_kernel_name_partition(value) : 0;
    unsigned matches = 0;

    for (unsigned i = 0; i < d->volume_count; i++) {
        const struct volume *v = &d->volumes[i];
        bool same = tag == FSTAB_TAG_PATH ? number >= 0 && v->number == (unsigned)number
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

const struct volume *mount_plan_resolve(const char *source, struct disk *const *disks,
                                        unsigned disk_count, unsigned root_disk, char *why,
                                        size_t size)
{
    const struct volume *v = NULL;
    enum fstab_tag tag;
    char value[512];
    unsigned matches;

    if (fstab_source_split(source, &tag, value, sizeof value) < 0 || tag == FSTAB_TAG_NONE ||
        !value[0]) {
        snprintf(why, size, "\"%s\" names no device", text_safe(source));
        return NULL;
    }
    /* The root's own disk first: of two copies of one file system the one beside it belongs to it.
     */
    if (tag == FSTAB_TAG_PATH) {
        const struct disk *plain = plain_disk(disks, disk_count, root_disk);

        matches = match_path(disks, disk_count, value, &v);
        if (matches == 0 && plain && fstab_kernel_name_partition(value) >= 0)
            matches = match_on_disk(plain, tag, value, &v);
    } else {
        matches = match_on_disk(disks[root_disk], tag, value, &v);
        for (unsigned i = 0, own = matches; own == 0 && i < disk_count; i++)
            if (i != root_disk)
                matches += match_on_disk(disks[i], tag, value, &v);
    }
    if (matches == 1)
        return v;
    if (matches == 0)
        snprintf(why, size, "%s is not on this disk", text_safe(source));
    else
        snprintf(why, size, "%s is there %u times", text_safe(source), matches);
    return NULL;
}

static void plan_mount(struct mount_step *step, const struct fstab_entry *entry,
                       struct disk *const *disks, unsigned disk_count, unsigned root_disk)
{
    const struct volume *v = mount_plan_resolve(entry->source, disks, disk_count, root_disk,
                                                step->skipped, sizeof step->skipped);

    if (!v)
        return;
    if (strcmp(v->fs.usage, "filesystem") != 0) {
        snprintf(step->skipped, sizeof step->skipped, "%s holds %s, no file system",
                 text_safe(v->name), v->fs.type[0] ? text_safe(v->fs.type) : "nothing");
        return;
    }
    if (fstab_rescue_options(entry, step->options, sizeof step->options, &step->read_only) < 0) {
        snprintf(step->skipped, sizeof step->skipped, "its options are too long");
        return;
    }
    step->volume = v;
}

static void plan_entry(struct mount_plan *plan, const struct fstab_entry *entry,
                       struct disk *const *disks, unsigned disk_count, unsigned root_disk)
{
    struct mount_step *step;

    if (entry->class == FSTAB_ROOT || entry->class == FSTAB_SWAP || entry->class == FSTAB_PSEUDO)
        return;
    if (plan->count == MOUNT_PLAN_MAX)
        return;
    step = &plan->steps[plan->count++];
    memset(step, 0, sizeof *step);
    step->line = entry->line;
    snprintf(step->source, sizeof step->source, "%s", text_safe(entry->source));
    if (entry->target && strlen(entry->target) < sizeof step->target)
        snprintf(step->target, sizeof step->target, "%s",
                 entry->target[0] ? entry->target : "(a line)"); /* too bad to have one */
    step->needed = mount_plan_is_needed(step->target);
    switch (entry->class) {
    case FSTAB_MALFORMED:
        snprintf(step->skipped, sizeof step->skipped, "%s", entry->error);
        break;
    case FSTAB_NETWORK:
        snprintf(step->skipped, sizeof step->skipped, "it is on the network");
        break;
    case FSTAB_BIND:
        snprintf(step->skipped, sizeof step->skipped, "it is a bind or overlay mount");
        break;
    case FSTAB_MOUNT:
    case FSTAB_ROOT:
    case FSTAB_SWAP:
    case FSTAB_PSEUDO:
        if (step->target[0] != '/')
            snprintf(step->skipped, sizeof step->skipped, "it has no usable mount point");
        else
            plan_mount(step, entry, disks, disk_count, root_disk);
        break;
    }
}

static unsigned depth_of(const char *path)
{
    unsigned depth = 0;

    for (; *path; path++)
        depth += *path == '/' && path[1] && path[1] != '/';
    return depth;
}

static int by_depth_then_line(const void *a, const void *b)
{
    const struct mount_step *x = a, *y = b;
    unsigned dx = depth_of(x->target), dy = depth_of(y->target);

    return dx != dy ? (dx > dy) - (dx < dy) : (x->line > y->line) - (x->line < y->line);
}

void mount_plan_build(const struct fstab *fstab, struct disk *const *disks, unsigned disk_count,
                      unsigned root_disk, struct mount_plan *ret)
{
    ret->count = 0;
    for (unsigned i = 0; i < fstab->count; i++)
        plan_entry(ret, &fstab->entries[i], disks, disk_count, root_disk);
    qsort(ret->steps, ret->count, sizeof ret->steps[0], by_depth_then_line);
}
