/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/dpkg_status.h"

#include <stdio.h>
#include <string.h>

/* What stands behind "KEY: " when the line is that field, as text in @ret. */
static bool field(const char *line, size_t length, const char *key, char *ret, size_t size)
{
    size_t used = strlen(key);

    if (length < used || memcmp(line, key, used) != 0)
        return false;
    snprintf(ret, size, "%.*s", (int)(length - used < size ? length - used : size - 1),
             line + used);
    return true;
}

bool dpkg_status_next(struct dpkg_walk *w, struct dpkg_package *ret)
{
    struct dpkg_package p = {0};
    bool found = false;

    while (w->at < w->end) {
        const char *line = w->at, *newline = memchr(line, '\n', (size_t)(w->end - line));
        size_t length = (size_t)((newline ? newline : w->end) - line);
        char status[128];

        w->at = newline ? newline + 1 : w->end;
        if (length == 0) { /* the end of the paragraph */
            if (found)
                break;
            p = (struct dpkg_package){0};
        } else if (!field(line, length, "Package: ", p.name, sizeof p.name) &&
                   field(line, length, "Status: ", status, sizeof status)) {
            found = sscanf(status, "%31s %31s %31s", p.want, p.flag, p.state) == 3;
        }
    }
    if (found)
        *ret = p;
    return found;
}
