/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/stack.h"

#include "base/text.h"
#include "storage/array.h"
#include "storage/mapping.h"
#include "storage/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Devices on one other: a thin pool carries as many as it has volumes. */
#define HOLDERS_MAX 256

/* Internal volumes of LVM between a physical volume and what a person knows: a cached thin pool
 * over RAID has five. */
#define DEPTH_MAX 8

static bool has_device(const struct disk *d, dev_t devno)
{
    for (unsigned i = 0; i < d->volume_count; i++)
        if (d->volumes[i].devno == devno)
            return true;
    return d->devno == devno;
}

/* Index of the one that has the device, or -1. */
static int find_known(const struct disk_set *set, dev_t devno)
{
    for (unsigned i = 0; i < set->count; i++)
        if (has_device(set->disks[i], devno))
            return (int)i;
    return -1;
}

struct found {
    unsigned *items, count, max;
};

static void take(struct found *f, unsigned index)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->items[i] == index)
            return;
    if (f->count < f->max)
        f->items[f->count++] = index;
}

/* Through what nobody knows by name, up to what is in the set. */
static void walk_up(const struct disk_set *set, dev_t devno, unsigned depth, struct found *f)
{
    dev_t holders[HOLDERS_MAX];
    int count = sysfs_related(devno, "holders", holders, HOLDERS_MAX);

    for (int i = 0; i < count; i++) {
        int known = find_known(set, holders[i]);

        if (known < 0 && depth < DEPTH_MAX)
            walk_up(set, holders[i], depth + 1, f);
        else if (known >= 0 && set->disks[known]->kind != DISK_TARGET) /* named for itself */
            take(f, (unsigned)known);
    }
}

