/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * XFS: a mount replays its log, which is the whole of an ordinary check (fsck.xfs(8) does nothing).
 * xfs_repair(8) looks without writing (-n) when the mount failed or a repair was asked for; it
 * refuses to write over a log that is not replayed, and -L, which would throw that log away, is
 * never given here.
 */

#include "base/text.h"
#include "storage/check_private.h"
#include "storage/mount.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* xfs_repair(8), EXIT STATUS. */
#define REPAIR_CORRUPT   1
#define REPAIR_DIRTY_LOG 2

static bool is_finding(const char *line)
{
    return text_starts_with(line, "would have ") || text_starts_with(line, "bad ") ||
           text_starts_with(line, "correcting ");
}

/* A mount and an unmount replay the log. */
static int replay(struct check *c, struct error *e)
{
    int fd = mount_volume(c->volume, MOUNT_WRITE, NULL, NULL, 0, e);

    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

static int look(struct check *c, struct check_tool *ret_tool, struct error *e)
{
    char *argv[] = {(char *)"xfs_repair", (char *)"-n", (char *)c->volume->node, NULL};

    *ret_tool = (struct check_tool){.stop = CHECK_STOP_KILL, .is_problem = is_finding};
    return check_tool_run(c, argv, "checking", ret_tool, e);
}

/* It rewrites whole trees: half of it is worse than none. */
static int repair(struct check *c, struct error *e)
{
    char *argv[] = {(char *)"xfs_repair", (char *)c->volume->node, NULL};
    struct check_tool tool = {.stop = CHECK_STOP_NEVER, .is_problem = is_finding};
    int status = check_tool_run(c, argv, "repairing", &tool, e);

    if (status < 0)
        return status;
    if (status == 0)
        check_summary(c, CHECK_REPAIRED, "repaired by xfs_repair");
    else if (status == REPAIR_DIRTY_LOG)
        check_summary(c, CHECK_ERRORS_LEFT,
                      "its log cannot be replayed; xfs_repair -L would throw the log away and may "
                      "lose data: decide that yourself");
    else
        check_summary(c, CHECK_ERRORS_LEFT, "xfs_repair failed (status %d)", status);
    return 0;
}

/* "xfs_repair finds 2 problems, the first: ..."; that it found some it always says with its status.
 */
static void describe(const struct check_tool *found, char summary[static 256])
{
    if (found->problems)
        snprintf(summary, 256, "xfs_repair finds %u problem%s, the first: %s", found->problems,
                 found->problems == 1 ? "" : "s", found->first);
    else
        snprintf(summary, 256, "xfs_repair finds errors");
}

static int ask_and_repair(struct check *c, const struct check_tool *found, struct error *e)
{
    char summary[256];
    int answer = c->mode == CHECK_REPAIR;

    describe(found, summary);
    if (!answer)
        answer = check_ask(c, summary, e);
    if (answer == 1)
        return repair(c, e);
    if (answer == 0)
        check_summary(c, CHECK_ERRORS_LEFT, "%s", summary);
    return answer;
}

int check_xfs(struct check *c, struct error *e)
{
    struct check_tool found;
    struct error damaged = {0};
    char summary[256];
    int status;

    snprintf(c->report->command, sizeof c->report->command, "xfs_repair");
    if ((!c->readonly || c->volume->scratch) && replay(c, &damaged) == 0 &&
        c->mode != CHECK_REPAIR && !c->readonly) {
        check_summary(c, CHECK_NOT_CHECKED,
                      "its log was replayed by mounting; --fsck=repair looks at all of it");
        return 0;
    }
    if (damaged.kind == ERROR_HOST) {
        *e = damaged;
        return damaged.code;
    }
    status = look(c, &found, e);
    if (status == CHECK_TOOL_INTERRUPTED) {
        check_summary(c, CHECK_INTERRUPTED, "the check was skipped with Ctrl-C");
        return 0;
    }
    if (status < 0)
        return status;
    if (status == 0)
        check_summary(c, CHECK_CLEAN, "clean");
    if (status != 0 && !c->readonly)
        return ask_and_repair(c, &found, e);
    if (status != 0) {
        describe(&found, summary);
        check_summary(c, CHECK_ERRORS_LEFT, "%s", summary);
    }
    return 0;
}
