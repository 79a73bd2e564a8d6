/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/rpm_log.h"

#include "base/text.h"
#include "system/lines.h"

#include <stdio.h>
#include <string.h>

/* Behind "TIME SUBDEBUG "; NULL: the line is no step of a transaction. */
static const char *step_of(const char *line)
{
    static const char mark[] = " SUBDEBUG ";
    const char *at = strstr(line, mark);

    return at && line[0] != ' ' ? at + strlen(mark) : NULL;
}

void rpm_log_read(const char *data, size_t size, bool (*is_vital)(const char *package),
                  struct rpm_log *ret)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    unsigned come = 0, gone = 0;
    bool begins = true; /* with the next step */

    *ret = (struct rpm_log){.unfinished = 0};
    while (lines_next(&l, line)) {
        const char *step = step_of(line);

        /* Each run of dnf begins so, most do without a step. */
        if (strstr(line, "--- logging initialized ---"))
            begins = true;
        if (!step)
            continue;
        if (begins) {
            come = gone = 0;
            *ret = (struct rpm_log){.unfinished = 0};
            snprintf(ret->began, sizeof ret->began, "%.*s", (int)strcspn(line, " "), line);
        }
        begins = false;
        if (text_starts_with(step, "Upgrade: ")) {
            const char *package = step + strlen("Upgrade: ");

            come++;
            if (!ret->vital[0] && is_vital(package))
                snprintf(ret->vital, sizeof ret->vital, "%.127s", package);
        } else if (text_starts_with(step, "Upgraded: ")) {
            gone++;
        }
    }
    ret->unfinished = come > gone ? come - gone : 0;
}
