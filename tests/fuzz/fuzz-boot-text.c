/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Texts that decide what is booted: grub.cfg and its environment, BLS entries, loader.conf,
 * extlinux, config.txt, command lines, modprobe.d, sysctl.d, units. */

#include "system/boot_text.h"
#include "system/fstab_edit.h"
#include "system/grub_config.h"
#include "system/kernel_arguments.h"
#include "system/kernel_modules.h"
#include "system/modprobe_config.h"
#include "system/pi_config.h"
#include "system/sysctl_config.h"
#include "system/unit_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_entries(const struct boot_entries *entries)
{
    for (unsigned i = 0; i < entries->count; i++) {
        const struct boot_entry *e = &entries->items[i];

        if (!e->title || !e->id || !e->options || !e->file || e->initrd_count > BOOT_INITRDS_MAX ||
            e->parent >= (int)i)
            abort();
        for (unsigned j = 0; j < e->initrd_count; j++)
            if (!e->initrds[j])
                abort();
    }
}

static void check_grub(const char *data, size_t size, const char *text)
{
    struct grub_environment env = {data, size};
    struct grub_config c;
    int found;

    if (grub_config_parse(data, size, "/f", &env, &c) < 0)
        return;
    check_entries(&c.entries);
    found = grub_config_find(&c.entries, text);
    if (found >= (int)c.entries.count || (found >= 0 && c.entries.items[found].submenu))
        abort();
    (void)grub_config_find(&c.entries, c.default_entry ? c.default_entry : "");
    grub_config_free(&c);
}

/* What is written is valid, and says what was asked for. */
static void check_environment(const char *data, size_t size)
{
    struct grub_environment env = {data, size}, again;
    char block[GRUB_ENVIRONMENT_SIZE], value[64];

    if (grub_environment_write(&env, "kernelopts", "a\\b c", block) < 0)
        return;
    again = (struct grub_environment){block, sizeof block};
    if (!grub_environment_is_valid(block, sizeof block, NULL, 0) ||
        grub_environment_get(&again, "kernelopts", value, sizeof value) < 0 ||
        strcmp(value, "a\\b c") != 0)
        abort();
}

static void check_lines(const char *data, size_t size)
{
    struct boot_entries entries = {0};
    struct grub_environment env = {data, size};
    struct pi_config pi;
    char undefined[16], value[32], *name = NULL;
    int found = -1;

    (void)bls_parse(data, size, "/e/x.conf", &env, &entries, undefined, sizeof undefined);
    (void)bls_parse(data, size, "/e/y.conf", NULL, &entries, NULL, 0);
    (void)extlinux_parse(data, size, "/f", &entries, &found, &name);
    if (found >= (int)entries.count)
        abort();
    free(name);
    pi_config_parse(data, size, &pi);
    (void)pi_config_entry(&pi, "/f", "root=x", &entries);
    bls_sort(&entries, 0);
    check_entries(&entries);
    (void)loader_conf_find(&entries, "*x");
    boot_entries_free(&entries);
    (void)loader_conf_get(data, size, "default", value, sizeof value, NULL);
    (void)unit_file_get(data, size, "Mount", "What", value, sizeof value, NULL);
}

static void check_walks(const char *data, size_t size)
{
    struct modprobe_walk m = MODPROBE_WALK(data, size);
    struct sysctl_walk s = SYSCTL_WALK(data, size);
    struct modprobe_line ban;
    struct sysctl_line setting;

    while (modprobe_next(&m, &ban))
        if (!ban.module[0] || strchr(ban.module, '-'))
            abort();
    while (sysctl_next(&s, &setting))
        if (!setting.name[0])
            abort();
}

/* Nothing but the word is taken out, and it is gone. */
static void check_edits(const char *text)
{
    _cleanup_text_ struct text t = TEXT_INIT(1 << 20), same = TEXT_INIT(1 << 20),
                               line = TEXT_INIT(1 << 20);
    char value[32];

    (void)kernel_arguments_get(text, "root", value, sizeof value);
    if (kernel_arguments_edit(text, "quiet", "quiet", &same) >= 0 && strcmp(same.data, text) != 0)
        abort();
    if (kernel_arguments_edit(text, "quiet", NULL, &t) >= 0 && strlen(t.data) > strlen(text))
        abort();
    (void)kernel_modules_list_has(text, "vfat");
    if (unit_name_from_path(text, ".mount", value, sizeof value) == 0 && strchr(value, '/'))
        abort();
    if (strchr(text, '\n'))
        return;
    (void)fstab_edit_join(text, &line);
    (void)fstab_edit_replace_option(text, "default", "defaults", &line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);

    if (!text)
        return 0;
    check_grub((const char *)data, size, text);
    check_environment((const char *)data, size);
    check_lines((const char *)data, size);
    check_walks((const char *)data, size);
    check_edits(text);
    free(text);
    return 0;
}
