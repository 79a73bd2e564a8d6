/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/repair_plan.h"

#include "base/text.h"
#include "terminal/ui.h"

#include <errno.h>
#include <string.h>

static bool is_named(const struct repair_plan *p, const char *id)
{
    for (char *const *i = p->ids; *i; i++)
        if (strcmp(*i, id) == 0)
            return true;
    return false;
}

static bool is_chosen(const struct repair_plan *p, const struct finding *f)
{
    if (!finding_is_repairable(f))
        return false;
    if (p->ids[0])
        return is_named(p, f->fault->id);
    return !p->access->wanted && f->risk == FAULT_RISK_LOW;
}

/* Every id that was typed must have been found, and have a remedy. */
static int check_ids(const struct repair_plan *p, struct error *e)
{
    for (char *const *id = p->ids; *id; id++) {
        const struct finding *found = NULL;

        /* One of that id that has a remedy, if there is one. */
        for (unsigned i = 0; i < p->report.count && !(found && finding_is_repairable(found)); i++)
            if (strcmp(p->report.findings[i].fault->id, *id) == 0)
                found = &p->report.findings[i];
        if (!found)
            return error_set(e, ERROR_FAILED, -ENOENT, "no-finding",
                             "%s is none of what is wrong with it", text_safe(*id));
        if (!finding_is_repairable(found)) {
            (void)error_set(e, ERROR_FAILED, -ENOTSUP, "no-remedy",
                            "%s has no remedy that unbrick applies", found->fault->id);
            return error_advise(e, "by hand: %s", found->remedy);
        }
    }
    return 0;
}

static const char *label_of(const void *contexts, const char *path, mode_t mode)
{
    return file_contexts_lookup(contexts, path, mode);
}

static void forget_changes(struct repair_plan *p)
{
    changes_free(&p->changes);
    file_contexts_close(p->contexts);
    p->changes = (struct changes){0};
    p->contexts = NULL;
}

int repair_plan_detect(struct repair_plan *p, const struct patient *patient, struct error *e)
{
    int r;

    forget_changes(p);
    report_free(&p->report);
    examination_close(&p->x);
    r = patient_examination_open(&p->x, patient, e);
    p->x.machine = p->o->machine;
    return r < 0 ? r : faults_detect(&p->x, &p->report, e);
}

int repair_plan_choose(struct repair_plan *p, struct error *e)
{
    int r = check_ids(p, e);

    p->left = 0;
    if (r < 0)
        return r;
    p->contexts = file_contexts_open(p->x.root_fd);
    p->changes.root_fd = p->x.root_fd;
    p->changes.label = label_of;
    p->changes.label_userdata = p->contexts;
    for (unsigned i = 0; i < p->report.count; i++) {
        const struct finding *f = &p->report.findings[i];

        if (!is_chosen(p, f)) {
            p->left += f->severity == FAULT_STOPS_BOOT;
            continue;
        }
        r = f->fault->repair(&p->x, f, &p->changes, e);
        if (r == -ENOTSUP && !p->ids[0]) {
            ui_note("%s is left: %s", f->fault->id, e->text);
            p->left += f->severity == FAULT_STOPS_BOOT;
            error_clear(e);
        } else if (r < 0) {
            return error_context(e, r, "%s", f->fault->id);
        }
    }
    return repair_access_plan(p->o, p->access, &p->x, &p->changes, e);
}

int repair_plan_describe(const struct repair_plan *p, struct text *out, struct error *e)
{
    int r = 0;

    for (unsigned i = 0; r == 0 && i < p->report.count; i++)
        if (is_chosen(p, &p->report.findings[i]))
            r = text_appendf(out, "%s: %s\n", p->report.findings[i].fault->id,
                             p->report.findings[i].what);
    if (r == 0)
        r = repair_access_describe(p->o, out);
    if (r == 0)
        r = text_appendf(out, "\n");
    return r < 0 ? error_errno(e, r, "describing the changes")
                 : changes_describe(&p->changes, out, e);
}

void repair_plan_free(struct repair_plan *p)
{
    forget_changes(p);
    report_free(&p->report);
    examination_close(&p->x);
}
