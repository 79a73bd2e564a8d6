/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ext2, ext3, ext4 by e2fsck(8). The order is: replay the journal, look without writing, and only
 * when something is wrong let e2fsck write: what is always safe (-p), then after asking the rest.
 */

#include "base/fd.h"
#include "base/text.h"
#include "storage/check_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Exit status bits of e2fsck(8). */
#define FSCK_FIXED     1
#define FSCK_LEFT      4
#define FSCK_FAILED    8
#define FSCK_CANCELLED 32

/* What e2fsck -n says to each of its questions. */
#define ANSWER "? no"

#define UNDO_DIRECTORY "/var/lib/unbrick/undo"

/* With -n every problem is a question that is answered by "no". */
static bool asks_question(const char *line)
{
    return text_ends_with(line, ANSWER) || strstr(line, "IGNORED") != NULL;
}

/* How much of a line is about the problem: without the question, which stands behind two blanks. */
static size_t length_of_problem(const char *line)
{
    size_t end = strlen(line);
    const char *question = NULL;

    if (!text_ends_with(line, ANSWER))
        return end;
    for (const char *at = line; (at = strstr(at, "  ")); at += strspn(at, " "))
        question = at;
    return question ? (size_t)(question - line) : 0;
}

void check_ext_name(const char *before, const char *line, char *ret, size_t size)
{
    size_t length = length_of_problem(line), start;

    if (length == 0) {
        /* Nothing but the question. */
        line = before[0] ? before : line;
        length = strlen(line);
    }
    while (length > 0 && strchr(" \t.:", line[length - 1]))
        length--;
    start = strspn(line, " \t");
    start = start < length ? start : length;
    snprintf(ret, size, "%.*s", (int)(length - start), line + start);
}

static bool reports_fix(const char *line)
{
    return text_ends_with(line, "FIXED.") || text_ends_with(line, "CLEARED.") ||
           text_ends_with(line, "? yes");
}

static int run(struct check *c, const char *const options[], const char *what,
               struct check_tool *tool, struct error *e)
{
    char *argv[12] = {(char *)"e2fsck"};
    unsigned n = 1;

    for (; *options; options++)
        argv[n++] = (char *)*options;
    argv[n++] = (char *)c->volume->node;
    argv[n] = NULL;
    return check_tool_run(c, argv, what, tool, e);
}

/* -n on a file system whose journal is not replayed finds errors that are none. */
static int replay(struct check *c, struct error *e)
{
    static const char *const options[] = {"-E", "journal_only", "-p", NULL};
    struct check_tool tool = {.stop = CHECK_STOP_NEVER};

    return run(c, options, "replaying the journal of", &tool, e);
}

static int look(struct check *c, struct check_tool *ret_tool, struct error *e)
{
    static const char *const options[] = {"-f", "-n", "-C", "3", NULL};

    *ret_tool = (struct check_tool){.stop = CHECK_STOP_KILL,
                                    .completion = true,
                                    .is_problem = asks_question,
                                    .name = check_ext_name};
    return run(c, options, "checking", ret_tool, e);
}

/* A file that puts back what the repair changed: e2undo(8). */
static int undo_path(const struct check *c, char *ret, size_t size, struct error *e)
{
    static const char *const directories[] = {"/var/lib/unbrick", UNDO_DIRECTORY};
    time_t now = time(NULL);
    struct tm tm;
    char date[32];

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        if (mkdir(directories[i], 0700) < 0 && errno != EEXIST)
            return error_errno(e, -errno, "cannot make %s for the undo file of the repair",
                               directories[i]);
    (void)gmtime_r(&now, &tm);
    (void)strftime(date, sizeof date, "%Y%m%d-%H%M%S", &tm);
    snprintf(ret, size, UNDO_DIRECTORY "/%.64s-%s.e2undo",
             c->volume->fs.uuid[0] ? c->volume->fs.uuid : "ext", date);
    return 0;
}

/*
 * What is always safe. e2fsck -p stops at the first problem that it must ask about, and has written
 * by then: that is taken back, so that the person decides about an untouched file system.
 */
static int fix_safely(struct check *c, struct error *e)
{
    char undo[sizeof c->report->undo_file];
    const char *options[] = {"-f", "-p", "-C", "3", "-z", undo, NULL};
    struct check_tool tool = {.stop = CHECK_STOP_TERM, .completion = true},
                      back = {.stop = CHECK_STOP_NEVER};
    char *take_back[] = {(char *)"e2undo", undo, (char *)c->volume->node, NULL};
    int status = undo_path(c, undo, sizeof undo, e);

    if (status < 0)
        return status;
    status = run(c, options, "repairing", &tool, e);
    if (status >= 0 && status & (FSCK_LEFT | FSCK_FAILED) && access(undo, F_OK) == 0)
        (void)check_tool_run(c, take_back, "taking back the repair of", &back, NULL);
    (void)unlink(undo);
    return status;
}

