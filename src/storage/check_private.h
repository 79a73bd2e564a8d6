/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between check.c and the checkers of the file systems. */

#include "storage/check.h"

/* One check on its way. */
struct check {
    const struct volume *volume;
    enum check_mode mode;
    bool readonly;
    const struct check_callbacks *cb;
    struct check_report *report;
    unsigned started; /* seconds of the monotonic clock */
    char asked[256];  /* with which summary a person was asked; "" */
};

/* Each fills report->result and .summary. 0, or a negative errno when no check could be made. */
int check_ext(struct check *c, struct error *e);
int check_xfs(struct check *c, struct error *e);
int check_btrfs(struct check *c, struct error *e);
int check_vfat(struct check *c, struct error *e);

/* What Ctrl-C does to a running tool. */
enum check_stop {
    CHECK_STOP_NEVER, /* it writes and must come to its end */
    CHECK_STOP_TERM,  /* it stops where that is safe when asked to (e2fsck(8): SIGTERM) */
    CHECK_STOP_KILL,  /* it only reads */
};

struct check_tool {
    enum check_stop stop;
    bool completion;   /* prints "pass current maximum" to descriptor 3 (e2fsck -C 3) */
    unsigned problems; /* out: lines that describe a problem, see is_problem */
    char first[160];   /* out: the first of them, safe text */
    bool (*is_problem)(const char *line); /* may be NULL */
    /* Put the problem into words that @line, or @before, the one in front of it, is about. NULL: it
     * is the line. Pure. */
    void (*name)(const char *before, const char *line, char *ret, size_t size);
};

/* .name for e2fsck -n, which answers its own question: "Inode 12 has a bad size.  Fix? no", or the
 * question in a line of its own. */
void check_ext_name(const char *before, const char *line, char *ret, size_t size);

#define CHECK_TOOL_INTERRUPTED (-1000)

/* Run @argv to its end with progress and transcript. Exit status (128 + signal),
 * CHECK_TOOL_INTERRUPTED, or a negative errno when it could not be started; -EIO with ERROR_REFUSED
 * "failing-disk" when it came upon blocks that cannot be read. */
int check_tool_run(struct check *c, char *const argv[], const char *what, struct check_tool *tool,
                   struct error *e);

/* Percent of the whole from e2fsck's completion line "pass current maximum"; -1: not such a line.
 * Pure. */
int check_percent(const char *line);

/* Ask whether to repair: 1 yes; 0 no, or nobody can be asked; -EINTR with ERROR_INTERRUPTED. */
int check_ask(struct check *c, const char *summary, struct error *e);

void check_summary(struct check *c, enum check_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
