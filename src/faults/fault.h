/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A fault: one reason why a system does not boot, or nobody gets into it. Each is a row in the
 * table of its family (one file a family), with everything that is known about it: how it is
 * detected, how it is explained, and what is done against it. `examine --list-faults` and the table
 * in the manual are printed from these rows; to add a fault is to add a row, its two functions and
 * its test.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct examination;
struct report;
struct finding;
struct changes;

enum fault_severity {
    FAULT_STOPS_BOOT, /* the machine does not come up, or nobody can get in */
    FAULT_DEGRADES,   /* it comes up, but something in it does not work */
    FAULT_NOTICE,     /* worth knowing */
};

/* What can go wrong when the remedy is applied. */
enum fault_risk {
    FAULT_RISK_NONE,   /* there is no remedy that we would make: advice only */
    FAULT_RISK_LOW,    /* `repair` without ids applies it */
    FAULT_RISK_MEDIUM, /* applied when it is named, or after a question of its own */
    FAULT_RISK_HIGH,   /* the same, and data may be lost */
};

struct fault {
    const char *id;               /* "fstab.source-missing": never changes */
    enum fault_severity severity; /* of the worst case; a finding may be milder */
    const char *title;            /* what is wrong, a phrase for lists */
    const char *why;              /* what happens at boot because of it: one or two sentences */
    const char *remedy;           /* what helps, in words */
    enum fault_risk risk;
    bool stops;            /* when it is found nothing else is looked for, nor believed */
    const char *reference; /* where the rule comes from: "fstab(5)", "systemd-fstab-generator(8)" */

    /* Add a finding to @r for each case. Reads only, and never fails: what cannot be read is the
     * business of the fault that is about its being unreadable. */
    void (*detect)(struct examination *x, const struct fault *f, struct report *r);

    /* Plan what mends the finding; nothing is changed yet. -ENOTSUP: not in this case, with the
     * reason. NULL together with FAULT_RISK_NONE. */
    int (*repair)(struct examination *x, const struct finding *f, struct changes *c,
                  struct error *e);
};

struct fault_family {
    const char *name; /* the part of the id before the dot, and the file's name */
    const struct fault *faults;
    size_t count;
};

/* For the one definition of a family in its file. */
#define FAULT_FAMILY(word, rows)                                                                   \
    const struct fault_family fault_family_##word = {#word, rows, sizeof(rows) / sizeof(rows)[0]}

/* All families, the causes before what follows from them: the order of findings of one severity. */
extern const struct fault_family *const fault_families[];
extern const size_t fault_family_count;

/* The fault of that id, or NULL. */
const struct fault *fault_find(const char *id);

/* "stops the boot" ..., "low" ...: for people and for JSON. */
const char *fault_severity_name(enum fault_severity s);
const char *fault_risk_name(enum fault_risk r);

/* Run all detectors, then sort the report. Where a fault with .stops is found, the report has that
 * and nothing else, and says so. 0, -ENOMEM, or what @x->interrupted says. */
int faults_detect(struct examination *x, struct report *r, struct error *e);
