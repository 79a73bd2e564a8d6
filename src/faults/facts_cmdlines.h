/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel command lines of the patient, wherever they stand: in the entries that are booted, and
 * in the files that new entries are made from. A remedy changes them in all of these places. */

#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/report.h"

struct boot_cmdline {
    const struct boot_entry *entry; /* NULL: what entries are made from */
    bool is_default, is_rescue;
    char *file;                   /* inside; owned */
    char *text;                   /* the arguments alone; owned */
    enum fault_severity severity; /* of what is wrong in it, at the worst */
};

/* All of them, the default entry's first. */
const struct boot_cmdline *facts_cmdlines(struct examination *x, unsigned *ret_count);
void facts_cmdlines_free(struct boot_cmdline *lines, unsigned count);

/* A finding about @word in a command line, with the line that it stands in as evidence, and the
 * word as its subject. NULL when @word was already found by @f: the worst place is looked at first.
 */
struct finding *facts_cmdline_finding(struct examination *x, struct report *r,
                                      const struct fault *f, const struct boot_cmdline *line,
                                      const char *word, const char *what);

/* Plan to replace @word by @with (NULL: take it out) in each place. -ENOTSUP when it is in none
 * that can be changed. */
int facts_cmdline_edit(struct examination *x, struct changes *c, const char *word, const char *with,
                       struct error *e);

/* The same to take @word out, but the entries that are for a rescue keep it. */
int facts_cmdline_drop_but_of_rescue(struct examination *x, struct changes *c, const char *word,
                                     struct error *e);
