/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * btrfs: copy-on-write, so an ordinary check is a mount. `btrfs check --readonly` looks when the
 * mount failed or a full check was asked for; `--repair` is its makers' last resort
 * (btrfs-check(8)) and is left to the person.
 */

#include "base/text.h"
#include "storage/check_private.h"
#include "storage/mount.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_finding(const char *line)
{
    return strncasecmp(line, "error", 5) == 0 || strstr(line, "errors ") != NULL;
}

static int look(struct check *c, struct check_tool *ret_tool, struct error *e)
{
    char *argv[] = {(char *)"btrfs", (char *)"check", (char *)"--readonly", (char *)c->volume->node,
                    NULL};

    *ret_tool = (struct check_tool){.stop = CHECK_STOP_KILL, .is_problem = is_finding};
    return check_tool_run(c, argv, "checking", ret_tool, e);
}

static bool mounts(struct check *c, struct error *e)
{
    int fd =
        mount_volume(c->volume, c->readonly && !c->volume->scratch ? MOUNT_NO_REPLAY : MOUNT_WRITE,
                     NULL, NULL, 0, e);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

int check_btrfs(struct check *c, struct error *e)
{
    struct check_tool found;
    struct error damaged = {0};
    int status;

    snprintf(c->report->command, sizeof c->report->command, "btrfs check --readonly");
    if (mounts(c, &damaged) && c->mode != CHECK_REPAIR && !c->readonly) {
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
    else
        check_summary(c, CHECK_ERRORS_LEFT,
                      "btrfs check finds errors%s%s; its --repair is a last resort, save the data "
                      "first (btrfs restore)",
                      found.problems ? ", the first: " : "", found.first);
    return 0;
}
