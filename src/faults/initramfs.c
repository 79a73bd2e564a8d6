/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The initramfs that goes with a kernel: is it there, and would the kernel unpack it? */

#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "system/kernel_arguments.h"

#include <stdio.h>
#include <string.h>

/* GRUB keeps it in memory that some firmware has little of (GCP: "error: out of memory"). */
#define TOO_LARGE ((uint64_t)200 << 20)

/* "/boot/ucode.img" beside the initramfs proper: of several the last one is that. */
static bool is_main(const struct boot_choice *c, unsigned i)
{
    return i + 1 == c->initrd_count;
}

/* The remedy needs the release of the kernel and its modules. */
static void check_remedy(struct examination *x, struct finding *finding,
                         const struct boot_choice *c, bool main)
{
    if (!main || !c->release[0] || !facts_modules(x, c->release)->has_tree ||
        !rebuild_has_initramfs(x))
        finding_risk(finding, FAULT_RISK_NONE);
}

static void detect_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];

        for (unsigned j = 0; j < c->initrd_count; j++) {
            struct finding *finding;

            if (c->initrds[j].place != PLACE_MISSING)
                continue;
            finding = facts_choice_finding(x, r, f, c, c->initrds[j].path, c->entry->initrd_line,
                                           "loads an initramfs that is not there");
            finding_expected(finding, "%s is not there", text_safe(c->initrds[j].path));
            check_remedy(x, finding, c, is_main(c, j));
        }
    }
}

/* Can the kernel find its root without help? It knows no UUIDs of file systems, no labels, and
 * nothing of what device-mapper makes (init/do_mounts.c,
 * Documentation/admin-guide/kernel-parameters "root="). */
static const char *reason_for_one(struct examination *x, const struct boot_choice *c)
{
    const struct kernel_modules *m = facts_modules(x, c->release);
    static char reason[160];
    char root[300] = "", module[40];

    if (c->entry && kernel_arguments_get(c->entry->options, "root", root, sizeof root) &&
        (text_starts_with(root, "UUID=") || text_starts_with(root, "LABEL=") ||
         text_starts_with(root, "/dev/mapper/") || text_starts_with(root, "/dev/disk/"))) {
        snprintf(reason, sizeof reason, "the kernel by itself does not know root=%.100s",
                 text_safe(root));
        return reason;
    }
    if (!x->root || !m->builtin)
        return NULL;
    snprintf(module, sizeof module, "%s", x->root->fs.type);
    if (!module[0] || kernel_modules_has_builtin(m, module) || !kernel_modules_has_file(m, module))
        return NULL;
    snprintf(reason, sizeof reason, "%s, which / is on, is a module of that kernel", module);
    return reason;
}

static void detect_none(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        const char *reason = c->initrd_count == 0 ? reason_for_one(x, c) : NULL;
        struct finding *finding;

        if (!reason || (c->menu && c->menu->loader == BOOT_PI) ||
            (c->entry && c->entry->has_initrd))
            continue;
        finding =
            facts_choice_finding(x, r, f, c, c->kernel, c->entry ? c->entry->kernel_line : 0,
                                 c->entry ? "has no line for an initramfs" : "has no initramfs");
        finding_expected(finding, "an initramfs, since %s", reason);
        check_remedy(x, finding, c, true);
        if (c->menu && c->menu->loader != BOOT_GRUB)
            finding_risk(finding, FAULT_RISK_NONE);
    }
}

static const struct boot_choice *choice_of(struct examination *x, const struct finding *f)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        if (strcmp(choices[i].kernel, f->subject) == 0)
            return &choices[i];
        for (unsigned j = 0; j < choices[i].initrd_count; j++)
            if (strcmp(choices[i].initrds[j].path, f->subject) == 0)
                return &choices[i];
    }
    return NULL;
}

/* The file where it is expected. */
static int rebuild(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    const struct boot_choice *choice = choice_of(x, f);

    if (!choice)
        return remedy_unfit(e, "nothing says which kernel it is for");
    return rebuild_initramfs(x, choice->release, f->subject, c, e);
}

