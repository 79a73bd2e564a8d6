/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What boot menus say of themselves: the default, entries of the Boot Loader Specification, device
 * trees. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/remedies.h"
#include "system/kernel_arguments.h"
#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- the default --- */

static void detect_default_missing(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_menus *menus = facts_menus(x);
    const struct boot_menu *m = menus->count ? &menus->items[0] : NULL;
    struct finding *finding;

    if (!m || !m->default_missing || m->default_unknown || !m->entries.count)
        return;
    finding = report_add(r, f, "%s names an entry as default that is not in the menu", m->file);
    finding_at(finding, m->file, m->default_line);
    finding_evidence(finding, "%s", text_safe(m->default_name));
    finding_subject(finding, m->default_name);
    if (m->loader == BOOT_EXTLINUX)
        finding_severity(finding, FAULT_STOPS_BOOT);
    if (m->loader == BOOT_PI)
        finding_risk(finding, FAULT_RISK_NONE);
}

/* grub-set-default(8) keeps it in the environment block. */
static bool is_saved(const struct boot_menus *menus, const char *name)
{
    struct grub_environment env = {menus->environment, menus->environment_size};
    char saved[GRUB_ENVIRONMENT_SIZE];

    return menus->environment &&
           grub_environment_get(&env, "saved_entry", saved, sizeof saved) == 0 &&
           strcmp(saved, name) == 0;
}

static int forget_saved(struct changes *c, const char *path)
{
    char block[GRUB_ENVIRONMENT_SIZE];
    _cleanup_free_ char *data = NULL;
    struct grub_environment env;
    size_t size;
    int r = changes_read(c, path, &data, &size);

    if (r < 0)
        return r;
    env = (struct grub_environment){data, size};
    r = grub_environment_write(&env, "saved_entry", NULL, block);
    return r < 0 ? r : changes_write(c, path, block, sizeof block, 0600);
}

/* Lines "set default=..." and "GRUB_DEFAULT=..." that say @old get the first entry; of the others'
 * files the line is put out of force. */
static int edit_default(struct changes *c, const char *path, const char *old,
                        enum boot_loader loader)
{
    static const char *const keys[] = {"set default=", "GRUB_DEFAULT=", "default ", "DEFAULT "};
    _cleanup_free_ char *data = NULL;
    char line[LINES_WIDTH];
    struct lines l;
    size_t size;
    int r = changes_read(c, path, &data, &size);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    l = LINES_OF(data, size);
    while (r >= 0 && lines_next(&l, line))
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            const char *at = line + strspn(line, " \t");
            char text[LINES_WIDTH];

            if (!text_starts_with(at, keys[i]) || !strstr(at, old))
                continue;
            if (loader == BOOT_GRUB) {
                snprintf(text, sizeof text, "%.*s%s\"0\"", (int)(at - line), line, keys[i]);
                r = changes_replace_line(c, path, l.number, text);
            } else {
                r = changes_comment_line(c, path, l.number, "no such entry");
            }
        }
    return r;
}

static int first_as_default(struct examination *x, const struct finding *f, struct changes *c,
                            struct error *e)
{
    const struct boot_menus *menus = facts_menus(x);
    int r;

    if (is_saved(menus, f->subject))
        return remedy_planned(forget_saved(c, menus->environment_file), menus->environment_file, e);
    r = edit_default(c, f->file, f->subject, menus->items[0].loader);
    if (r == 0 && menus->items[0].loader == BOOT_GRUB)
        r = edit_default(c, "/etc/default/grub", f->subject, BOOT_GRUB);
    return remedy_planned(r, f->file, e);
}

/* --- entries --- */

static void detect_empty(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_menus *menus = facts_menus(x);
    const struct boot_menu *m = menus->count ? &menus->items[0] : NULL;

    /* GRUB's is a fault of its own. */
    if (!m || m->entries.count || m->loader == BOOT_GRUB || !examination_sees(x, m->file))
        return;
    finding_at(report_add(r, f, "the menu of %s has no entry", boot_loader_name(m->loader)),
               m->file, 0);
}

static void detect_blscfg_empty(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_menus *menus = facts_menus(x);
    const struct boot_menu *m = menus->count ? &menus->items[0] : NULL;

    if (!m || m->loader != BOOT_GRUB || !m->blscfg || m->entries.count ||
        !examination_sees(x, "/boot/loader/entries"))
        return;
    finding_expected(report_add(r, f,
                                "GRUB takes its entries from /boot/loader/entries, and "
                                "there are none"),
                     "a file NAME.conf there for each kernel");
}

