/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/boot_text.h"

#include "base/text.h"
#include "system/kernels.h"
#include "system/lines.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r"

/* The value when the line is "key value", key in any case; NULL otherwise. The line loses the
 * blanks at its end. */
static char *value_of(char *line, const char *key)
{
    size_t length = strlen(key), end = strlen(line);

    while (end > 0 && strchr(BLANKS, line[end - 1]))
        line[--end] = '\0';
    line += strspn(line, BLANKS);
    if (strncasecmp(line, key, length) != 0 || !line[length] || !strchr(BLANKS, line[length]))
        return NULL;
    return line + length + strspn(line + length, BLANKS);
}

/* --- the Boot Loader Specification --- */

/* "x $kernelopts y" with the variables of GRUB's environment put in. */
static int expand(const char *from, const struct grub_environment *environment, struct text *out,
                  char *undefined, size_t undefined_size)
{
    while (*from) {
        char name[64], value[GRUB_ENVIRONMENT_SIZE + 1];
        size_t plain = strcspn(from, "$"), length = 0;
        bool braces;

        (void)text_append(out, from, plain);
        from += plain;
        if (!*from)
            break;
        braces = *++from == '{';
        from += braces;
        while (length + 1 < sizeof name && (isalnum((unsigned char)*from) || *from == '_'))
            name[length++] = *from++;
        name[length] = '\0';
        from += braces && *from == '}';
        if (grub_environment_get(environment, name, value, sizeof value) == 0)
            (void)text_append(out, value, strlen(value));
        else if (undefined && !*undefined)
            snprintf(undefined, undefined_size, "%s", name);
    }
    return out->failed;
}

static int add_options(struct boot_entry *e, const char *options)
{
    _cleanup_text_ struct text t = TEXT_INIT(65536);

    (void)text_appendf(&t, "%s%s%s", e->options, e->options[0] ? " " : "", options);
    return t.failed ? t.failed : boot_entry_set(&e->options, t.data, t.size);
}

/* Several in one line are several; a variable that is not set is none. */
static int add_initrds(struct boot_entry *e, char *value)
{
    char *word;
    int r = 0;

    while (r == 0 && (word = lines_word(&value)))
        r = boot_entry_add_initrd(e, word, strlen(word));
    return r;
}

static int set_bls_value(struct boot_entry *e, char *line, unsigned number)
{
    const struct {
        const char *key;
        char **member;
    } texts[] = {
        {"title", &e->title},       {"version", &e->version}, {"machine-id", &e->machine_id},
        {"sort-key", &e->sort_key}, {"linux", &e->kernel},    {"devicetree", &e->devicetree},
        {"uki", &e->kernel},        {"efi", &e->kernel},
    };
    char *value;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        value = value_of(line, texts[i].key);
        if (!value)
            continue;
        if (texts[i].member == &e->kernel)
            e->kernel_line = number;
        return boot_entry_set(texts[i].member, value, strlen(value));
    }
    value = value_of(line, "initrd");
    if (value) {
        e->initrd_line = number;
        return add_initrds(e, value);
    }
    value = value_of(line, "options");
    return value ? add_options(e, value) : 0;
}

int bls_parse(const char *data, size_t size, const char *file,
              const struct grub_environment *environment, struct boot_entries *ret, char *undefined,
              size_t undefined_size)
{
    struct boot_entry *e = boot_entries_add(ret, file, 1);
    const char *name = strrchr(file, '/');
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    int r;

    if (undefined)
        undefined[0] = '\0';
    if (!e)
        return ret->count == BOOT_ENTRIES_MAX ? -E2BIG : -ENOMEM;
    name = name ? name + 1 : file;
    r = boot_entry_set(&e->id, name,
                       strlen(name) - (text_ends_with(name, ".conf") ? strlen(".conf") : 0));
    while (r == 0 && lines_next(&l, line)) {
        _cleanup_text_ struct text t = TEXT_INIT(65536);

        if (line[strspn(line, BLANKS)] == '#')
            continue;
        if (!environment || !strchr(line, '$')) {
            r = set_bls_value(e, line, l.number);
        } else if (expand(line, environment, &t,
                          strncmp(line, "options", 7) == 0 ? undefined : NULL,
                          undefined_size) == 0 &&
                   t.data) {
            r = set_bls_value(e, t.data, l.number);
        }
    }
    return r;
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* systemd's boot_entry_compare(): with a sort key before without; then by it, the machine, the
 * version, and last the name, newest first. */
static int compare_entries(const void *a, const void *b)
{
    const struct boot_entry *x = a, *y = b;
    int r = !x->sort_key - !y->sort_key;

    if (r == 0 && x->sort_key) {
        r = compare_text(x->sort_key, y->sort_key);
        if (r == 0)
            r = compare_text(x->machine_id, y->machine_id);
        if (r == 0)
            r = kernels_compare(y->version ? y->version : "", x->version ? x->version : "");
    }
    return r ? r : kernels_compare(y->id, x->id);
}

void bls_sort(struct boot_entries *entries, unsigned first)
{
    if (entries->count > first)
        qsort(entries->items + first, entries->count - first, sizeof *entries->items,
              compare_entries);
}

int loader_conf_get(const char *data, size_t size, const char *key, char *ret, size_t ret_size,
                    unsigned *ret_line)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    int r = -ENOENT;

    while (lines_next(&l, line)) {
        const char *value = value_of(line, key);

        if (!value)
            continue;
        if (strlen(value) >= ret_size)
            return -ENAMETOOLONG;
        snprintf(ret, ret_size, "%s", value);
        if (ret_line)
            *ret_line = l.number;
        r = 0;
    }
    return r;
}

