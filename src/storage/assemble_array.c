/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/assemble_private.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/step.h"
#include "base/text.h"
#include "storage/array.h"
#include "storage/sysfs.h"
#include "storage/undo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All members of one array among the volumes; they are taken, whatever becomes of them. One with a
 * damaged superblock is none; one that this host could not look at is not missing, and without it
 * nothing may be started: it would be out of date afterwards. */
static int collect(struct assembly *a, const char *uuid, struct array_plan *plan, struct error *ret)
{
    unsigned disk = 0, volume = 0;
    struct volume *v;
    int r = 0;

    while ((v = assemble_next(a, "linux_raid_member", &disk, &volume))) {
        struct error why = {0};

        if (strcmp(v->fs.uuid, uuid) != 0 || plan->count == ARRAY_MEMBERS_MAX)
            continue;
        v->taken = true;
        plan->members[plan->count].volume = v;
        (void)disk_volume_title(a->set->disks[disk], v, plan->members[plan->count].title,
                                sizeof plan->members[0].title);
        if (array_examine(&plan->members[plan->count], &why) == 0)
            plan->count++;
        else if (why.kind != ERROR_HOST)
            assemble_failed(a, &why);
        else if (r == 0) {
            *ret = why;
            r = why.code;
        }
    }
    array_judge(plan);
    return r;
}

/* 1: start it although members are missing; 0: do not; -EINTR. */
static int ask_degraded(struct assembly *a, const struct array_plan *plan, const char *name,
                        struct error *why)
{
    char members[800], question[1024];
    int r;

    if (a->request->degraded)
        return 1;
    snprintf(question, sizeof question, "%s has %u of %u members: %s. Start it without the others?",
             name, plan->fresh, plan->members[0].devices,
             array_describe(plan, members, sizeof members));
    r = a->cb->ask ? a->cb->ask(a->cb->userdata, question) : -ENOTTY;
    if (r == 1 || r == -EINTR)
        return r;
    (void)error_set(why, ERROR_REFUSED, -EUCLEAN, "degraded", "%s has only %u of %u members: %s",
                    name, plan->fresh, plan->members[0].devices, members);
    (void)error_advise(why, "name the other disks too, or start it without them: --degraded");
    return 0;
}

static void name_left_behind(struct assembly *a, const struct array_plan *plan, const char *name)
{
    for (unsigned i = plan->fresh; i < plan->count; i++) {
        char text[400];

        snprintf(text, sizeof text,
                 "%s: %s is out of date (event %llu of %llu%s%s) and stays out of it", name,
                 plan->members[i].title, (unsigned long long)plan->members[i].events,
                 (unsigned long long)plan->members[0].events,
                 plan->members[i].updated[0] ? ", last written " : "", plan->members[i].updated);
        if (a->cb->note)
            a->cb->note(a->cb->userdata, text);
    }
}

/* After a start that failed: is @name an array of these members, which is to be stopped? Another
 * program may have been faster with that name. */
static bool is_of(const struct array_plan *plan, const char *name)
{
    _cleanup_free_ char *number = NULL;
    dev_t array, slaves[ARRAY_MEMBERS_MAX];
    char path[80];
    int count;

    snprintf(path, sizeof path, "/sys/block/%.32s/dev", name);
    if (host_read(path, 64, &number, NULL) < 0 || sysfs_parse_devno(number, &array) < 0)
        return false;
    count = sysfs_related(array, "slaves", slaves, ARRAY_MEMBERS_MAX);
    for (int i = 0; i < count; i++) {
        bool known = false;

        for (unsigned j = 0; j < plan->count; j++)
            known = known || plan->members[j].volume->devno == slaves[i];
        if (!known)
            return false;
    }
    return count > 0;
}

static int start(struct assembly *a, const struct array_plan *plan, const char *name,
                 struct error *why)
{
    bool degraded = !plan->complete;
    char device[32], record[64], node[64];
    struct disk *d;
    int r = 1;

    if (!plan->startable) {
        char members[800];

        return error_set(why, ERROR_TARGET, -ENODEV, "incomplete",
                         "%s cannot be started: %u of its %u members are there (%s)", name,
                         plan->fresh, plan->members[0].devices,
                         array_describe(plan, members, sizeof members));
    }
    if (degraded)
        r = ask_degraded(a, plan, name, why);
    if (r <= 0)
        return r < 0 ? r : why->code;
    r = array_free_name(device, sizeof device);
    if (r < 0)
        return error_errno(why, r, "no name is left for an array");
    snprintf(record, sizeof record, UNDO_ARRAY "%s", device);
    r = a->cb->record ? a->cb->record(a->cb->userdata, record) : 0;
    if (r < 0)
        return r;
    /* Before it is there: one that was started only in part is to be stopped, too. */
    d = assemble_add(a, name, record);
    if (!d)
        return -ENOMEM;
    d->kind = DISK_ARRAY;
    r = array_start(plan, device, degraded, a->access != DISK_READ, why);
    if (r < 0) {
        if (!is_of(plan, device))
            d->record[0] = '\0';
        return r;
    }
    d->degraded = degraded;
    step_reached("assembled-array");
    snprintf(node, sizeof node, "/dev/%s", device);
    return disk_use_assembled(d, node, why);
}

int assemble_arrays(struct assembly *a, struct error *e)
{
    unsigned disk = 0, volume = 0, before = a->set->count;
    struct volume *v;

    while ((v = assemble_next(a, "linux_raid_member", &disk, &volume))) {
        struct array_plan *plan = calloc(1, sizeof *plan);
        struct error why = {0};
        char name[80];
        int r;

        if (!plan)
            return error_errno(e, -ENOMEM, "assembling an array");
        r = collect(a, v->fs.uuid, plan, &why);
        if (r == 0 && plan->count) {
            char raw[80];

            array_short_name(plan->members[0].name, plan->members[0].uuid, raw, sizeof raw);
            snprintf(name, sizeof name, "%s", text_safe(raw));
            r = assemble_require(KERNEL_MD, plan->members[0].title, "is a member of a RAID array",
                                 &why);
            if (r == 0) {
                name_left_behind(a, plan, name);
                r = start(a, plan, name, &why);
            }
        }
        free(plan);
        if (r == -EINTR)
            return assemble_interrupted(e);
        if (r < 0)
            assemble_failed(a, &why);
    }
    return (int)(a->set->count - before);
}
