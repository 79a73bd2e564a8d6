/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vfat, the EFI system partition mostly, by fsck.fat(8). */

#include "storage/check_private.h"

#include <errno.h>
#include <stdio.h>

/* fsck.fat(8), EXIT STATUS: 1 recoverable errors (or, after -a, fixed ones), 2 usage error. */
#define FAT_ERRORS 1

static int run(struct check *c, const char *option, enum check_stop stop, struct error *e)
{
    char *argv[] = {(char *)"fsck.fat", (char *)option, (char *)c->volume->node, NULL};
    struct check_tool tool = {.stop = stop};

    return check_tool_run(c, argv, stop == CHECK_STOP_KILL ? "checking" : "repairing", &tool, e);
}

int check_vfat(struct check *c, struct error *e)
{
    int status;

    snprintf(c->report->command, sizeof c->report->command, "fsck.fat -r %s", c->volume->node);
    if (c->mode == CHECK_QUICK) {
        check_summary(c, CHECK_NOT_CHECKED, "not marked dirty");
        return 0;
    }
    status = run(c, "-n", CHECK_STOP_KILL, e);
    if (status == CHECK_TOOL_INTERRUPTED) {
        check_summary(c, CHECK_INTERRUPTED, "the check was skipped with Ctrl-C");
        return 0;
    }
    if (status == 0)
        check_summary(c, CHECK_CLEAN, "clean");
    else if (status > 0 && (c->readonly || status != FAT_ERRORS))
        check_summary(c, CHECK_ERRORS_LEFT, "fsck.fat finds errors (status %d)", status);
    if (status <= 0 || c->readonly || status != FAT_ERRORS)
        return status < 0 ? status : 0;
    status = run(c, "-a", CHECK_STOP_NEVER, e);
    if (status < 0)
        return status;
    if (status <= FAT_ERRORS)
        check_summary(c, CHECK_FIXED_SAFE, "fixed by fsck.fat -a");
    else
        check_summary(c, CHECK_ERRORS_LEFT, "fsck.fat cannot fix it (status %d)", status);
    return 0;
}
