/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Found items of a btrfs' tree of tree roots, as a damaged or hostile file system may have them:
 * every subvolume has an id that is greater than the one before, names are one path component, and
 * each family is named by its first member. */

#include "storage/subvolume.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct subvolume_set s = {.items = NULL};
    unsigned *family;

    if (subvolumes_parse(data, size, 1000, &s) < 0)
        abort();
    family = calloc((size_t)s.count + 1, sizeof *family);
    if (!family)
        abort();
    subvolume_families(&s, family);
    for (unsigned i = 0; i < s.count; i++) {
        if (i && s.items[i].id <= s.items[i - 1].id)
            abort();
        if (strchr(s.items[i].name, '/') || (s.items[i].parent && !s.items[i].name[0]))
            abort();
        if (subvolume_find(&s, s.items[i].id) != &s.items[i])
            abort();
        if (family[i] > i || family[family[i]] != family[i])
            abort();
    }
    free(family);
    subvolumes_free(&s);
    return 0;
}
