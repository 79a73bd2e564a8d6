/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_failing.h"

#include "base/text.h"
#include "storage/failing.h"
#include "terminal/ui.h"

const char *patient_read_error(const struct patient *p)
{
    return p->read_errors && read_errors_look(p->read_errors, p->disks, p->disk_count)
               ? p->read_errors->first
               : NULL;
}

bool patient_is_failing(const struct patient *p)
{
    for (unsigned i = 0; p->plan && i < p->plan->count; i++)
        if (p->plan->steps[i].fail_reads[0])
            return true;
    return p->root_fail_reads[0] || patient_read_error(p);
}

int patient_blame_disk(const struct patient *p, int r, struct error *e)
{
    const char *unread = patient_read_error(p);

    /* What was refused, or stopped by the person, was no matter of reading. */
    if (!unread || e->kind == ERROR_REFUSED || e->kind == ERROR_USAGE ||
        e->kind == ERROR_INTERRUPTED)
        return r;
    return failing_disk(text_safe(p->request.targets[0]), unread, e);
}

void patient_warn_failing(struct patient *p)
{
    struct error e = {0};
    const char *unread = p->request.examine ? NULL : patient_read_error(p);

    if (!unread || p->read_errors->count == p->read_errors_said)
        return;
    p->read_errors_said = p->read_errors->count;
    (void)failing_disk(text_safe(p->request.targets[0]), unread, &e);
    ui_warn("%s; %s", e.text, e.advice);
}
