/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/assemble_private.h"

#include "base/shell_word.h"
#include "base/step.h"
#include "base/text.h"
#include "storage/clone_group.h"
#include "storage/device_mapper.h"
#include "storage/sysfs.h"
#include "storage/undo.h"
#include "storage/volume_group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PVS_MAX    64
#define GROUPS_MAX 16

/* Mappings on each other: a cached thin pool over RAID has five. */
#define DEPTH_MAX 8

/* The physical volumes that are there: what lvm is shown; @title: the first one's. */
static unsigned collect(struct assembly *a, char *nodes[static PVS_MAX + 1], char *title,
                        size_t size)
{
    unsigned disk = 0, volume = 0, count = 0;
    struct volume *v;

    while (count < PVS_MAX && (v = assemble_next(a, "LVM2_member", &disk, &volume))) {
        if (count == 0)
            (void)disk_volume_title(a->set->disks[disk], v, title, size);
        nodes[count++] = v->node;
        v->taken = true;
    }
    nodes[count] = NULL;
    return count;
}

/* Is the group, or one with a volume of the same name, active on this host? *ret_other is what has
 * it. */
static bool has_twin(const struct volume_group *vg, const struct logical_volume *lvs, int count,
                     struct dm_device *ret_other)
{
    char prefix[80];

    volume_group_dm_prefix(vg, prefix, sizeof prefix);
    if (dm_find(prefix, ret_other, 1) == 1)
        return true;
    for (int i = 0; i < count; i++)
        if (lvs[i].dm_name[0] && dm_find_name(lvs[i].dm_name, ret_other) == 0)
            return true;
    return false;
}

/* Does @devno stand on the patient's own disks? */
static bool is_on_patient(const struct assembly *a, dev_t devno, unsigned depth)
{
    dev_t below[PVS_MAX];
    int count = depth < DEPTH_MAX ? sysfs_related(devno, "slaves", below, PVS_MAX) : 0;

    for (int i = 0; i < count; i++) {
        for (unsigned j = 0; j < a->set->count; j++)
            for (unsigned k = 0; k < a->set->disks[j]->volume_count; k++)
                if (a->set->disks[j]->volumes[k].devno == below[i])
                    return true;
        if (is_on_patient(a, below[i], depth + 1))
            return true;
    }
    return false;
}

/* Not a copy: a rule of udev's has been faster than we. */
static int refuse_activated(const struct volume_group *vg, struct error *why)
{
    (void)error_set(why, ERROR_REFUSED, -EBUSY, "in-use",
                    "this host has activated the volume group %s of this disk meanwhile",
                    text_safe(vg->name));
    (void)error_advise(why, "try again: it is taken over when nothing there uses it");
    return -EBUSY;
}

static int refuse_twin(const struct volume_group *vg, const struct dm_device *other,
                       struct error *why)
{
    (void)error_set(
        why, ERROR_REFUSED, -EBUSY, "in-use",
        "the volume group %s is also active on this host (%s): a copy of the same disk, "
        "or another group of that name",
        text_safe(vg->name), text_safe(other->name));
    (void)error_advise(why,
                       "use a host without it; or, when nothing there needs it, deactivate the "
                       "host's: vgchange -an %s",
                       shell_word(vg->name));
    return -EBUSY;
}

/* How a group is opened. */
struct opening {
    const struct volume_group *group; /* as it is opened */
    char *const *nodes;
    struct logical_volume *lvs;
    int count;
    const struct volume_group *original; /* as it is on the disk */
    struct logical_volume *original_lvs;
    int original_count;
};

static const char *original_dm_name(const struct opening *o, const struct logical_volume *lv)
{
    for (int i = 0; i < o->original_count; i++)
        if (strcmp(o->original_lvs[i].name, lv->name) == 0)
            return o->original_lvs[i].dm_name;
    return lv->dm_name;
}

