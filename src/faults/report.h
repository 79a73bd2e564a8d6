/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What was found: plain data, filled by the detectors, sorted, shown and repaired from. */

#include "faults/fault.h"

#include <stdbool.h>

/* A system with more is broken beyond a list. */
#define REPORT_FINDINGS_MAX 512

/* All strings are owned. Safe text, except where raw is said. */
struct finding {
    const struct fault *fault;
    enum fault_severity severity;
    enum fault_risk risk;
    char *what;    /* one sentence without a full stop: "/etc/fstab line 4 names a disk that ..." */
    char *file;    /* absolute path inside; raw; NULL when it is about no file */
    unsigned line; /* of that file; 0: none */
    char *evidence;     /* the line, the bytes, the message of a tool; several lines are possible */
    char *expected;     /* what should be there, and where it was looked for */
    char *why;          /* what happens at boot, where it differs from the row's; else NULL */
    char *subject;      /* raw: what the remedy works on (a path, a unit, a kernel's release) */
    const char *remedy; /* in words: the row's, unless they do not fit; static */
    char *command;      /* what to type, on the host, where there is more to it than `repair` */
};

struct report {
    struct finding *findings;
    unsigned count;
    bool stopped; /* at a fault with .stops: nothing else was looked for */
    int failed;   /* -ENOMEM: the report is not whole */
};

void report_free(struct report *r);

/*
 * A new finding of @f, with its severity. The result is filled further by the functions below, and
 * is valid until the next one is added. NULL without memory, or when there are too many; the
 * functions below take that.
 */
struct finding *report_add(struct report *r, const struct fault *f, const char *what, ...)
    __attribute__((format(printf, 3, 4)));

/* Where it is. @file is copied. */
void finding_at(struct finding *f, const char *file, unsigned line);
void finding_evidence(struct finding *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void finding_expected(struct finding *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void finding_why(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_command(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* @words: static. */
void finding_remedy(struct finding *f, const char *words);
void finding_subject(struct finding *f, const char *raw);
/* Where the case is milder than its row says, or its remedy bolder; FAULT_RISK_NONE: the row's
 * remedy is not one that we would apply here: it is said in words only. */
void finding_severity(struct finding *f, enum fault_severity s);
void finding_risk(struct finding *f, enum fault_risk risk);

/* Stopping ones first; within a severity by the order of the families, then of the rows, then as
 * they were added. */
void report_sort(struct report *r);

/* Can `repair` do something about it? */
bool finding_is_repairable(const struct finding *f);

/* How many of that severity. */
unsigned report_count(const struct report *r, enum fault_severity s);