int loader_conf_find(const struct boot_entries *entries, const char *pattern)
{
    for (unsigned i = 0; i < entries->count; i++) {
        char name[300];

        snprintf(name, sizeof name, "%.280s.conf", entries->items[i].id);
        if (fnmatch(pattern, entries->items[i].id, FNM_CASEFOLD) == 0 ||
            fnmatch(pattern, name, FNM_CASEFOLD) == 0)
            return (int)i;
    }
    return -1;
}

/* --- extlinux and syslinux --- */

/* "append initrd=a,b root=...": the files are taken out of it. */
static int take_initrds(struct boot_entry *e, const char *append)
{
    static const char key[] = "initrd=";
    const char *at = strstr(append, key);
    int r = 0;

    if (!at || (at != append && at[-1] != ' '))
        return 0;
    at += sizeof key - 1;
    while (r == 0 && *at && *at != ' ') {
        size_t length = strcspn(at, ", ");

        r = boot_entry_add_initrd(e, at, length);
        at += length + (at[length] == ',');
    }
    return r;
}

static int set_extlinux_value(struct boot_entry *e, char *line, unsigned number)
{
    static const char *const kernels[] = {"kernel", "linux", "fit"};
    static const char *const trees[] = {"fdt", "devicetree"};
    char *value;
    int r;

    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if ((value = value_of(line, kernels[i]))) {
            e->kernel_line = number;
            return boot_entry_set(&e->kernel, value, strcspn(value, "#")); /* "image#conf" of FIT */
        }
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++)
        if ((value = value_of(line, trees[i])))
            return boot_entry_set(&e->devicetree, value, strlen(value));
    if ((value = value_of(line, "menu label")))
        return boot_entry_set(&e->title, value, strlen(value));
    if ((value = value_of(line, "initrd"))) {
        e->initrd_line = number;
        for (char *comma = value; (comma = strchr(comma, ','));)
            *comma = ' ';
        return add_initrds(e, value);
    }
    value = value_of(line, "append");
    if (!value)
        return 0;
    if (!e->initrd_count) {
        r = take_initrds(e, value);
        if (r < 0)
            return r;
        e->initrd_line = number;
    }
    return boot_entry_set(&e->options, value, strlen(value));
}

int extlinux_parse(const char *data, size_t size, const char *file, struct boot_entries *ret,
                   int *ret_default, char **ret_default_name)
{
    struct lines l = LINES_OF(data, size);
    struct boot_entry *e = NULL;
    char line[LINES_WIDTH], *wanted = NULL, *value;
    unsigned first = ret->count;
    int r = 0;

    *ret_default = -1;
    while (r == 0 && lines_next(&l, line)) {
        if ((value = value_of(line, "default")) && !wanted) {
            r = boot_entry_set(&wanted, value, strlen(value));
        } else if ((value = value_of(line, "label"))) {
            e = boot_entries_add(ret, file, l.number);
            if (!e)
                break;
            r = boot_entry_set(&e->id, value, strlen(value));
        } else if (e) {
            /* "menu default" marks the label that it stands in. */
            if ((value = value_of(line, "menu")) && strcasecmp(value, "default") == 0)
                *ret_default = (int)(e - ret->items);
            r = set_extlinux_value(e, line, l.number);
        }
    }
    for (unsigned i = first; i < ret->count && wanted; i++)
        if (strcmp(ret->items[i].id, wanted) == 0)
            *ret_default = (int)i;
    *ret_default_name = wanted;
    return r;
}
