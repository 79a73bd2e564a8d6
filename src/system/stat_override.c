/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/stat_override.h"

#include "system/lines.h"

#include <string.h>

bool stat_override_names(const char *data, size_t size, const char *path)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];

    while (lines_next(&l, line)) {
        char *rest = line, *word = line;

        /* User, group, mode; then the path. */
        for (unsigned i = 0; word && i < 3; i++)
            word = lines_word(&rest);
        if (word && strcmp(rest, path) == 0)
            return true;
    }
    return false;
}
