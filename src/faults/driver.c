/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Drivers between the kernel and its root: missing from the initramfs, or kept from being loaded.
 */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/machine.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "faults/root_stack.h"
#include "system/kernel_arguments.h"

#include <stdio.h>
#include <string.h>

/* The initramfs of a choice, when it could be looked into whole. */
static const struct initramfs *content_of(struct examination *x, const struct boot_choice *c)
{
    const struct initramfs *in;

    if (c->initrd_count == 0 || c->initrds[c->initrd_count - 1].place != PLACE_FOUND)
        return NULL;
    in = facts_initramfs(x, c->initrds[c->initrd_count - 1].path);
    return in->unknown || in->problem[0] || !initramfs_has_init(in) ? NULL : in;
}

/* The kernel's own list of what is built in; without it nothing can be said to be missing. */
static const struct kernel_modules *modules_of(struct examination *x, const struct boot_choice *c)
{
    const struct kernel_modules *m = c->release[0] ? facts_modules(x, c->release) : NULL;

    return m && m->builtin ? m : NULL;
}

static void check_remedy(struct examination *x, struct finding *finding,
                         const struct boot_choice *c, bool has_file)
{
    if (!has_file || !c->release[0] || !rebuild_has_initramfs(x))
        finding_risk(finding, FAULT_RISK_NONE);
}

/* Programs have other names in other generators' initramfs. */
static bool has_program(const struct initramfs *in, const char *program)
{
    return initramfs_has_program(in, program) ||
           (strcmp(program, "cryptsetup") == 0 &&
            initramfs_has_program(in, "systemd-cryptsetup")) ||
           (strcmp(program, "cryptsetup") == 0 && initramfs_has_program(in, "cryptroot")) ||
           (strcmp(program, "zfs") == 0 && initramfs_has_program(in, "zpool"));
}

static void detect_root_missing(struct examination *x, const struct fault *f, struct report *r)
{
    struct stack_need needs[STACK_NEEDS_MAX];
    unsigned count, need_count = stack_needs(x, needs);
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        const struct initramfs *in = content_of(x, c);
        const struct kernel_modules *m = modules_of(x, c);

        for (unsigned j = 0; in && m && j < need_count; j++) {
            bool module = stack_has_module(m, in, needs[j].modules);
            bool program = !needs[j].program || has_program(in, needs[j].program);
            struct finding *finding;

            if (module && program)
                continue;
            finding = facts_choice_finding(x, r, f, c, c->initrds[c->initrd_count - 1].path,
                                           c->entry ? c->entry->initrd_line : 0,
                                           "loads an initramfs that cannot reach the root");
            finding_expected(finding, "%s lacks the %s %s, for %s",
                             text_safe(c->initrds[c->initrd_count - 1].path),
                             module ? "program" : "module",
                             module ? needs[j].program : needs[j].modules[0], needs[j].what);
            check_remedy(x, finding, c, module || stack_has_module(m, NULL, needs[j].modules));
        }
    }
}

/* Root on ZFS has no device that anything could be mounted from here: the command line says it. */
static bool is_on_zfs(const struct boot_choice *c)
{
    char root[256];

    return c->entry && kernel_arguments_get(c->entry->options, "root", root, sizeof root) &&
           (text_starts_with(root, "ZFS=") || text_starts_with(root, "zfs:") ||
            text_starts_with(root, "zfs="));
}

/* The kernel has no driver for the root's file system at all: one that is built out of its tree was
 * not built for this release, or a package of more modules is not installed. */
static void detect_not_built(struct examination *x, const struct fault *f, struct report *r)
{
    static const struct stack_need zfs = {"ZFS, the file system of /", {"zfs"}, "zfs", NULL};
    struct stack_need needs[STACK_NEEDS_MAX];
    unsigned count, need_count = stack_needs(x, needs);
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        const struct kernel_modules *m = modules_of(x, c);

        if (!m || !m->dep)
            continue;
        if (is_on_zfs(c)) {
            needs[0] = zfs;
            need_count = 1;
        }
        for (unsigned j = 0; j < need_count; j++)
            if (needs[j].modules[0] && !stack_has_module(m, NULL, needs[j].modules))
                finding_expected(facts_choice_finding(
                                     x, r, f, c, c->release, c->entry ? c->entry->kernel_line : 0,
                                     "loads a kernel without a driver for the root"),
                                 "%s lacks the module %s, for %s", text_safe(m->directory),
                                 needs[j].modules[0], needs[j].what);
    }
}

