/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/boot_choice.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/cmdline.h"
#include "system/kernels.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 64
#define CMDLINE_MAX 2048

struct choices {
    int tree_fd;
    const char *prefix; /* where the boot files are: "/boot" in a root, "" in a /boot or ESP */
    struct boot_choice *items;
    unsigned count, max;
};

int boot_choice_word(const char *cmdline, const char *key, char *ret, size_t size)
{
    size_t length = strlen(key);
    int r = -ENOENT;

    while (*cmdline) {
        size_t word = strcspn(cmdline, " \t\n");

        if (word > length && strncmp(cmdline, key, length) == 0 && cmdline[length] == '=') {
            const char *value = cmdline + length + 1;
            size_t left = word - length - 1;

            if (left >= 2 && value[0] == '"' && value[left - 1] == '"') {
                value++;
                left -= 2;
            }
            r = left < size ? 0 : -ENOENT;
            if (r == 0)
                snprintf(ret, size, "%.*s", (int)left, value);
        }
        cmdline += word;
        cmdline += strspn(cmdline, " \t\n");
    }
    return r;
}

int boot_choice_grubenv(const char *text, const char *name, char *ret, size_t size)
{
    size_t length = strlen(name);

    while (*text) {
        size_t line = strcspn(text, "\n");

        if (line > length && strncmp(text, name, length) == 0 && text[length] == '=' &&
            line - length - 1 < size) {
            snprintf(ret, size, "%.*s", (int)(line - length - 1), text + length + 1);
            return 0;
        }
        text += line + (text[line] == '\n');
    }
    return -ENOENT;
}

/* Of several assignments the last one that is no variable: grub-mkconfig(8) writes those for "the
 * next boot only" before. */
int boot_choice_grub_default(const char *text)
{
    int n = 0;

    while ((text = strstr(text, "set default="))) {
        const char *value = text + strlen("set default=");
        char *end;
        unsigned long number;

        text = value;
        value += *value == '"' || *value == '\'';
        if (*value == '$')
            continue;
        number = strtoul(value, &end, 10);
        n = isdigit((unsigned char)*value) && !isalnum((unsigned char)*end) && *end != '>' &&
                    number <= 1000
                ? (int)number
                : -1;
    }
    return n;
}

static void add(struct choices *c, const char *cmdline)
{
    struct boot_choice *item = &c->items[c->count];

    if (c->count == c->max)
        return;
    memset(item, 0, sizeof *item);
    if (boot_choice_word(cmdline, "root", item->root, sizeof item->root) == 0) {
        (void)boot_choice_word(cmdline, "ostree", item->ostree, sizeof item->ostree);
        c->count++;
    }
}

static char *read_boot_file(const struct choices *c, const char *name)
{
    char path[512], *data;

    snprintf(path, sizeof path, "%s/%s", c->prefix, name);
    return path_read(c->tree_fd, path, PATH_CONFIG_MAX, &data, NULL) == 0 ? data : NULL;
}

static char *read_grubenv(const struct choices *c)
{
    char *data = read_boot_file(c, "grub2/grubenv");

    return data ? data : read_boot_file(c, "grub/grubenv");
}

/* --- entries of the Boot Loader Specification --- */

struct entry {
    char name[256]; /* of the file, without ".conf" */
};

static int newest_first(const void *a, const void *b)
{
    return kernels_compare(((const struct entry *)b)->name, ((const struct entry *)a)->name);
}

static unsigned list_entries(const struct choices *c, struct entry *ret)
{
    char path[64];
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;
    int fd;

    snprintf(path, sizeof path, "%s/loader/entries", c->prefix);
    fd = path_open(c->tree_fd, path, O_RDONLY | O_DIRECTORY);
    dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        fd_close(fd);
        return 0;
    }
    while (count < ENTRIES_MAX && (entry = readdir(dir)))
        if (text_ends_with(entry->d_name, ".conf") && !strstr(entry->d_name, "rescue"))
            snprintf(ret[count++].name, sizeof ret->name, "%.*s", (int)strlen(entry->d_name) - 5,
                     entry->d_name);
    closedir(dir);
    qsort(ret, count, sizeof *ret, newest_first);
    return count;
}