/* A file, if there is none for that kernel, and a line that loads it. */
static int add_one(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    const struct boot_choice *choice = choice_of(x, f);
    char path[300];
    int r = 0;

    if (!choice)
        return remedy_unfit(e, "nothing says which kernel it is for");
    (void)rebuild_initramfs_path(x, choice->release, path, sizeof path);
    for (unsigned i = 0; i < x->system->kernel_count; i++)
        if (strcmp(x->system->kernels[i].release, choice->release) == 0 &&
            !x->system->kernels[i].has_initramfs)
            r = rebuild_initramfs(x, choice->release, path, c, e);
    return r < 0 || !choice->menu ? r : rebuild_grub(x, choice->menu->file, c, e);
}

static void detect_damaged(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];

        for (unsigned j = 0; j < c->initrd_count; j++) {
            const struct initramfs *in;
            struct finding *finding;
            bool no_init;

            if (c->initrds[j].place != PLACE_FOUND)
                continue;
            in = facts_initramfs(x, c->initrds[j].path);
            no_init = !in->problem[0] && is_main(c, j) && !initramfs_has_init(in);
            if (in->unknown || (!in->problem[0] && !no_init))
                continue;
            finding = facts_choice_finding(x, r, f, c, c->initrds[j].path,
                                           c->entry ? c->entry->initrd_line : 0,
                                           "loads a damaged initramfs");
            finding_expected(finding, "%s: %s", text_safe(c->initrds[j].path),
                             no_init ? "there is no /init in it" : in->problem);
            check_remedy(x, finding, c, is_main(c, j));
        }
    }
}

static void detect_too_large(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < choices[i].initrd_count; j++) {
            const struct boot_choice *c = &choices[i];
            char size[24], limit[24];
            struct stat st;

            if (c->initrds[j].place != PLACE_FOUND ||
                path_stat(x->root_fd, c->initrds[j].path, &st) < 0 ||
                (uint64_t)st.st_size <= TOO_LARGE)
                continue;
            finding_expected(facts_choice_finding(x, r, f, c, c->initrds[j].path,
                                                  c->entry ? c->entry->initrd_line : 0,
                                                  "loads a very large initramfs"),
                             "%s has %s; above %s some machines have no memory for it",
                             text_safe(c->initrds[j].path),
                             text_bytes((unsigned long long)st.st_size, size),
                             text_bytes(TOO_LARGE, limit));
        }
}

static const struct fault faults[] = {
    {
        .id = "initramfs.missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the boot menu names an initramfs that is not there",
        .why = "GRUB says \"file not found\"; the kernel that is started without it panics: "
               "\"VFS: Unable to mount root fs on unknown-block(0,0)\".",
        .remedy = "make it again with the system's own program",
        .risk = FAULT_RISK_LOW,
        .reference = "update-initramfs(8), dracut(8), mkinitcpio(8)",
        .detect = detect_missing,
        .repair = rebuild,
    },
    {
        .id = "initramfs.none",
        .severity = FAULT_STOPS_BOOT,
        .title = "a kernel that needs an initramfs is booted without",
        .why = "The kernel panics: \"VFS: Unable to mount root fs on unknown-block(0,0)\".",
        .remedy = "make the initramfs, and the menu again",
        .risk = FAULT_RISK_LOW,
        .reference = "update-initramfs(8), grub-mkconfig(8)",
        .detect = detect_none,
        .repair = add_one,
    },
    {
        .id = "initramfs.damaged",
        .severity = FAULT_STOPS_BOOT,
        .title = "the initramfs that is booted is damaged",
        .why = "The kernel says \"Initramfs unpacking failed\", and panics without an init, or "
               "stops in "
               "what there is of it.",
        .remedy = "make it again with the system's own program",
        .risk = FAULT_RISK_LOW,
        .reference = "Documentation/driver-api/early-userspace/buffer-format.rst",
        .detect = detect_damaged,
        .repair = rebuild,
    },
    {
        .id = "initramfs.too-large",
        .severity = FAULT_NOTICE,
        .title = "the initramfs is very large",
        .why = "With little memory or old firmware GRUB says \"out of memory\".",
        .remedy = "make it for this machine only (dracut --hostonly, MODULES=dep), or leave out "
                  "firmware",
        .risk = FAULT_RISK_NONE,
        .reference = "dracut(8)",
        .detect = detect_too_large,
    },
};

FAULT_FAMILY(initramfs, faults);
