/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/ui.h"
#include "terminal/width.h"
#include "terminal/wrap.h"

#include <string.h>

int ui_format_field(struct text *out, unsigned columns, unsigned key_width, const char *key,
                    const char *value)
{
    size_t size = strlen(key);
    unsigned used = width_of(key, size);

    (void)text_append(out, key, size);
    /* A key that fills its column must not touch the value. */
    do {
        (void)text_append(out, " ", 1);
    } while (++used < key_width);
    (void)wrap_append(out, value, columns, used, key_width);
    return text_append(out, "\n", 1);
}
