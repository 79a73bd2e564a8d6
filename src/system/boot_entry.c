/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/boot_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int boot_entry_set(char **member, const char *value, size_t size)
{
    char *copy = strndup(value, size);

    if (!copy)
        return -ENOMEM;
    free(*member);
    *member = copy;
    return 0;
}

static void free_entry(struct boot_entry *e)
{
    char *owned[] = {e->options_file, e->file,       e->title,  e->id,       e->kernel,
                     e->options,      e->devicetree, e->search, e->sort_key, e->version,
                     e->machine_id,   e->release,    e->os_id};

    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        free(owned[i]);
    for (unsigned i = 0; i < e->initrd_count; i++)
        free(e->initrds[i]);
}

void boot_entries_free(struct boot_entries *e)
{
    for (unsigned i = 0; i < e->count; i++)
        free_entry(&e->items[i]);
    free(e->items);
    *e = (struct boot_entries){0};
}

struct boot_entry *boot_entries_add(struct boot_entries *e, const char *file, unsigned line)
{
    struct boot_entry entry = {.line = line, .parent = -1}, *grown;

    if (e->count == BOOT_ENTRIES_MAX)
        return NULL;
    grown = reallocarray(e->items, e->count + 1, sizeof *grown);
    if (!grown)
        return NULL;
    e->items = grown;
    if (boot_entry_set(&entry.file, file, strlen(file)) < 0 ||
        boot_entry_set(&entry.title, "", 0) < 0 || boot_entry_set(&entry.id, "", 0) < 0 ||
        boot_entry_set(&entry.options, "", 0) < 0) {
        free_entry(&entry);
        return NULL;
    }
    grown[e->count] = entry;
    return &grown[e->count++];
}

int boot_entry_add_initrd(struct boot_entry *e, const char *path, size_t size)
{
    if (e->initrd_count == BOOT_INITRDS_MAX)
        return 0;
    e->initrds[e->initrd_count] = strndup(path, size);
    if (!e->initrds[e->initrd_count])
        return -ENOMEM;
    e->initrd_count++;
    return 0;
}

bool boot_entry_is_rescue(const struct boot_entry *e)
{
    static const char *const words[] = {"rescue", "recovery", "(fallback", "single-user"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(e->title, words[i]) || strstr(e->id, words[i]))
            return true;
    return false;
}