/* One that could not be given its table is there all the same, and reading of it waits for ever. */
static bool is_live(const struct dm_device *device)
{
    return sysfs_number(device->devno, "size") > 0 && !sysfs_number(device->devno, "dm/suspended");
}

/* The volumes have the names that the patient uses, whatever they are called here. */
static int add_volumes(struct disk *d, const struct opening *o)
{
    for (int i = 0; i < o->count && d->volume_count < DISK_VOLUMES_MAX; i++) {
        const struct logical_volume *lv = &o->lvs[i];
        struct volume *v = &d->volumes[d->volume_count];
        struct dm_device device;
        char uuid[DM_UUID_MAX];

        logical_volume_dm_uuid(lv, uuid, sizeof uuid);
        if (!lv->visible || dm_find_name(lv->dm_name, &device) < 0 ||
            strcmp(device.uuid, uuid) != 0 || !is_live(&device))
            continue;
        *v = (struct volume){.devno = device.devno, .size = lv->size};
        snprintf(v->node, sizeof v->node, "%s", device.node);
        snprintf(v->dm_name, sizeof v->dm_name, "%.127s", original_dm_name(o, lv));
        snprintf(v->name, sizeof v->name, "%.70s/%.80s", o->original->name, lv->name);
        d->volume_count++;
        d->size += lv->size;
    }
    return disk_probe_volumes(d, NULL);
}

/* 1: activate it as it is; 0 with *why: do not; -EINTR. */
static int ask_partial(struct assembly *a, const struct volume_group *vg, struct error *why)
{
    char question[512];
    int r;

    if (a->request->degraded)
        return 1;
    snprintf(question, sizeof question,
             "The volume group %s lacks %u of %u physical volumes. Open what is there, read-only?",
             text_safe(vg->name), vg->missing, vg->pv_count);
    r = a->cb->ask ? a->cb->ask(a->cb->userdata, question) : -ENOTTY;
    if (r == 1 || r == -EINTR)
        return r;
    (void)error_set(why, ERROR_REFUSED, -EUCLEAN, "degraded",
                    "the volume group %s lacks %u of its %u physical volumes", text_safe(vg->name),
                    vg->missing, vg->pv_count);
    (void)error_advise(why, "name the other disks too, or open what is there: --degraded");
    return 0;
}

/* A disk of @kind that is undone by removing the mappings of @prefix; written down before. */
static int announce(struct assembly *a, enum disk_kind kind, const char *name, const char *prefix,
                    struct disk **ret)
{
    char record[DM_UUID_MAX + 16];
    struct disk *d;
    int r;

    snprintf(record, sizeof record, UNDO_MAPPING "%s", prefix);
    r = a->cb->record ? a->cb->record(a->cb->userdata, record) : 0;
    if (r < 0)
        return r;
    d = assemble_add(a, name, record);
    if (!d)
        return -ENOMEM;
    d->kind = kind;
    *ret = d;
    return 0;
}

static int activate_as(struct assembly *a, const struct opening *o, struct error *why)
{
    bool partial = o->original->missing > 0;
    char prefix[80];
    struct disk *d;
    int r;

    volume_group_dm_prefix(o->group, prefix, sizeof prefix);
    r = announce(a, DISK_GROUP, o->original->name, prefix, &d);
    if (r < 0)
        return r;
    d->degraded = partial;
    if (partial)
        d->access = DISK_READ;
    if (o->group != o->original)
        snprintf(d->opened_as, sizeof d->opened_as, "%.127s", o->group->name);
    r = volume_group_activate(o->nodes, o->group, partial, d->access == DISK_READ, why);
    step_reached("assembled-group");
    /* A thin pool that is damaged does not stand in the way of a root beside it. */
    if (r == -EIO) {
        struct error some = {0};

        if (add_volumes(d, o) < 0 || d->volume_count == 0)
            return r;
        (void)error_set(&some, ERROR_TARGET, r, "assembly",
                        "not all volumes of %s could be opened: %s", text_safe(o->original->name),
                        why->text);
        assemble_failed(a, &some);
        return 0;
    }
    return r < 0 ? r : add_volumes(d, o);
}