static int compare_indices(const void *a, const void *b)
{
    const unsigned *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

unsigned stack_above(const struct disk_set *set, const struct volume *v, unsigned *ret,
                     unsigned max)
{
    struct found f = {.items = ret, .max = max};

    walk_up(set, v->devno, 0, &f);
    qsort(ret, f.count, sizeof *ret, compare_indices);
    return f.count;
}

static struct disk *add_disk(struct disk_set *set, enum disk_kind kind, const char *name)
{
    struct disk *d = set->count < set->max ? calloc(1, sizeof *d) : NULL;

    if (!d)
        return NULL;
    d->kind = kind;
    d->access = DISK_READ;
    d->backing_fd = d->content_fd = d->node_fd = -1;
    snprintf(d->name, sizeof d->name, "%.63s", name);
    snprintf(d->target, sizeof d->target, "%s", name);
    set->disks[set->count++] = d;
    return d;
}

/* An array, or a mapping with one volume: whatever has a node of its own. */
static int add_device(struct disk_set *set, enum disk_kind kind, const char *name, dev_t devno)
{
    char entry[64], node[80];
    struct disk *d;

    if (sysfs_name(devno, entry, sizeof entry) < 0)
        return 0;
    d = add_disk(set, kind, name);
    if (!d)
        return -ENOMEM;
    snprintf(node, sizeof node, "/dev/%s", entry);
    d->degraded = sysfs_number(devno, "md/degraded") > 0;
    d->direct = set->direct;
    if (disk_use_assembled(d, node, NULL) < 0) {
        (void)disk_close(d, 0, NULL);
        free(d);
        set->count--;
        return 0;
    }
    if (d->volume_count == 1 && d->volumes[0].number == 0)
        sysfs_text(devno, "dm/name", d->volumes[0].dm_name, sizeof d->volumes[0].dm_name);
    return 1;
}

static int add_array(struct disk_set *set, const struct volume *member, dev_t devno)
{
    char name[64];

    /* The kernel's own name depends on the order; the label is "web:0", as mdadm wrote it. */
    if (member->fs.label[0] && strcmp(member->fs.type, "linux_raid_member") == 0)
        array_short_name(member->fs.label, member->fs.uuid, name, sizeof name);
    else if (sysfs_name(devno, name, sizeof name) < 0)
        return 0;
    return add_device(set, DISK_ARRAY, name, devno);
}

static struct disk *find_group(const struct disk_set *set, const char *id)
{
    for (unsigned i = 0; i < set->count; i++) {
        struct mapping m;

        if (set->disks[i]->kind == DISK_GROUP && set->disks[i]->volume_count &&
            mapping_find(set->disks[i]->volumes[0].devno, &m) == 0 && strcmp(m.group_id, id) == 0)
            return set->disks[i];
    }
    return NULL;
}

static int add_logical_volume(struct disk_set *set, const struct mapping *m, dev_t devno)
{
    struct disk *d = find_group(set, m->group_id);
    struct volume *v;
    char entry[64];

    if (sysfs_name(devno, entry, sizeof entry) < 0)
        return 0;
    if (!d)
        d = add_disk(set, DISK_GROUP, m->group);
    if (!d)
        return -ENOMEM;
    if (d->volume_count == DISK_VOLUMES_MAX)
        return 0;
    v = &d->volumes[d->volume_count++];
    *v = (struct volume){.devno = devno, .size = sysfs_number(devno, "size") * 512};
    snprintf(v->node, sizeof v->node, "/dev/%s", entry);
    snprintf(v->name, sizeof v->name, "%.70s/%.80s", m->group, m->volume);
    sysfs_text(devno, "dm/name", v->dm_name, sizeof v->dm_name);
    d->size += v->size;
    return 1;
}

/* What is no mapping and no array: bcache0, drbd1. */
static int add_other(struct disk_set *set, dev_t devno)
{
    char name[64];

    if (sysfs_name(devno, name, sizeof name) < 0)
        return 0;
    return add_device(set, DISK_OTHER, name, devno);
}

static int add_holders(struct disk_set *set, const struct volume *v, dev_t devno, unsigned depth);

static int add_mapping(struct disk_set *set, const struct volume *v, const struct mapping *m,
                       dev_t devno, unsigned depth)
{
    char name[160];

    switch (m->kind) {
    case MAPPING_VOLUME:
        if (!m->internal)
            return add_logical_volume(set, m, devno);
        return depth < DEPTH_MAX ? add_holders(set, v, devno, depth + 1) : 0;
    case MAPPING_LUKS:
        snprintf(name, sizeof name, "luks-%.8s", v->fs.uuid);
        return add_device(set, DISK_LUKS, name, devno);
    case MAPPING_OTHER:
        sysfs_text(devno, "dm/name", name, sizeof name);
        return add_device(set, DISK_OTHER, name, devno);
    case MAPPING_MULTIPATH: /* is the disk itself */
    case MAPPING_PARTITION: /* is one of its volumes */
        break;
    }
    return 0;
}

static int add_holders(struct disk_set *set, const struct volume *v, dev_t devno, unsigned depth)
{
    dev_t holders[HOLDERS_MAX];
    int count = sysfs_related(devno, "holders", holders, HOLDERS_MAX), added = 0;

    for (int i = 0; i < count; i++) {
        struct mapping m;
        char name[64] = "";
        int r;

        if (find_known(set, holders[i]) >= 0)
            continue;
        (void)sysfs_name(holders[i], name, sizeof name);
        if (mapping_find(holders[i], &m) == 0)
            r = add_mapping(set, v, &m, holders[i], depth);
        else if (text_starts_with(name, "md"))
            r = add_array(set, v, holders[i]);
        else
            r = add_other(set, holders[i]);
        if (r < 0)
            return r;
        added += r;
    }
    return added;
}

/* What an opened LUKS volume lies on. */
static void find_encrypted(const struct disk_set *set, struct disk *d)
{
    dev_t below;

    if (sysfs_related(d->devno, "slaves", &below, 1) != 1)
        return;
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned j = 0; j < set->disks[i]->volume_count; j++)
            if (set->disks[i]->volumes[j].devno == below)
                d->on = &set->disks[i]->volumes[j];
}

static int compare_volumes(const void *a, const void *b)
{
    return strverscmp(((const struct volume *)a)->name, ((const struct volume *)b)->name);
}

int stack_find_active(struct disk_set *set)
{
    int added;

    do { /* a group grows when a later disk has a further part of it */
        added = 0;
        for (unsigned i = 0; i < set->count; i++) {
            if (set->disks[i]->kind == DISK_GROUP)
                (void)disk_probe_volumes(set->disks[i], NULL);
            for (unsigned j = 0; j < set->disks[i]->volume_count; j++) {
                struct volume *v = &set->disks[i]->volumes[j];
                int r = add_holders(set, v, v->devno, 0);

                if (r < 0)
                    return r;
                added += r;
            }
        }
    } while (added > 0);
    for (unsigned i = 0; i < set->count; i++)
        if (set->disks[i]->kind == DISK_GROUP)
            qsort(set->disks[i]->volumes, set->disks[i]->volume_count, sizeof(struct volume),
                  compare_volumes);
    for (unsigned i = 0; i < set->count; i++) /* no volume moves any more */
        if (set->disks[i]->kind == DISK_LUKS && !set->disks[i]->on)
            find_encrypted(set, set->disks[i]);
    return 0;
}
