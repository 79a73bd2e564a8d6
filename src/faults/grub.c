/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GRUB's files in /boot: its configuration, its environment block, its modules. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/facts_loader.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "system/directory.h"

#include <stdio.h>
#include <string.h>

static const struct boot_menu *grub_menu(struct examination *x)
{
    const struct boot_menus *menus = facts_menus(x);

    for (unsigned i = 0; i < menus->count; i++)
        if (menus->items[i].loader == BOOT_GRUB)
            return &menus->items[i];
    return NULL;
}

/* Is GRUB what boots this system? A directory of its modules is made by grub-install(8) alone. */
static bool is_installed(const struct examination *x)
{
    const char *directory = facts_grub_directory(x);
    _cleanup_directory_ struct directory d = {0};
    bool found = false;

    if (!directory || directory_list(x->root_fd, directory, "", &d) < 0)
        return false;
    for (unsigned i = 0; i < d.count; i++)
        found |= strcmp(d.names[i], "i386-pc") == 0 || text_ends_with(d.names[i], "-efi");
    return found;
}

static const char *config_path(struct examination *x)
{
    const struct boot_menu *menu = grub_menu(x);
    const char *directory = facts_grub_directory(x);

    return menu ? menu->file : directory_join(directory ? directory : "/boot/grub", "grub.cfg");
}

static void detect_config_missing(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_menu *menu = grub_menu(x);
    const char *path = config_path(x);
    struct finding *finding;

    if (!is_installed(x) || !examination_sees(x, path) || (menu && menu->error_line) ||
        (menu && (menu->entries.count || menu->blscfg)))
        return;
    finding = report_add(r, f, "%s %s", path, menu ? "has no entry" : "is missing");
    finding_at(finding, path, 0);
    if (!rebuild_has_grub(x))
        finding_risk(finding, FAULT_RISK_NONE);
}

static void detect_config_broken(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_menu *menu = grub_menu(x);
    _cleanup_free_ char *data = NULL;
    struct finding *finding;
    size_t size;

    if (!menu || !menu->error_line)
        return;
    finding = report_add(r, f, "%s cannot be read by GRUB", menu->file);
    finding_at(finding, menu->file, menu->error_line);
    if (path_read(x->root_fd, menu->file, PATH_CONFIG_MAX, &data, &size) == 0)
        finding_line(finding, data, size, menu->error_line);
    finding_expected(finding, "line %u: %s", menu->error_line, menu->error);
    if (!rebuild_has_grub(x))
        finding_risk(finding, FAULT_RISK_NONE);
}

static int make_config(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    return rebuild_grub(x, f->file, c, e);
}

static void detect_device_missing(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_choice *c = facts_default(x);
    char why[256];

    if (!c || !c->entry || c->menu->loader != BOOT_GRUB || !c->entry->search ||
        examination_device(x, c->entry->search, NULL, why, sizeof why) != DEVICE_MISSING)
        return;
    finding_expected(facts_choice_finding(x, r, f, c, c->entry->search, 0,
                                          "is looked for on a disk that is not there"),
                     "%s", why);
}

/* --- the environment block --- */

static void detect_environment(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_menus *menus = facts_menus(x);
    struct finding *finding;
    char why[128];

    if (!menus->environment_file[0])
        return;
    if (!menus->environment)
        snprintf(why, sizeof why, "it cannot be read");
    else if (grub_environment_is_valid(menus->environment, menus->environment_size, why,
                                       sizeof why))
        return;
    finding = report_add(r, f, "%s is damaged", menus->environment_file);
    finding_at(finding, menus->environment_file, 0);
    finding_expected(finding, "%s", why);
    if (!menus->environment)
        finding_risk(finding, FAULT_RISK_NONE);
}

/* What can still be read in it stays. */
static int mend_environment(struct examination *x, const struct finding *f, struct changes *c,
                            struct error *e)
{
    char block[GRUB_ENVIRONMENT_SIZE];
    _cleanup_free_ char *data = NULL;
    struct grub_environment env;
    size_t size;
    int r = changes_read(c, f->file, &data, &size);

    (void)x;
    if (r == 0) {
        env = (struct grub_environment){data, size};
        r = grub_environment_write(&env, NULL, NULL, block);
    }
    if (r == 0)
        r = changes_write(c, f->file, block, sizeof block, 0600);
    return remedy_planned(r, f->file, e);
}

/* --- modules --- */

/* A core image for a BIOS reads normal.mod first; one for EFI may have it inside. */
static void detect_modules_missing(struct examination *x, const struct fault *f, struct report *r)
{
    char directory[PATH_MAX], path[PATH_MAX];
    struct finding *finding;

    if (!facts_grub_bios(x, directory) ||
        (size_t)snprintf(path, sizeof path, "%s/normal.mod", directory) >= sizeof path ||
        path_exists(x->root_fd, path) != 0)
        return;
    finding = report_add(r, f, "GRUB's modules are missing in %s", directory);
    finding_at(finding, directory, 0);
    finding_expected(finding, "%s is not there", path);
    if (path_exists(x->root_fd, "/usr/lib/grub/i386-pc/normal.mod") != 1 || !x->root)
        finding_risk(finding, FAULT_RISK_NONE);
}

/* Modules and core image must be of one version: both are installed. */
static int install(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    (void)f;
    return rebuild_loader(x, c, e);
}

static const struct fault faults[] = {
    {
        .id = "grub.config-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB has no configuration",
        .why = "GRUB stops at its prompt: \"grub>\".",
        .remedy = "make it from the kernels that are there",
        .risk = FAULT_RISK_LOW,
        .reference = "grub-mkconfig(8)",
        .detect = detect_config_missing,
        .repair = make_config,
    },
    {
        .id = "grub.config-broken",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB's configuration has an error in it",
        .why = "GRUB reads up to there, and shows no menu, or half of one.",
        .remedy = "make it again from the kernels that are there",
        .risk = FAULT_RISK_LOW,
        .reference = "grub-script-check(1)",
        .detect = detect_config_broken,
        .repair = make_config,
    },
    {
        .id = "grub.modules-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB's modules are missing",
        .why = "GRUB stops at its rescue prompt: \"file '/boot/grub/i386-pc/normal.mod' not "
               "found\".",
        .remedy = "install GRUB again on the disk that it is on",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-install(8)",
        .detect = detect_modules_missing,
        .repair = install,
    },
    {
        .id = "grub.device-missing",
        .severity = FAULT_DEGRADES,
        .title = "GRUB looks for the kernel on a disk that is not there",
        .why = "GRUB says \"no such device\", and tries the disk that it was started from.",
        .remedy = "make the menu again: grub-mkconfig",
        .risk = FAULT_RISK_NONE,
        .reference = "grub-mkconfig(8)",
        .detect = detect_device_missing,
    },
    {
        .id = "grub.environment",
        .severity = FAULT_DEGRADES,
        .title = "GRUB's environment block is damaged",
        .why = "GRUB says \"invalid environment block\" and waits for a key; what is saved in it "
               "(the default entry) does not count.",
        .remedy = "write it anew, with what can be read of it",
        .risk = FAULT_RISK_LOW,
        .reference = "grub-editenv(1)",
        .detect = detect_environment,
        .repair = mend_environment,
    },
};

FAULT_FAMILY(grub, faults);
