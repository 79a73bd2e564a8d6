/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/assemble_private.h"

#include "base/step.h"
#include "base/text.h"
#include "storage/device_mapper.h"
#include "storage/undo.h"
#include "storage/volume_group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PVS_MAX    64
#define GROUPS_MAX 16

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

/* The patient is a copy of a disk that this host uses, or the other way round: device-mapper knows
 * one name and one uuid once. */
static int refuse_twin(const struct volume_group *vg, const struct logical_volume *lvs, int count,
                       struct error *why)
{
    char prefix[80];
    struct dm_device other = {0};
    bool twin;

    volume_group_dm_prefix(vg, prefix, sizeof prefix);
    twin = dm_find(prefix, &other, 1) == 1;
    for (int i = 0; i < count && !twin; i++)
        twin = lvs[i].dm_name[0] && dm_find_name(lvs[i].dm_name, &other) == 0;
    if (!twin)
        return 0;
    (void)error_set(
        why, ERROR_REFUSED, -EBUSY, "in-use",
        "the volume group %s is also active on this host (%s): a copy of the same disk, "
        "or another group of that name",
        text_safe(vg->name), text_safe(other.name));
    (void)error_advise(why,
                       "use a host without it; or, when nothing there needs it, deactivate the "
                       "host's: vgchange -an %s",
                       text_safe(vg->name));
    return -EBUSY;
}

static int add_volumes(struct disk *d, const struct volume_group *vg,
                       const struct logical_volume *lvs, int count)
{
    for (int i = 0; i < count && d->volume_count < DISK_VOLUMES_MAX; i++) {
        struct volume *v = &d->volumes[d->volume_count];
        struct dm_device device;
        char uuid[DM_UUID_MAX];

        logical_volume_dm_uuid(&lvs[i], uuid, sizeof uuid);
        if (!lvs[i].visible || dm_find_name(lvs[i].dm_name, &device) < 0 ||
            strcmp(device.uuid, uuid) != 0)
            continue;
        *v = (struct volume){.devno = device.devno, .size = lvs[i].size};
        snprintf(v->node, sizeof v->node, "%s", device.node);
        snprintf(v->dm_name, sizeof v->dm_name, "%.127s", device.name);
        snprintf(v->name, sizeof v->name, "%.70s/%.80s", vg->name, lvs[i].name);
        d->volume_count++;
        d->size += lvs[i].size;
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

static int activate(struct assembly *a, char *const *nodes, const struct volume_group *vg,
                    struct error *why)
{
    struct logical_volume *lvs = calloc(VG_LVS_MAX, sizeof *lvs);
    char record[80] = UNDO_MAPPING;
    int count, r;

    if (!lvs)
        return -ENOMEM;
    r = count = volume_group_volumes(nodes, vg, lvs, VG_LVS_MAX, why);
    if (r >= 0)
        r = refuse_twin(vg, lvs, count, why);
    if (r == 0 && vg->missing) {
        r = ask_partial(a, vg, why);
        r = r > 0 ? 0 : r < 0 ? r : why->code;
    }
    volume_group_dm_prefix(vg, record + strlen(record), sizeof record - strlen(record));
    if (r == 0 && a->cb->record)
        r = a->cb->record(a->cb->userdata, record);
    if (r == 0) {
        struct disk *d = assemble_add(a, vg->name, record);

        r = d ? volume_group_activate(nodes, vg, vg->missing > 0,
                                      a->access == DISK_READ || vg->missing > 0, why)
              : -ENOMEM;
        if (d) {
            d->kind = DISK_GROUP;
            d->degraded = vg->missing > 0;
            if (d->degraded)
                d->access = DISK_READ;
        }
        step_reached("assembled-group");
        if (r == 0)
            r = add_volumes(d, vg, lvs, count);
    }
    free(lvs);
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
