/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vfat, the EFI system partition mostly, by fsck.fat(8). */

#include "base/text.h"
#include "storage/check_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* fsck.fat(8), EXIT STATUS: 1 recoverable errors (or, after -a, fixed ones), 2 usage error. */
#define FAT_ERRORS 1

/* What fsck.fat says of each file system, or of one that was in use when the machine went down:
 * every EFI system partition has that mark after a crash, and nothing comes of it. It lies in the
 * boot sector (offset 37, or 65 of FAT32), whose copy does not have it: "65:01/00". */
static bool is_problem(const char *line)
{
    static const char *const harmless[] = {
        "fsck.fat ",
        "Dirty bit is set.",
        " Automatically removing dirty bit.",
        "There are differences between boot sector and its backup.",
        "This is mostly harmless. Differences:",
        "  65:01/00",
        "  37:01/00",
        "  Not automatically fixing this.",
        "Leaving filesystem unchanged."};

    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (text_starts_with(line, harmless[i]))
            return false;
    return line[0] && !strstr(line, " clusters");
}

static int run(struct check *c, const char *option, struct check_tool *tool, struct error *e)
{
    char *argv[] = {(char *)"fsck.fat", (char *)option, (char *)c->volume->node, NULL};

    return check_tool_run(c, argv, tool->stop == CHECK_STOP_KILL ? "checking" : "repairing", tool,
                          e);
}

int check_vfat(struct check *c, struct error *e)
{
    struct check_tool look = {.stop = CHECK_STOP_KILL, .is_problem = is_problem};
    struct check_tool mend = {.stop = CHECK_STOP_NEVER};
    int status;

    snprintf(c->report->command, sizeof c->report->command, "fsck.fat -r");
    if (c->mode == CHECK_QUICK) {
        check_summary(c, CHECK_NOT_CHECKED, "not marked dirty");
        return 0;
    }
    status = run(c, "-n", &look, e);
    if (status == CHECK_TOOL_INTERRUPTED) {
        check_summary(c, CHECK_INTERRUPTED, "the check was skipped with Ctrl-C");
        return 0;
    }
    if (status == 0)
        check_summary(c, CHECK_CLEAN, "clean");
    else if (status == FAT_ERRORS && c->readonly && look.problems == 0)
        check_summary(c, CHECK_CLEAN, "clean, and not unmounted");
    else if (status > 0 && (c->readonly || status != FAT_ERRORS))
        check_summary(c, CHECK_ERRORS_LEFT, "fsck.fat finds errors (status %d)", status);
    if (status <= 0 || c->readonly || status != FAT_ERRORS)
        return status < 0 ? status : 0;
    status = run(c, "-a", &mend, e);
    if (status < 0)
        return status;
    if (status <= FAT_ERRORS)
        check_summary(c, CHECK_FIXED_SAFE, "fixed by fsck.fat -a");
    else
        check_summary(c, CHECK_ERRORS_LEFT, "fsck.fat cannot fix it (status %d)", status);
    return 0;
}