/* What loader.conf(5) or GRUB's "saved_entry" prefers comes first. */
static void prefer(struct entry *entries, unsigned count, const char *pattern)
{
    char copy[256];

    snprintf(copy, sizeof copy, "%s", pattern);
    if (text_ends_with(copy, ".conf"))
        copy[strlen(copy) - 5] = '\0';
    for (unsigned i = 0; i < count; i++) {
        struct entry chosen = entries[i];

        if (fnmatch(copy, chosen.name, 0) != 0)
            continue;
        memmove(entries + 1, entries, i * sizeof *entries);
        entries[0] = chosen;
        return;
    }
}

/* RHEL 8 keeps the arguments in GRUB's environment block. */
static void add_entry(struct choices *c, const char *name, const char *grubenv)
{
    char file[300], options[CMDLINE_MAX], both[2 * CMDLINE_MAX], kept[CMDLINE_MAX] = "";
    _cleanup_free_ char *data = NULL;

    snprintf(file, sizeof file, "loader/entries/%s.conf", name);
    data = read_boot_file(c, file);
    if (!data || cmdline_from_lines(data, "options", options, sizeof options) < 0)
        return;
    if (grubenv && strstr(options, "$kernelopts"))
        (void)boot_choice_grubenv(grubenv, "kernelopts", kept, sizeof kept);
    snprintf(both, sizeof both, "%s %s", kept, options);
    add(c, both);
}

static void add_entries(struct choices *c)
{
    _cleanup_free_ struct entry *entries = calloc(ENTRIES_MAX, sizeof *entries);
    _cleanup_free_ char *grubenv = read_grubenv(c), *conf = read_boot_file(c, "loader/loader.conf");
    unsigned count = entries ? list_entries(c, entries) : 0;
    char wanted[256];

    if (conf && cmdline_from_lines(conf, "default", wanted, sizeof wanted) == 0)
        prefer(entries, count, wanted);
    if (grubenv && boot_choice_grubenv(grubenv, "saved_entry", wanted, sizeof wanted) == 0)
        prefer(entries, count, wanted);
    for (unsigned i = 0; i < count; i++)
        add_entry(c, entries[i].name, grubenv);
}

/* --- other loaders --- */

static void add_grub(struct choices *c)
{
    static const char *const files[] = {"grub/grub.cfg", "grub2/grub.cfg"};
    _cleanup_free_ char *grubenv = read_grubenv(c);
    char saved[256] = "", cmdline[CMDLINE_MAX];

    if (grubenv)
        (void)boot_choice_grubenv(grubenv, "saved_entry", saved, sizeof saved);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *data = read_boot_file(c, files[i]);

        if (data && !saved[0] && boot_choice_grub_default(data) == 0 &&
            cmdline_from_grub(data, cmdline, sizeof cmdline) == 0)
            add(c, cmdline);
    }
}

/* extlinux.conf: the label that DEFAULT names, or the first. */
static void add_extlinux(struct choices *c)
{
    static const char *const files[] = {"extlinux/extlinux.conf", "syslinux/syslinux.cfg"};
    char label[128], heading[160], cmdline[CMDLINE_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *data = read_boot_file(c, files[i]);
        const char *from = data;

        if (!data)
            continue;
        if (cmdline_from_lines(data, "default", label, sizeof label) == 0) {
            snprintf(heading, sizeof heading, "label %s\n", label);
            from = strcasestr(data, heading);
        }
        if (from && cmdline_from_lines(from, "append", cmdline, sizeof cmdline) == 0)
            add(c, cmdline);
    }
}

static void add_raspberry(struct choices *c)
{
    static const char *const files[] = {"cmdline.txt", "firmware/cmdline.txt"};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *data = read_boot_file(c, files[i]);

        if (data)
            add(c, data);
    }
}

unsigned boot_choices_find(int tree_fd, struct boot_choice *ret, unsigned max)
{
    static const char *const prefixes[] = {"/boot", ""};
    struct choices c = {.tree_fd = tree_fd, .items = ret, .max = max};

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        c.prefix = prefixes[i];
        add_entries(&c);
        add_grub(&c);
        add_extlinux(&c);
        add_raspberry(&c);
    }
    return c.count;
}
