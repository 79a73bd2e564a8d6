/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/swaps.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"

#include <string.h>

#define SWAPS_MAX ((size_t)1 << 20)

int swaps_each(int (*each)(void *userdata, const char *path, const struct stat *st), void *userdata)
{
    _cleanup_free_ char *data = NULL;
    char *rest, *line;
    int r = 0;

    if (host_read("/proc/swaps", SWAPS_MAX, &data, NULL) < 0)
        return 0;
    rest = data;
    (void)strsep(&rest, "\n"); /* the heading */
    while (r == 0 && (line = strsep(&rest, "\n"))) {
        char *name = strsep(&line, " \t");
        struct stat st;

        text_decode_octal(name);
        if (name[0] == '/' && host_stat(name, &st) == 0)
            r = each(userdata, name, &st);
    }
    return r;
}
