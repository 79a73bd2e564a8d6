/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* examine: why it does not boot. Writes nothing. */

#include "commands/examine.h"

#include "commands/commands.h"
#include "commands/patient_options.h"
#include "session/patient_examine.h"
#include "terminal/ui.h"

#include <stdio.h>
#include <string.h>

/* The text that a report may have. */
#define REPORT_TEXT_MAX ((size_t)4 << 20)

static int list_faults(void)
{
    for (size_t i = 0; i < fault_family_count; i++)
        for (size_t j = 0; j < fault_families[i]->count; j++) {
            const struct fault *f = &fault_families[i]->faults[j];

            printf("%s\t%s\t%s\t%s\n", f->id, fault_severity_name(f->severity),
                   fault_risk_name(f->risk), f->title);
        }
    return 0;
}

static int print_report(const struct options *o, const struct report *r,
                        const struct examine_subject *s, struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(REPORT_TEXT_MAX);
    int failed;

    if (o->ui.json)
        return examine_json(r, s, e);
    failed = examine_text(r, s, ui_columns(), ui_stdout_color(), &t);
    if (failed < 0)
        return error_errno(e, failed, "writing the report");
    printf("%s", t.data);
    return 0;
}

static int status_of(const struct options *o, const struct report *r)
{
    return report_count(r, FAULT_STOPS_BOOT) || (o->strict && r->count) ? ERROR_FAILED : 0;
}

/* Examine the mounted patient and show the report. The exit status, or a negative errno. */
static int examine_patient(const struct options *o, const struct patient *p, struct error *e)
{
    struct examination x = {0};
    struct report report = {0};
    char targets[512];
    const struct examine_subject subject = {
        .name = p->name,
        .system = p->system.pretty[0] ? text_safe(p->system.pretty) : "Linux",
        .targets = patient_targets(p, targets, sizeof targets),
    };
    int r = patient_examination_open(&x, p, e);

    x.machine = o->machine;
    if (r == 0)
        r = faults_detect(&x, &report, e);
    if (r == 0)
        r = print_report(o, &report, &subject, e);
    if (r == 0)
        r = status_of(o, &report);
    report_free(&report);
    examination_close(&x);
    return r;
}

int command_examine(const struct options *o, struct error *e)
{
    struct patient_request request;
    struct session s;
    int r;

    if (o->list_faults)
        return list_faults();
    r = patient_request_from_options(o, &request, e);
    if (r < 0)
        return e->kind;
    request.read_only = true;
    r = session_open(&s, &request, e);
    if (r < 0)
        return e->kind;
    r = patient_mount(&s.patient, &s.journal, e);
    if (r == 0)
        r = examine_patient(o, &s.patient, e);
    if (r < 0) {
        (void)session_close(&s, NULL);
        return e->kind;
    }
    return session_close(&s, e) < 0 ? (int)e->kind : r;
}