static void detect_machine_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);
    const struct machine_need *needs = x->machine ? x->machine->needs : NULL;

    for (unsigned i = 0; needs && i < count; i++) {
        const struct boot_choice *c = &choices[i];
        const struct initramfs *in = content_of(x, c);
        const struct kernel_modules *m = modules_of(x, c);

        for (size_t j = 0; in && m && j < 3 && needs[j].what; j++) {
            struct finding *finding;

            if (stack_has_module(m, in, needs[j].modules))
                continue;
            finding =
                facts_choice_finding(x, r, f, c, c->initrds[c->initrd_count - 1].path,
                                     c->entry ? c->entry->initrd_line : 0,
                                     "loads an initramfs without the drivers for its machine");
            finding_expected(finding, "%s lacks the module %s, for %s of %s",
                             text_safe(c->initrds[c->initrd_count - 1].path), needs[j].modules[0],
                             needs[j].what, x->machine->description);
            check_remedy(x, finding, c, stack_has_module(m, NULL, needs[j].modules));
        }
    }
}

/* "/etc/initramfs-tools/modules" names what is always put in; dracut is told to take all there is.
 */
static int rebuild_for_machine(struct examination *x, const struct finding *f, struct changes *c,
                               struct error *e)
{
    static const char modules[] = "/etc/initramfs-tools/modules";
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);
    int r = 0;

    for (size_t j = 0; x->machine && j < 3 && x->machine->needs[j].what; j++)
        for (size_t k = 0; k < 8 && x->machine->needs[j].modules[k] && r == 0; k++) {
            const char *module = x->machine->needs[j].modules[k];
            bool there = false;

            for (unsigned i = 0; i < count; i++)
                there |= choices[i].release[0] &&
                         kernel_modules_has_file(facts_modules(x, choices[i].release), module);
            if (there && path_exists(x->root_fd, modules) == 1)
                r = remedy_planned(changes_append_line(c, modules, module, 0644), modules, e);
        }
    for (unsigned i = 0; i < count && r == 0; i++)
        if (choices[i].initrd_count &&
            strcmp(choices[i].initrds[choices[i].initrd_count - 1].path, f->subject) == 0)
            return rebuild_initramfs(x, choices[i].release, f->subject, c, e);
    return r;
}

static int rebuild(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++)
        if (choices[i].initrd_count &&
            strcmp(choices[i].initrds[choices[i].initrd_count - 1].path, f->subject) == 0)
            return rebuild_initramfs(x, choices[i].release, f->subject, c, e);
    return remedy_unfit(e, "nothing says which kernel it is for");
}

static const struct fault faults[] = {
    {
        .id = "driver.root-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the initramfs lacks what it needs to reach the root",
        .why = "The initramfs waits for the root, gives up, and ends in a shell of its own "
               "(\"Gave up waiting for root file system device\", dracut's \"/dev/... does not "
               "exist\").",
        .remedy = "make it again with the system's own program, for any machine",
        .risk = FAULT_RISK_LOW,
        .reference = "initramfs-tools(7), dracut(8)",
        .detect = detect_root_missing,
        .repair = rebuild,
    },
    {
        .id = "driver.not-built",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel has no driver for the root's file system",
        .why = "The root is not mounted, and the initramfs ends in a shell of its own (\"No pool "
               "imported\", \"unknown filesystem type\").",
        .remedy = "build it for that kernel (dkms autoinstall -k RELEASE, inside), or boot the "
                  "kernel before it from the menu",
        .risk = FAULT_RISK_NONE,
        .reference = "dkms(8)",
        .detect = detect_not_built,
    },
    {
        .id = "driver.machine-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the initramfs lacks the drivers for the machine (--for)",
        .why = "The kernel does not see its disk on that machine; the initramfs waits for the "
               "root, gives up, and ends in a shell of its own.",
        .remedy = "make it again with them",
        .risk = FAULT_RISK_LOW,
        .reference = "initramfs.conf(5), dracut(8) --no-hostonly",
        .detect = detect_machine_missing,
        .repair = rebuild_for_machine,
    },
};

FAULT_FAMILY(driver, faults);
