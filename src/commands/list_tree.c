/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Questions about what list_collect() found, asked by both forms of its output. */

#include "commands/list.h"
#include "storage/in_use.h"
#include "storage/member.h"
#include "storage/stack.h"

#include <string.h>

const struct candidates *list_found_on(const struct list *l, const struct disk *d)
{
    unsigned i = 0;

    while (i + 1 < l->set.count && l->set.disks[i] != d)
        i++;
    return l->disks[l->owner[i]].found;
}

unsigned list_above(const struct list *l, const struct volume *v,
                    const struct disk *ret[LIST_ABOVE_MAX])
{
    unsigned found[LIST_ABOVE_MAX], count = stack_above(&l->set, v, found, LIST_ABOVE_MAX);

    for (unsigned i = 0; i < count; i++)
        ret[i] = l->set.disks[found[i]];
    return count;
}

bool list_is_closed(const struct list *l, const struct volume *v)
{
    const struct disk *above[LIST_ABOVE_MAX];

    return member_type_find(v->fs.type) && list_above(l, v, above) == 0;
}

const char *list_mount_point(const struct volume *v, char *buf, size_t size)
{
    return in_use_mount_point(v->devno, buf, size) == 0 ? buf : NULL;
}

/* The entry of the disk that @v is on, or stands on. */
static const struct list_disk *entry_of(const struct list *l, const struct volume *v)
{
    unsigned i = 0;

    while (i + 1 < l->set.count && !(v >= l->set.disks[i]->volumes &&
                                     v < l->set.disks[i]->volumes + l->set.disks[i]->volume_count))
        i++;
    return &l->disks[l->owner[i]];
}

const char *list_volume_state(const struct list *l, const struct volume *v)
{
    const struct list_disk *entry = entry_of(l, v);
    const struct member_type *member = member_type_find(v->fs.type);
    char mount_point[4096];

    if (member)
        return member->state;
    if (strcmp(v->fs.type, "swap") == 0)
        return "swap";
    if (v->fs.hibernated)
        return "hibernated";
    if (v->unreadable)
        return "unreadable";
    if (v->fs.ambiguous)
        return "ambiguous";
    if (!v->fs.type[0])
        return "unknown";
    if (list_mount_point(v, mount_point, sizeof mount_point))
        return "mounted";
    for (unsigned i = 0; i < entry->found->unreadable_count; i++)
        if (entry->found->unreadable[i] == v)
            return "unreadable";
    if (v->fs.has_errors)
        return "errors";
    /* As each is that is mounted somewhere. What is used of an image is not to be seen from here.
     */
    if (v->fs.dirty && entry->use[0] &&
        (entry->is_ours || entry->disk->is_image ||
         in_use_by(v->node, mount_point, sizeof mount_point) > 0))
        return "in use";
    return v->fs.dirty ? "needs replay" : "clean";
}
