/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/boot_roots.h"

#include "system/boot_menus.h"
#include "system/kernel_arguments.h"

#include <string.h>

struct roots {
    struct boot_root *items;
    unsigned count, max;
};

static void add(struct roots *r, const struct boot_entry *e, bool is_default)
{
    struct boot_root *item = &r->items[r->count];

    if (r->count == r->max || boot_entry_is_rescue(e))
        return;
    *item = (struct boot_root){.is_default = is_default};
    /* '$': a variable that only the running loader knows. */
    if (!kernel_arguments_get(e->options, "root", item->root, sizeof item->root) ||
        !item->root[0] || strchr(item->root, '$'))
        return;
    if (!kernel_arguments_get(e->options, "ostree", item->ostree, sizeof item->ostree))
        item->ostree[0] = '\0';
    r->count++;
}

static void add_menu(struct roots *r, const struct boot_menu *m)
{
    if (m->default_entry >= 0)
        add(r, &m->entries.items[m->default_entry], !m->default_unknown);
    for (unsigned i = 0; i < m->entries.count; i++)
        if ((int)i != m->default_entry)
            add(r, &m->entries.items[i], false);
}

unsigned boot_roots_find(int tree_fd, struct boot_root *ret, unsigned max)
{
    static const enum boot_tree kinds[] = {BOOT_TREE_ROOT, BOOT_TREE_BOOT};
    struct roots roots = {.items = ret, .max = max};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct boot_menus menus;

        if (boot_menus_read(tree_fd, kinds[i], &menus) < 0)
            continue;
        for (unsigned j = 0; j < menus.count; j++)
            add_menu(&roots, &menus.items[j]);
        boot_menus_free(&menus);
    }
    return roots.count;
}
