/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/pi_config.h"

#include "base/text.h"
#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Longer lines are cut by the firmware, too (98 characters in old versions). */
#define NAME_SIZE 128

static void set(char ret[NAME_SIZE], const char *value)
{
    snprintf(ret, NAME_SIZE, "%.*s", (int)strcspn(value, " \t"), value);
}

static void set_value(struct pi_config *c, const char *line, unsigned number)
{
    const struct {
        const char *key;
        char *member;
        unsigned *line;
    } texts[] = {
        {"kernel=", c->kernel, &c->kernel_line},
        {"cmdline=", c->cmdline, NULL},
        {"os_prefix=", c->prefix, NULL},
        {"initramfs ", c->initramfs, &c->initramfs_line}, /* "initramfs FILE followkernel" */
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t length = strlen(texts[i].key);

        if (strncmp(line, texts[i].key, length) != 0)
            continue;
        set(texts[i].member, line + length + strspn(line + length, " \t"));
        if (texts[i].line)
            *texts[i].line = number;
        return;
    }
    if (text_starts_with(line, "auto_initramfs="))
        c->automatic = line[strlen("auto_initramfs=")] == '1';
}

void pi_config_parse(const char *data, size_t size, struct pi_config *ret)
{
    struct pi_config c = {.cmdline = "cmdline.txt"};
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    bool everywhere = true;

    while (lines_next(&l, line)) {
        const char *at = lines_strip(line);

        if (*at == '[')
            everywhere = text_starts_with(at, "[all]");
        else if (everywhere)
            set_value(&c, at, l.number);
    }
    *ret = c;
}

int pi_config_entry(const struct pi_config *pi, const char *file, const char *cmdline,
                    struct boot_entries *ret)
{
    struct boot_entry *e = boot_entries_add(ret, file, 1);
    char path[2 * NAME_SIZE + 2];
    int r;

    if (!e)
        return -ENOMEM;
    r = boot_entry_set(&e->options, cmdline, strcspn(cmdline, "\r\n"));
    if (r == 0 && pi->kernel[0]) {
        e->kernel_line = pi->kernel_line;
        snprintf(path, sizeof path, "/%s%s", pi->prefix, pi->kernel);
        r = boot_entry_set(&e->kernel, path, strlen(path));
    }
    if (r == 0 && pi->initramfs[0]) {
        e->initrd_line = pi->initramfs_line;
        snprintf(path, sizeof path, "/%s%s", pi->prefix, pi->initramfs);
        r = boot_entry_add_initrd(e, path, strlen(path));
    }
    return r;
}