static void detect_variable_unset(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_menus *menus = facts_menus(x);
    const struct boot_choice *c = facts_default(x);
    char root[16];
    struct finding *finding;

    for (unsigned i = 0; i < menus->count; i++) {
        const struct boot_menu *m = &menus->items[i];

        /* Only what carries the root counts: others may well be empty. */
        if (strcmp(m->undefined, "kernelopts") != 0 ||
            (c && c->menu == m && c->entry &&
             kernel_arguments_get(c->entry->options, "root", root, sizeof root)))
            continue;
        finding = report_add(r, f, "the entries in /boot/loader/entries use $%s, which is not set",
                             text_safe(m->undefined));
        finding_expected(finding, "%s= in %s", text_safe(m->undefined),
                         menus->environment_file[0] ? menus->environment_file
                                                    : "GRUB's environment block");
        finding_at(finding, "/boot/loader/entries", 0);
        if (!x->root || !x->root->fs.uuid[0] || !menus->environment_file[0])
            finding_risk(finding, FAULT_RISK_NONE);
    }
}

static int set_kernelopts(struct examination *x, const struct finding *f, struct changes *c,
                          struct error *e)
{
    const struct boot_menus *menus = facts_menus(x);
    char block[GRUB_ENVIRONMENT_SIZE], value[128];
    _cleanup_free_ char *data = NULL;
    struct grub_environment env;
    size_t size;
    int r = changes_read(c, menus->environment_file, &data, &size);

    (void)f;
    if (r == 0) {
        env = (struct grub_environment){data, size};
        snprintf(value, sizeof value, "root=UUID=%s ro", x->root->fs.uuid);
        r = grub_environment_write(&env, "kernelopts", value, block);
    }
    if (r == 0)
        r = changes_write(c, menus->environment_file, block, sizeof block, 0600);
    return remedy_planned(r, menus->environment_file, e);
}

static void detect_machine_id(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_choice *c = facts_default(x);

    if (!c || !c->entry || !c->entry->machine_id || !x->system->machine_id[0] ||
        strcasecmp(c->entry->machine_id, x->system->machine_id) == 0)
        return;
    finding_expected(
        facts_choice_finding(x, r, f, c, c->entry->id, 0, "is of a machine with another id"),
        "%s, which is in /etc/machine-id; it has %s", x->system->machine_id,
        text_safe(c->entry->machine_id));
}

static void detect_devicetree(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        char path[PATH_MAX];

        if (!c->entry || !c->entry->devicetree ||
            facts_loader_file(x, c->entry, c->menu->loader, c->entry->devicetree, path) !=
                PLACE_MISSING)
            continue;
        finding_expected(
            facts_choice_finding(x, r, f, c, path, 0, "loads a device tree that is not there"),
            "%s is not there", text_safe(path));
    }
}

static const struct fault faults[] = {
    {
        .id = "menu.empty",
        .severity = FAULT_STOPS_BOOT,
        .title = "the boot menu has no entry",
        .why = "The boot loader has nothing to boot, and goes back to the firmware.",
        .remedy = "let the system make its entries again: kernel-install add, inside",
        .risk = FAULT_RISK_NONE,
        .reference = "kernel-install(8), extlinux(1)",
        .detect = detect_empty,
    },
    {
        .id = "menu.no-bls-entries",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB takes its entries from files that are not there",
        .why = "GRUB shows an empty menu, or its prompt.",
        .remedy = "let the system make its entries again: kernel-install add, inside",
        .risk = FAULT_RISK_NONE,
        .reference = "kernel-install(8), the Boot Loader Specification",
        .detect = detect_blscfg_empty,
    },
    {
        .id = "menu.variable-unset",
        .severity = FAULT_STOPS_BOOT,
        .title = "boot entries use a variable that is not set",
        .why = "The kernel gets no root= (dracut: \"Failed to start Switch Root\").",
        .remedy = "set kernelopts in GRUB's environment block",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "the Boot Loader Specification; grub2-editenv(1)",
        .detect = detect_variable_unset,
        .repair = set_kernelopts,
    },
    {
        .id = "menu.devicetree-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the boot menu names a device tree that is not there",
        .why = "The loader refuses to boot, or the kernel does not find its hardware.",
        .remedy = "install the kernel package again, which brings it",
        .risk = FAULT_RISK_NONE,
        .reference = "extlinux(1), devicetree(5)",
        .detect = detect_devicetree,
    },
    {
        .id = "menu.default-missing",
        .severity = FAULT_DEGRADES,
        .title = "the default of the boot menu is not in it",
        .why = "The first entry is booted, which may be another kernel than the one that was "
               "chosen.",
        .remedy = "take the first entry as default",
        .risk = FAULT_RISK_LOW,
        .reference = "grub-set-default(8), loader.conf(5)",
        .detect = detect_default_missing,
        .repair = first_as_default,
    },
    {
        .id = "menu.machine-id",
        .severity = FAULT_NOTICE,
        .title = "a boot entry is of a machine with another id",
        .why = "New kernels get entries of their own beside it, and it is never removed.",
        .remedy = "let the system make its entries again: kernel-install add, inside",
        .risk = FAULT_RISK_NONE,
        .reference = "kernel-install(8), machine-id(5)",
        .detect = detect_machine_id,
    },
};

FAULT_FAMILY(menu, faults);
