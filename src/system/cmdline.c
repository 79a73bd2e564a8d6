/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/cmdline.h"

#include "base/fd.h"
#include "base/path.h"
#include "system/boot_menus.h"

#include <stdbool.h>
#include <string.h>

void cmdline_clean(const char *text, char *ret, size_t size)
{
    size_t used = 0;

    while (*text) {
        size_t length = 0;

        while ((unsigned char)text[length] > ' ')
            length++;
        if (length && text[0] != '$' && length < size - used - (used > 0)) {
            if (used)
                ret[used++] = ' ';
            memcpy(ret + used, text, length);
            used += length;
        }
        text += length + (text[length] != '\0');
    }
    ret[used] = '\0';
}

/* The default's, else the first that is not for bad days; all of a system are alike here. */
static const struct boot_entry *choose(const struct boot_menu *m)
{
    const struct boot_entry *first = NULL;

    for (unsigned i = 0; i < m->entries.count; i++) {
        const struct boot_entry *e = &m->entries.items[i];

        if (!e->options[0] || boot_entry_is_rescue(e))
            continue;
        if (m->default_entry == (int)i)
            return e;
        first = first ? first : e;
    }
    return first;
}

static bool from_menus(int root_fd, char *ret, size_t size)
{
    struct boot_menus menus;
    bool found = false;

    if (boot_menus_read(root_fd, BOOT_TREE_ROOT, &menus) < 0)
        return false;
    for (unsigned i = 0; i < menus.count && !found; i++) {
        const struct boot_entry *e = choose(&menus.items[i]);

        found = e != NULL;
        if (e)
            cmdline_clean(e->options, ret, size);
    }
    boot_menus_free(&menus);
    return found;
}

void cmdline_inspect(int root_fd, char *ret, size_t size)
{
    _cleanup_free_ char *data = NULL;

    ret[0] = '\0';
    if (!from_menus(root_fd, ret, size) &&
        path_read(root_fd, "/etc/kernel/cmdline", 65536, &data, NULL) == 0)
        cmdline_clean(data, ret, size);
}
