/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/mount_plan.h"

#include "base/text.h"
#include "storage/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void plan_mount(struct mount_step *step, const struct fstab_entry *entry,
                       struct disk *const *disks, unsigned disk_count, unsigned root_disk)
{
    const struct volume *v = resolve_device(entry->source, disks, disk_count, root_disk, NULL,
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
    step->nofail = entry->nofail || entry->noauto;
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