static int repair(struct check *c, struct error *e)
{
    struct check_tool tool = {
        .stop = CHECK_STOP_TERM, .completion = true, .is_problem = reports_fix};
    const char *options[] = {"-f", "-y", "-C", "3", "-z", c->report->undo_file, NULL};
    /* A layer is dropped, which undoes everything. */
    int status =
        c->volume->scratch ? 0 : undo_path(c, c->report->undo_file, sizeof c->report->undo_file, e);

    if (status < 0)
        return status;
    if (c->volume->scratch)
        options[4] = NULL;
    status = run(c, options, "repairing", &tool, e);
    if (status < 0 && status != CHECK_TOOL_INTERRUPTED)
        return status;
    (void)chmod(c->report->undo_file, 0600);
    if (status == CHECK_TOOL_INTERRUPTED || status & FSCK_CANCELLED)
        check_summary(c, CHECK_ERRORS_LEFT, "the repair was stopped by Ctrl-C: errors are left");
    else if (status & ~(FSCK_FIXED | 2))
        check_summary(c, CHECK_ERRORS_LEFT, "e2fsck could not repair everything (status %d)",
                      status);
    else
        check_summary(c, CHECK_REPAIRED, "%u problems repaired, by e2fsck -y", tool.problems);
    return 0;
}

/* More than what is always safe: only by the mode or the person. */
static int repair_or_leave(struct check *c, const struct check_tool *found, struct error *e)
{
    char summary[256];
    int answer = c->mode == CHECK_REPAIR;

    if (found->problems)
        snprintf(summary, sizeof summary, "e2fsck finds %u problem%s, the first: %s",
                 found->problems, found->problems == 1 ? "" : "s", found->first);
    else
        snprintf(summary, sizeof summary, "e2fsck finds damage that it does not repair unasked");
    if (!answer)
        answer = check_ask(c, summary, e);
    if (answer == 1)
        return repair(c, e);
    if (answer == 0)
        check_summary(c, CHECK_ERRORS_LEFT, "%s", summary);
    return answer;
}

static int write_what_is_needed(struct check *c, const struct check_tool *found, bool replayed,
                                struct error *e)
{
    int status = fix_safely(c, e);

    if (status == CHECK_TOOL_INTERRUPTED || (status >= 0 && status & FSCK_CANCELLED)) {
        check_summary(c, CHECK_INTERRUPTED, "the check was skipped with Ctrl-C");
        return 0;
    }
    if (status < 0)
        return status;
    if (status & (FSCK_LEFT | FSCK_FAILED))
        return repair_or_leave(c, found, e);
    if (status & FSCK_FIXED)
        check_summary(c, CHECK_FIXED_SAFE, "fixed what is always safe to fix (%u problem%s)%s",
                      found->problems, found->problems == 1 ? "" : "s",
                      replayed ? ", after a replay of its journal" : "");
    else
        check_summary(c, CHECK_CLEAN, "clean");
    return 0;
}

static int full_check(struct check *c, struct error *e)
{
    const struct filesystem *fs = &c->volume->fs;
    struct check_tool found;
    bool replayed = false;
    int status;

    if (fs->dirty && c->readonly && !c->volume->scratch) {
        check_summary(c, CHECK_NOT_CHECKED, "its journal has to be replayed first, which writes");
        return 0;
    }
    if (fs->dirty) {
        status = replay(c, e);
        if (status < 0)
            return status;
        replayed = !(status & (FSCK_LEFT | FSCK_FAILED));
    }
    status = look(c, &found, e);
    if (status == CHECK_TOOL_INTERRUPTED) {
        check_summary(c, CHECK_INTERRUPTED, "the check was skipped with Ctrl-C");
        return 0;
    }
    if (status < 0)
        return status;
    /* A recorded error stays recorded until e2fsck has looked with permission to write. */
    if (status == 0 && !fs->has_errors) {
        check_summary(c, replayed ? CHECK_REPLAYED : CHECK_CLEAN, "%s",
                      replayed ? "journal replayed, clean" : "clean");
        return 0;
    }
    if (c->readonly) {
        check_summary(c, status == 0 ? CHECK_CLEAN : CHECK_ERRORS_LEFT, "%u problem%s found%s%s",
                      found.problems, found.problems == 1 ? "" : "s",
                      found.problems ? ", the first: " : "", found.first);
        return 0;
    }
    return write_what_is_needed(c, &found, replayed, e);
}

int check_ext(struct check *c, struct error *e)
{
    const struct filesystem *fs = &c->volume->fs;

    snprintf(c->report->command, sizeof c->report->command, "e2fsck -f");
    if (c->mode == CHECK_QUICK && !fs->dirty && !fs->has_errors) {
        check_summary(c, CHECK_NOT_CHECKED, "not marked dirty");
        return 0;
    }
    return full_check(c, e);
}
