/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a repair is going to do: the findings of the opened patient, those that are chosen, and the
 * changes of their remedies. Only looks; applying is repair.c's. */

#include "base/error.h"
#include "commands/options.h"
#include "commands/repair_access.h"
#include "faults/changes.h"
#include "faults/fault.h"
#include "faults/report.h"
#include "session/patient_examine.h"
#include "system/file_contexts.h"

/* The text of all changes. */
#define REPAIR_TEXT_MAX ((size_t)8 << 20)

struct repair_plan {
    const struct options *o;
    char *const *ids;             /* what was named; NULL-ended; empty: all of low risk */
    struct repair_access *access; /* the caller's */
    struct examination x;
    struct report report;
    struct file_contexts *contexts;
    struct changes changes;
    unsigned left; /* findings that stop the boot and get no remedy */
};

/* Find the findings of @patient again, or for the first time. Forgets the changes. */
int repair_plan_detect(struct repair_plan *p, const struct patient *patient, struct error *e);

/* Choose, and plan the changes. ERROR_FAILED when an id was not found or has no remedy. */
int repair_plan_choose(struct repair_plan *p, struct error *e);

/* What was found and will be done, as a person reads it. */
int repair_plan_describe(const struct repair_plan *p, struct text *out, struct error *e);

void repair_plan_free(struct repair_plan *p);
