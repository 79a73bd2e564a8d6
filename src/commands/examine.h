/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The forms in which a report is shown. */

#include "base/error.h"
#include "base/text.h"
#include "faults/report.h"
#include "session/ways_back.h"
#include "system/history.h"
#include "system/linux_system.h"

/* What is examined, for titles and commands. Safe text. */
struct examine_subject {
    const char *name;    /* "web01" */
    const char *system;  /* "Debian GNU/Linux 12 (bookworm)" */
    const char *targets; /* as they are typed: "/dev/sdb", "a.img b.img"; for the commands shown */
    const struct history *history; /* NULL: it was not looked for */
    const struct ways_back *back;  /* with .history */
    const char *not_checked;       /* which file systems were not looked at, one sentence; NULL */
};

/* What the system's past says, line by line: when it last worked, what was changed since, what it
 * can go back to. @line is called with a key of at most 9 characters and safe text. */
void examine_history(const struct examine_subject *s,
                     void (*line)(void *userdata, const char *key, const char *value),
                     void *userdata);

/* What shows that state, to be typed: "unbrick boot --system=part3 /dev/sdb"; "" for a kernel. In
 * @buf; returns @buf. */
char *examine_way_back_command(const struct examine_subject *s, const struct way_back *way,
                               char *buf, size_t size);

/* One sentence: "Will not boot: /etc/fstab line 4 names a disk that is not there". Safe text in
 * @buf. Returns @buf. */
char *examine_headline(const struct report *r, char *buf, size_t size);

/* For a person: the headline, then a block for each finding, @columns wide. @color: with escape
 * sequences. 0 or -ENOMEM, -E2BIG. */
int examine_text(const struct report *r, const struct examine_subject *s, unsigned columns,
                 bool color, struct text *out);

/* One page in HTML that needs nothing else: no script, no image, no font of the network. */
int examine_html(const struct report *r, const struct examine_subject *s, struct text *out);

/* "stops-boot", "degrades", "notice": for programs. */
const char *examine_severity_word(enum fault_severity s);

/* The schema "unbrick.examine/1" of docs/json.md on stdout. */
int examine_json(const struct report *r, const struct examine_subject *s, struct error *e);
