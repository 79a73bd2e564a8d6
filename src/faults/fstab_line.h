/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the families that are about lines of /etc/fstab share: findings that show the line, and
 * changes to one line that leave the rest of it as it is. */

#include "faults/changes.h"
#include "faults/examination.h"
#include "faults/report.h"
#include "system/fstab_edit.h"

#define FSTAB_PATH "/etc/fstab"

/* The words of finding_remedy() for a line whose disk is missed by nobody at boot. */
#define FSTAB_LINE_OPTIONAL_ALREADY                                                                \
    "correct the line, or take it out when the disk does not come back"

/* "/etc/fstab line N WHAT", with the line as evidence and its mount point as subject. NULL as
 * report_add(). */
struct finding *fstab_line_finding(const struct examination *x, struct report *r,
                                   const struct fault *f, const struct fstab_entry *entry,
                                   const char *what);

/* Would the boot be half without it? No such line is made optional unasked. */
bool fstab_line_is_essential(const struct fstab_entry *entry);

/* Does the line mount something by itself at boot? */
bool fstab_line_is_automatic(const struct fstab_entry *entry);

/* Does the line have the option, alone or with a value? */
bool fstab_line_has_option(const struct fstab_entry *entry, const char *name);

/* The raw line as it is planned so far, without its newline. The caller frees. NULL: there is none.
 */
char *fstab_line_planned(struct changes *c, unsigned number);

/* Plan to replace the line of the finding; *t, which is what an edit of it made, if it did. */
int fstab_line_replace(const struct finding *f, struct changes *c, const struct text *t, int edited,
                       struct error *e);

/* Remedies that several faults share; to be named in a row. */
int fstab_line_make_optional(struct examination *x, const struct finding *f, struct changes *c,
                             struct error *e);
int fstab_line_comment_out(struct examination *x, const struct finding *f, struct changes *c,
                           struct error *e);

/* Plan another value of one field of the finding's line. */
int fstab_line_set(const struct finding *f, struct changes *c, enum fstab_field field,
                   const char *value, struct error *e);