/* Through stand-ins, under another name. */
static int activate_copy(struct assembly *a, struct opening *o, struct error *why)
{
    struct clone_group *clone = calloc(1, sizeof *clone);
    struct disk *d;
    char prefix[64];
    int r = clone ? 0 : -ENOMEM;

    clone_group_prefix(prefix, sizeof prefix);
    if (r == 0)
        r = announce(a, DISK_STAND_IN, o->original->name, prefix, &d);
    if (r == 0)
        r = clone_group_make(clone, o->nodes, o->original, a->access == DISK_READ, a->cb->record,
                             a->cb->userdata, why);
    if (r == 0)
        r = o->count = volume_group_volumes(clone->nodes, &clone->group, o->lvs, VG_LVS_MAX, why);
    if (r >= 0) {
        o->group = &clone->group;
        o->nodes = clone->nodes;
        r = activate_as(a, o, why);
    }
    free(clone);
    return r;
}

static int open_group(struct assembly *a, struct opening *o, struct error *why)
{
    struct dm_device other = {0};
    bool twin;
    int r;

    r = o->original_count =
        volume_group_volumes(o->nodes, o->original, o->original_lvs, VG_LVS_MAX, why);
    if (r < 0)
        return r;
    twin = has_twin(o->original, o->original_lvs, o->original_count, &other);
    if (twin && is_on_patient(a, other.devno, 0))
        return refuse_activated(o->original, why);
    if (twin && o->original->missing)
        return refuse_twin(o->original, &other, why);
    if (twin)
        return activate_copy(a, o, why);
    if (o->original->missing) {
        r = ask_partial(a, o->original, why);
        if (r <= 0)
            return r < 0 ? r : why->code;
    }
    o->count = o->original_count;
    memcpy(o->lvs, o->original_lvs, (size_t)o->count * sizeof *o->lvs);
    return activate_as(a, o, why);
}

static int activate(struct assembly *a, char *const *nodes, const struct volume_group *vg,
                    struct error *why)
{
    struct opening o = {.group = vg,
                        .original = vg,
                        .nodes = nodes,
                        .lvs = calloc(VG_LVS_MAX, sizeof *o.lvs),
                        .original_lvs = calloc(VG_LVS_MAX, sizeof *o.original_lvs)};
    int r = o.lvs && o.original_lvs ? open_group(a, &o, why) : -ENOMEM;

    free(o.lvs);
    free(o.original_lvs);
    return r;
}

int assemble_groups(struct assembly *a, struct error *e)
{
    struct volume_group *groups = NULL;
    char *nodes[PVS_MAX + 1], title[160];
    struct error why = {0};
    unsigned before = a->set->count;
    int count, r = 0;

    if (collect(a, nodes, title, sizeof title) == 0)
        return 0;
    groups = calloc(GROUPS_MAX, sizeof *groups);
    if (!groups)
        return error_errno(e, -ENOMEM, "looking for volume groups");
    count = volume_group_scan(nodes, groups, GROUPS_MAX, &why);
    if (count == 0)
        (void)error_set(&why, ERROR_TARGET, -EBADMSG, "damaged",
                        "%s is an LVM physical volume without the metadata of a volume group",
                        title);
    else if (count > 0)
        r = assemble_require(KERNEL_DEVICE_MAPPER, title, "is an LVM physical volume", &why);
    if (count <= 0 || r < 0)
        assemble_failed(a, &why);
    if (r < 0)
        count = r = 0;
    for (int i = 0; i < count && r != -EINTR; i++) {
        why = (struct error){0};
        r = activate(a, nodes, &groups[i], &why);
        if (r < 0 && r != -EINTR)
            assemble_failed(a, &why);
    }
    free(groups);
    return r == -EINTR ? assemble_interrupted(e) : (int)(a->set->count - before);
}
