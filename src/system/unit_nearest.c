/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/nearest.h"
#include "system/directory.h"
#include "system/units.h"

#include <stdio.h>

static bool is_loadable(int root_fd, const char *name)
{
    struct unit u;
    bool loaded;

    if (unit_load(root_fd, name, &u) < 0)
        return false;
    loaded = u.load == UNIT_LOADED;
    unit_free(&u);
    return loaded;
}

/* The nearest of each directory, and of these the nearest. */
bool unit_nearest(int root_fd, const char *typed, char *ret, size_t size)
{
    struct directory directories[UNIT_DIRECTORIES];
    const char *words[UNIT_DIRECTORIES], *nearest;
    size_t count = 0;
    bool found;

    for (size_t i = 0; i < UNIT_DIRECTORIES; i++) {
        struct directory *d = &directories[i];
        const char *word;

        (void)directory_list(root_fd, unit_directories[i], "", d);
        word = nearest_word(typed, (const char *const *)d->names, d->count);
        if (word && is_loadable(root_fd, word))
            words[count++] = word;
    }
    nearest = nearest_word(typed, words, count);
    found = nearest && (size_t)snprintf(ret, size, "%s", nearest) < size;
    for (size_t i = 0; i < UNIT_DIRECTORIES; i++)
        directory_free(&directories[i]);
    return found;
}
