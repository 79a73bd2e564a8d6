/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/faults_around.h"

#include "commands/examine.h"
#include "commands/patient_options.h"
#include "session/patient_examine.h"
#include "terminal/ui.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Below the container's /run. */
#define FAULTS_FILE "unbrick/faults"

/* A terminal at the prompt has at least that. */
#define FAULTS_COLUMNS 79

static int detect(const struct faults_around *f, const struct session *s, struct report *ret)
{
    struct examination x = {0};
    struct error e = {0};
    int r = patient_examination_open(&x, &s->patient, &e);

    x.machine = f->machine;
    if (r == 0)
        r = faults_detect(&x, ret, &e);
    examination_close(&x);
    if (r < 0)
        ui_detail("the system is not examined: %s", e.text);
    return r;
}

static void add_file(const struct faults_around *f, const struct session *s,
                     struct container_plan *plan)
{
    const struct patient *p = &s->patient;
    _cleanup_text_ struct text t = TEXT_INIT((size_t)1 << 20);
    char targets[512];
    const struct examine_subject subject = {
        .name = p->name,
        .system = p->system.pretty[0] ? text_safe(p->system.pretty) : "Linux",
        .targets = patient_targets(p, targets, sizeof targets),
    };

    (void)examine_text(&f->before, &subject, FAULTS_COLUMNS, false, &t);
    (void)text_appendf(&t, "\n`unbrick` is a program of the host, for when this session has "
                           "ended.\n");
    if (t.failed || container_plan_add_file(plan, FAULTS_FILE, S_IFREG | 0644, t.data) < 0)
        ui_detail("there is no /run/%s inside: the report is too long", FAULTS_FILE);
}

void faults_around_begin(struct faults_around *f, const struct session *s,
                         struct container_plan *plan)
{
    f->looked = detect(f, s, &f->before) == 0;
    if (!f->looked || f->before.count == 0)
        return;
    (void)examine_headline(&f->before, f->headline, sizeof f->headline);
    add_file(f, s, plan);
}

static bool has(const struct report *r, const struct finding *wanted)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->findings[i].fault == wanted->fault && strcmp(r->findings[i].what, wanted->what) == 0)
            return true;
    return false;
}

static unsigned count_of(const struct report *r, const struct fault *fault)
{
    unsigned count = 0;

    for (unsigned i = 0; i < r->count; i++)
        count += r->findings[i].fault == fault;
    return count;
}

void faults_around_say_new(const struct report *before, const struct report *after)
{
    for (unsigned i = 0; i < after->count; i++) {
        const struct finding *f = &after->findings[i];

        /* The same one may stand in another line now, and be told of in other words. */
        if (!has(before, f) && count_of(after, f->fault) > count_of(before, f->fault))
            ui_warn("new since this session began, %s: %s (%s)", fault_severity_name(f->severity),
                    f->what, f->fault->id);
    }
}

void faults_around_end(struct faults_around *f, const struct session *s)
{
    struct report after = {0};
    unsigned gone = 0, stopping;

    if (f->looked && detect(f, s, &after) == 0) {
        faults_around_say_new(&f->before, &after);
        for (unsigned i = 0; i < f->before.count; i++)
            gone += !has(&after, &f->before.findings[i]);
        stopping = report_count(&after, FAULT_STOPS_BOOT);
        if (stopping)
            ui_warn("it will still not boot: %s (%s)", after.findings[0].what,
                    after.findings[0].fault->id);
        else if (report_count(&f->before, FAULT_STOPS_BOOT))
            ui_note("Examined again: nothing is left that stops the boot.");
        else if (gone)
            ui_note("Examined again: %u finding%s gone.", gone, gone == 1 ? " is" : "s are");
    }
    report_free(&after);
    report_free(&f->before);
    f->looked = false;
}
