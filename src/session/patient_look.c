/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_look.h"

#include "session/check_look.h"
#include "session/check_ui.h"
#include "session/interrupt.h"
#include "storage/failing.h"
#include "storage/rotation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct check_look *look_of(const struct patient *p, const struct volume *v)
{
    for (unsigned i = 0; i < p->look_count; i++)
        if (p->looks[i].volume == v)
            return &p->looks[i];
    return NULL;
}

static void add(struct patient *p, const struct volume *v)
{
    if (!look_of(p, v))
        p->looks[p->look_count++] = (struct check_look){.volume = v};
}

static int make_room(struct patient *p, struct error *e)
{
    p->looks = calloc(p->plan->count + 1, sizeof *p->looks);
    return p->looks ? 0 : error_errno(e, -ENOMEM, "checking file systems");
}

/* A check that cannot be made is no finding, unless the disk is why. */
static void take(const struct check_look *look, struct check_report *ret, char *ret_fail_reads,
                 size_t size)
{
    *ret = look->report;
    if (look->result < 0 && failing_disk_is(&look->error))
        snprintf(ret_fail_reads, size, "%.255s", look->error.text);
}

int patient_look_at_all(struct patient *p, struct error *e)
{
    const struct check_look *root;
    int r = make_room(p, e);

    if (r < 0)
        return r;
    /* One that had to be repaired on its layer to be seen at all was looked at before that. */
    if (!p->root_problem[0])
        add(p, p->root->volume);
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (step->volume && !step->skipped[0] && step->volume != p->root->volume)
            add(p, step->volume);
    }
    r = check_look_at_all(p->looks, p->look_count, p->request.fsck,
                          disks_rotate(p->disks, p->disk_count), e);
    if (r < 0)
        return r;
    root = look_of(p, p->root->volume);
    if (root)
        take(root, &p->root_check, p->root_fail_reads, sizeof p->root_fail_reads);
    return interrupt_check(e);
}

int patient_look_at_step(struct patient *p, struct mount_step *step, struct error *e)
{
    struct check_look late = {.volume = step->volume};
    const struct check_look *look = look_of(p, step->volume);
    int r = 0;

    if (step->volume == p->root->volume)
        return 0;
    if (!look) {
        r = check_look_at_all(&late, 1, p->request.fsck, true, e);
        look = &late;
    }
    if (r == 0)
        take(look, &step->check, step->fail_reads, sizeof step->fail_reads);
    return r;
}

int patient_look_ahead(struct patient *p, struct error *e)
{
    int r = disks_rotate(p->disks, p->disk_count) ? 0 : make_room(p, e);

    if (!p->looks)
        return r;
    if (check_begins_with_look(p->root->volume, p->request.fsck))
        add(p, p->root->volume);
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (step->needed && !step->skipped[0] && !step->volume->read_only &&
            check_begins_with_look(step->volume, p->request.fsck))
            add(p, step->volume);
    }
    if (p->look_count < 2) {
        p->look_count = 0;
        return 0;
    }
    return check_look_at_all(p->looks, p->look_count, p->request.fsck, false, e);
}

int patient_check(const struct patient *p, const struct volume *v, const char *target,
                  struct check_report *ret, struct error *e)
{
    const struct check_look *look = look_of(p, v);

    if (!look || look->result < 0 ||
        (look->report.result != CHECK_CLEAN && look->report.result != CHECK_INTERRUPTED))
        return check_with_ui(v, target, p->request.fsck, false, ret, e);
    *ret = look->report;
    check_say_result(target, v, ret);
    return 0;
}
