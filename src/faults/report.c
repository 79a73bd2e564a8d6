/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_free(struct report *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        struct finding *f = &r->findings[i];

        free(f->what);
        free(f->file);
        free(f->evidence);
        free(f->expected);
        free(f->why);
        free(f->subject);
        free(f->command);
    }
    free(r->findings);
    *r = (struct report){0};
}

/* NULL when there is no memory: one piece of a report that is not whole, which .failed says of the
 * first piece of each finding. */
static char *format(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static char *format(const char *fmt, va_list ap)
{
    char *text = NULL;

    return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

struct finding *report_add(struct report *r, const struct fault *f, const char *what, ...)
{
    struct finding *grown;
    va_list ap;

    if (r->count == REPORT_FINDINGS_MAX)
        return NULL;
    grown = reallocarray(r->findings, r->count + 1, sizeof *grown);
    if (!grown) {
        r->failed = -ENOMEM;
        return NULL;
    }
    r->findings = grown;
    grown += r->count;
    *grown =
        (struct finding){.fault = f, .severity = f->severity, .risk = f->risk, .remedy = f->remedy};
    va_start(ap, what);
    grown->what = format(what, ap);
    va_end(ap);
    if (!grown->what) {
        r->failed = -ENOMEM;
        return NULL;
    }
    r->count++;
    return grown;
}

static void set(char **member, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void set(char **member, const char *fmt, va_list ap)
{
    free(*member);
    *member = format(fmt, ap);
}

void finding_at(struct finding *f, const char *file, unsigned line)
{
    if (!f)
        return;
    free(f->file);
    f->file = strdup(file);
    f->line = line;
}

void finding_evidence(struct finding *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (f)
        set(&f->evidence, fmt, ap);
    va_end(ap);
}

void finding_expected(struct finding *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (f)
        set(&f->expected, fmt, ap);
    va_end(ap);
}

void finding_why(struct finding *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (f)
        set(&f->why, fmt, ap);
    va_end(ap);
}

void finding_command(struct finding *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (f)
        set(&f->command, fmt, ap);
    va_end(ap);
}

void finding_remedy(struct finding *f, const char *words)
{
    if (f)
        f->remedy = words;
}

void finding_subject(struct finding *f, const char *raw)
{
    if (!f)
        return;
    free(f->subject);
    f->subject = strdup(raw);
}

void finding_severity(struct finding *f, enum fault_severity s)
{
    if (f)
        f->severity = s;
}

void finding_risk(struct finding *f, enum fault_risk risk)
{
    if (f)
        f->risk = risk;
}

/* Where its row stands among all rows. */
static size_t place_of(const struct fault *f)
{
    size_t place = 0;

    for (size_t i = 0; i < fault_family_count; i++) {
        const struct fault_family *family = fault_families[i];

        if (f >= family->faults && f < family->faults + family->count)
            return place + (size_t)(f - family->faults);
        place += family->count;
    }
    return place;
}

void report_sort(struct report *r)
{
    /* By insertion: it keeps the order of equals, and there are a handful. */
    for (unsigned i = 1; i < r->count; i++) {
        struct finding f = r->findings[i];
        unsigned at = i;

        while (at > 0 && (r->findings[at - 1].severity > f.severity ||
                          (r->findings[at - 1].severity == f.severity &&
                           place_of(r->findings[at - 1].fault) > place_of(f.fault)))) {
            r->findings[at] = r->findings[at - 1];
            at--;
        }
        r->findings[at] = f;
    }
}

bool finding_is_repairable(const struct finding *f)
{
    return f->fault->repair && f->risk != FAULT_RISK_NONE;
}

unsigned report_count(const struct report *r, enum fault_severity s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < r->count; i++)
        count += r->findings[i].severity == s;
    return count;
}
