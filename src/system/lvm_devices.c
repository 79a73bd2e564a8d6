/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/lvm_devices.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of the field "KEY=" of a line, up to a blank; "" when it is not there. LVM looks for
 * the key anywhere in the line. */
static void field(const char *line, const char *key, char *ret, size_t size)
{
    const char *at = strstr(line, key);

    if (at)
        at += strlen(key);
    snprintf(ret, size, "%.*s", at ? (int)strcspn(at, " \t\r") : 0, at ? at : "");
}

static bool parse_line(const char *line, struct lvm_device *ret)
{
    struct lvm_device d = {.line = ret->line};
    char part[16];

    if (!text_starts_with(line, "IDTYPE="))
        return false;
    field(line, "IDTYPE=", d.id_type, sizeof d.id_type);
    field(line, "IDNAME=", d.id_name, sizeof d.id_name);
    field(line, "DEVNAME=", d.device_name, sizeof d.device_name);
    field(line, "PVID=", d.pvid, sizeof d.pvid);
    field(line, "PART=", part, sizeof part);
    d.part = (unsigned)strtoul(part, NULL, 10);
    *ret = d;
    return true;
}

bool lvm_devices_next(struct lvm_devices_walk *w, struct lvm_device *ret)
{
    while (w->at < w->end) {
        const char *newline = memchr(w->at, '\n', (size_t)(w->end - w->at));
        const char *stop = newline ? newline : w->end;
        char line[1024];

        /* A NUL ends the line here, as it does for LVM. */
        snprintf(line, sizeof line, "%.*s",
                 (int)(stop - w->at < (long)sizeof line ? stop - w->at : (long)sizeof line - 1),
                 w->at);
        w->at = newline ? newline + 1 : w->end;
        ret->line = ++w->line;
        if (parse_line(line, ret))
            return true;
    }
    return false;
}
