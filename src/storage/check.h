/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* File-system checks, by each file system's own tool and rules (design, issue "check"). */

#include "base/error.h"
#include "storage/volume.h"

#include <stdbool.h>

enum check_mode {
    CHECK_ASK,    /* full check, safe fixes applied, ask before risky repairs */
    CHECK_REPAIR, /* as ask, and repair without asking */
    CHECK_QUICK,  /* only what is marked dirty */
    CHECK_SKIP,   /* do not look */
};

enum check_result {
    CHECK_NOT_CHECKED, /* skipped by mode, by the user, or no tool rules for this type */
    CHECK_CLEAN,       /* looked at, nothing wrong, nothing written */
    CHECK_REPLAYED,    /* the journal was replayed, else clean */
    CHECK_FIXED_SAFE,  /* preen-safe fixes were applied */
    CHECK_REPAIRED,    /* risky repairs were applied (with an undo file where the tool has one) */
    CHECK_ERRORS_LEFT, /* errors are left in the file system */
    CHECK_INTERRUPTED, /* the user skipped it with Ctrl-C before it was through */
};

/* How the check talks to a person; every callback may be NULL. @userdata is handed through. */
struct check_callbacks {
    /* Progress: @percent 0..100, or -1 when only elapsed time is known. @what: "checking sdb2". */
    void (*progress)(void *userdata, const char *what, int percent, unsigned elapsed_seconds);
    /* Ask before a risky repair. @summary says in one or a few lines what is wrong.
     * 1 yes, 0 no, -ENOTTY: nobody to ask, negative errno else. */
    int (*ask)(void *userdata, const struct volume *v, const char *summary);
    /* True when the user pressed Ctrl-C; the check stops where that is safe. */
    bool (*interrupted)(void *userdata);
    /* One line of a tool's output or of ours, for the log; not yet escaped. */
    void (*transcript)(void *userdata, const char *line);
    void *userdata;
};

struct check_report {
    enum check_result result;
    char summary[256];   /* one safe line: "clean", "journal replayed", "12 errors repaired ..." */
    bool shown;          /* the person has read .summary, with the question whether to repair */
    char undo_file[256]; /* e2fsck's undo file, "" when none was kept */
    char command[32];    /* what to run by hand on its node when errors are left; "" */
};

/*
 * Check one volume that is not mounted and that nobody holds open exclusively.
 * Rules: ext2/3/4: `e2fsck -f -n` first (nothing is written to a clean file system), the journal
 * is replayed and preen-safe fixes are applied by `e2fsck -f -p`, more only after ask() or with
 * CHECK_REPAIR by `e2fsck -f -y -z UNDO`. xfs: the journal is replayed by mounting (not here);
 * when clean or asked `xfs_repair -n`; never -L. btrfs: `btrfs check --readonly` when damaged or
 * asked. vfat: `fsck.fat -n` / -a. Others: CHECK_NOT_CHECKED.
 * @readonly: only look, in full: nothing is written to the disk. A journal is replayed where that
 * goes to a layer (struct volume.scratch), else what is in it is missing.
 * Returns 0 with *ret filled (errors left is a result, not a failure), or a negative errno when the
 * check could not be made (ERROR_HOST "program-missing" names the package).
 */
int check_volume(const struct volume *v, enum check_mode mode, bool readonly,
                 const struct check_callbacks *cb, struct check_report *ret, struct error *e);

/* Is the first step of check_volume(), which is to write where it must, a full look that writes
 * nothing, and the last when all is well? Then others may look at the same time. */
bool check_begins_with_look(const struct volume *v, enum check_mode mode);

/* Rough seconds that a full check of @v takes, for the estimate shown before. */
unsigned check_estimate_seconds(const struct volume *v);

/* "clean", "journal replayed", ... for tables and --json ("not-checked" style words). */
const char *check_result_name(enum check_result r);
