/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/assemble_private.h"

#include "base/step.h"
#include "base/text.h"
#include "storage/device_mapper.h"
#include "storage/undo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper than this nobody builds: partition, array, LUKS, group, LUKS again, group again. */
#define ROUNDS_MAX 8

struct volume *assemble_next(struct assembly *a, const char *type, unsigned *disk, unsigned *volume)
{
    for (; *disk < a->set->count; (*disk)++, *volume = 0)
        while (*volume < a->set->disks[*disk]->volume_count) {
            struct volume *v = &a->set->disks[*disk]->volumes[(*volume)++];

            if (!v->taken && strcmp(v->fs.type, type) == 0)
                return v;
        }
    return NULL;
}

struct disk *assemble_add(struct assembly *a, const char *name, const char *record)
{
    struct disk *d;

    if (a->set->count == a->set->max)
        return NULL;
    d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->backing_fd = d->node_fd = -1;
    d->access = a->access;
    snprintf(d->name, sizeof d->name, "%.63s", name);
    snprintf(d->target, sizeof d->target, "%s", name);
    snprintf(d->record, sizeof d->record, "%s", record);
    a->set->disks[a->set->count++] = d;
    return d;
}

void assemble_failed(struct assembly *a, const struct error *why)
{
    if (!a->problem->code)
        *a->problem = *why;
    else if (a->cb->note)
        a->cb->note(a->cb->userdata, why->text);
}

int assemble_interrupted(struct error *e)
{
    return error_set(e, ERROR_INTERRUPTED, -EINTR, "interrupted", "stopped by Ctrl-C");
}

int assemble_require(enum kernel_feature feature, const char *title, const char *is,
                     struct error *why)
{
    char what[256];

    snprintf(what, sizeof what, "%s %s", title, is);
    return kernel_feature_require(feature, what, why);
}

int assemble(struct disk_set *set, enum disk_access access, const struct assemble_request *request,
             const struct assemble_callbacks *cb, struct error *problem, struct error *e)
{
    struct assemble_passphrase own = {.size = 0};
    struct assembly a = {.set = set,
                         .access = access,
                         .request = request,
                         .cb = cb,
                         .problem = problem,
                         .last = request->last ? request->last : &own};
    int made = 1, r = request->luks_header ? assemble_find_headless(&a, e) : 0;

    for (unsigned round = 0; made > 0 && r >= 0 && round < ROUNDS_MAX; round++) {
        made = 0;
        /* A group may lack a volume which is still inside a closed mapping: groups come last. */
        r = assemble_arrays(&a, e);
        made += r > 0 ? r : 0;
        if (r == 0)
            r = assemble_luks(&a, e);
        made += r > 0 ? r : 0;
        if (r == 0 && made == 0)
            r = assemble_groups(&a, e);
        made += r > 0 ? r : 0;
    }
    explicit_bzero(&own, sizeof own);
    assemble_btrfs(set);
    return r < 0 ? r : 0;
}

void assemble_btrfs(struct disk_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned j = 0; j < set->disks[i]->volume_count; j++) {
            struct volume *v = &set->disks[i]->volumes[j], *last = v;

            if (strcmp(v->fs.type, "btrfs") != 0 || v->taken || v->next_member)
                continue;
            for (unsigned k = i; k < set->count; k++)
                for (unsigned l = k == i ? j + 1 : 0; l < set->disks[k]->volume_count; l++) {
                    struct volume *other = &set->disks[k]->volumes[l];

                    if (strcmp(other->fs.type, "btrfs") != 0 || other->taken ||
                        strcmp(other->fs.uuid, v->fs.uuid) != 0 ||
                        strcmp(other->fs.uuid_sub, v->fs.uuid_sub) == 0)
                        continue;
                    other->taken = true;
                    last->next_member = other;
                    last = other;
                }
        }
}

int assemble_rename(struct disk *d, const char *name)
{
    struct dm_device device;
    const char *prefix = d->record + strlen(UNDO_MAPPING);
    int r;

    if (!text_starts_with(d->record, UNDO_MAPPING) || d->volume_count == 0 ||
        dm_find(prefix, &device, 1) != 1)
        return -ENOENT;
    r = strcmp(device.name, name) == 0 ? 0 : dm_rename(device.name, name);
    if (r == 0)
        step_reached("assembled-name");
    if (r == 0)
        snprintf(d->volumes[0].dm_name, sizeof d->volumes[0].dm_name, "%s", name);
    return r;
}
