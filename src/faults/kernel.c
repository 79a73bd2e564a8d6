/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernels that the boot loader is told to load, and their modules. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/kernel_original.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "system/elf_header.h"
#include "system/elf_note.h"
#include "system/kernels.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is there another kernel that a new menu would have? */
static bool has_other_kernel(const struct examination *x, const char *path)
{
    for (unsigned i = 0; i < x->system->kernel_count; i++)
        if (x->system->kernels[i].has_image && !strstr(path, x->system->kernels[i].release))
            return true;
    return false;
}

/* --- the image --- */

/* A menu of what can be booted: that whose kernel is missing drops out of it by itself. */
static int new_menu(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    (void)f;
    return rebuild_grub(x, facts_menus(x)->items[0].file, c, e);
}

static void detect_image_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        struct finding *finding;
        char original[KERNEL_ORIGINAL_MAX];

        if (c->kernel_place != PLACE_MISSING)
            continue;
        finding = facts_choice_finding(x, r, f, c, c->kernel, c->entry ? c->entry->kernel_line : 0,
                                       "loads a kernel that is not there");
        finding_expected(finding, "%s is not there", text_safe(c->kernel));
        if (kernel_find_original(x, c, original))
            finding_remedy(finding, "copy the system's kernel to where the entry looks for it");
        else if (c->menu->loader != BOOT_GRUB || !rebuild_has_grub(x) ||
                 !has_other_kernel(x, c->kernel))
            finding_risk(finding, FAULT_RISK_NONE);
    }
}

/* Where there is nothing to copy: a menu of what is there. */
static int load_another(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);
    char original[KERNEL_ORIGINAL_MAX];

    for (unsigned i = 0; i < count; i++)
        if (strcmp(choices[i].kernel, f->subject) == 0 &&
            kernel_find_original(x, &choices[i], original))
            return kernel_put_back(x, original, f->subject, c, e);
    return new_menu(x, f, c, e);
}

/* Nothing in /boot, though modules say that there was a kernel, and nothing that says what is
 * loaded instead. A directory may be what a container gets as its root. */
static void detect_none(struct examination *x, const struct fault *f, struct report *r)
{
    const struct linux_system *s = x->system;
    bool any = false;

    for (unsigned i = 0; i < s->kernel_count; i++)
        any |= s->kernels[i].has_image;
    if (!s->kernel_count || any || facts_menus(x)->count || !examination_sees(x, "/boot/vmlinuz") ||
        !x->root)
        return;
    finding_expected(report_add(r, f, "there is no kernel in /boot"),
                     "vmlinuz-%s is not there, and its modules are",
                     text_safe(s->kernels[0].release));
}

/* Why the image cannot be booted, in @why; false when it can, as far as can be told. */
static bool is_damaged(const struct examination *x, const char *path, char *why, size_t size)
{
    struct kernel_image image;
    uint64_t bytes;

    if (!facts_kernel_image(x, path, &image, &bytes))
        return false;
    if (bytes == 0)
        snprintf(why, size, "it is empty");
    else if (image.empty)
        snprintf(why, size, "it begins with zeros: what was written to it is lost");
    else if (image.bytes > bytes)
        snprintf(why, size, "it is cut short: %llu of %llu bytes", (unsigned long long)bytes,
                 (unsigned long long)image.bytes);
    else if (image.kind == KERNEL_UNKNOWN && strcmp(x->system->arch, "x86-64") == 0)
        snprintf(why, size, "it is no kernel for a PC");
    else
        return false;
    return true;
}

static void detect_image_damaged(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        struct finding *finding;
        char why[160];

        if (c->kernel_place != PLACE_FOUND || !is_damaged(x, c->kernel, why, sizeof why))
            continue;
        finding = facts_choice_finding(x, r, f, c, c->kernel, c->entry ? c->entry->kernel_line : 0,
                                       "loads a damaged kernel");
        finding_expected(finding, "%s: %s", text_safe(c->kernel), why);
    }
}

/* --- the userland that it is to run --- */

static void detect_architecture(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        struct kernel_image image;
        uint64_t bytes;

        if (c->kernel_place != PLACE_FOUND || strcmp(x->system->arch, "x86-64") != 0 ||
            !facts_kernel_image(x, c->kernel, &image, &bytes) || image.kind != KERNEL_BZIMAGE ||
            !image.is_32bit)
            continue;
        finding_expected(facts_choice_finding(x, r, f, c, c->kernel,
                                              c->entry ? c->entry->kernel_line : 0,
                                              "loads a kernel of 32 bits for a system of 64"),
                         "%s is for 32 bits; the programs are for x86-64", text_safe(c->kernel));
    }
}

/* The note of the init: which kernel the C library that it was made with needs. */
static bool get_needed(const struct examination *x, unsigned ret[3])
{
    _cleanup_free_ unsigned char *data = malloc(ELF_HEADER_BYTES);
    _cleanup_fd_ int fd = path_open(x->root_fd, x->system->init_path, O_RDONLY);
    ssize_t n = data && fd >= 0 ? pread(fd, data, ELF_HEADER_BYTES, 0) : -1;

    return n > 0 && elf_note_abi(data, (size_t)n, ret) == 0;
}

static void detect_too_old(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count, needed[3], major, minor;
    const struct boot_choice *choices = facts_choices(x, &count);

    if (!count || !get_needed(x, needed))
        return;
    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];

        if (c->kernel_place != PLACE_FOUND || !kernels_version(c->release, &major, &minor) ||
            major > needed[0] || (major == needed[0] && minor >= needed[1]))
            continue;
        finding_expected(facts_choice_finding(x, r, f, c, c->release,
                                              c->entry ? c->entry->kernel_line : 0,
                                              "loads a kernel that is too old for the system"),
                         "it needs Linux %u.%u.%u or newer", needed[0], needed[1], needed[2]);
    }
}

/* --- modules --- */

/* Does a line of fstab need a module, without which the boot stops? */
static bool fstab_needs_modules(const struct examination *x)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];

        if (entry->class == FSTAB_MOUNT && !entry->noauto && !entry->nofail &&
            (!x->root || strcmp(entry->type, x->root->fs.type) != 0))
            return true;
    }
    return false;
}

static void milden(const struct examination *x, struct finding *finding,
                   const struct boot_choice *c)
{
    bool initramfs = c->initrd_count || (c->entry && c->entry->has_initrd);

    if (!finding || finding->severity != FAULT_STOPS_BOOT || !initramfs || fstab_needs_modules(x))
        return;
    finding_severity(finding, FAULT_DEGRADES);
    finding_why(finding, "What the initramfs has still works; what is loaded later does not: "
                         "network cards, file systems.");
}

/* Both faults are about modules that a found kernel of a known release has or has not. */
static bool wants_modules(const struct examination *x, const struct boot_choice *c)
{
    char path[300];

    if (c->kernel_place != PLACE_FOUND || !c->release[0])
        return false;
    /* A kernel without modules says so. */
    snprintf(path, sizeof path, "/boot/config-%s", c->release);
    if (path_exists(x->root_fd, path) == 1) {
        _cleanup_free_ char *config = NULL;

        if (path_read(x->root_fd, path, PATH_CONFIG_MAX, &config, NULL) == 0 &&
            !strstr(config, "CONFIG_MODULES=y"))
            return false;
    }
    return examination_sees(x, "/usr/lib/modules") && examination_sees(x, "/lib/modules");
}

static void detect_modules_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        const struct kernel_modules *m;
        struct finding *finding;
        unsigned total = 0, missing = 0;

        if (!wants_modules(x, c))
            continue;
        m = facts_modules(x, c->release);
        if (m->directory[0] && m->dep)
            missing = kernel_modules_count_missing(x->root_fd, m, &total);
        if (m->directory[0] && (m->has_tree || !m->dep) && (missing == 0 || missing * 20 < total))
            continue;
        finding = facts_choice_finding(x, r, f, c, c->release, c->entry ? c->entry->kernel_line : 0,
                                       "loads a kernel whose modules are not there");
        if (m->directory[0])
            finding_expected(finding, "%u of %u files that %s/modules.dep names are missing",
                             missing, total, text_safe(m->directory));
        else
            finding_expected(finding, "/lib/modules/%s is not there", text_safe(c->release));
        milden(x, finding, c);
    }
}

static void detect_module_index(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        const struct kernel_modules *m;
        struct finding *finding;

        if (!wants_modules(x, c))
            continue;
        m = facts_modules(x, c->release);
        if (!m->directory[0] || !m->has_tree || (m->has_index && m->dep && m->dep[0]))
            continue;
        finding = facts_choice_finding(x, r, f, c, c->release, c->entry ? c->entry->kernel_line : 0,
                                       "loads a kernel whose modules have no index");
        finding_expected(finding, "%s/modules.dep or modules.dep.bin is not there",
                         text_safe(m->directory));
        milden(x, finding, c);
    }
}

static int index_modules(struct examination *x, const struct finding *f, struct changes *c,
                         struct error *e)
{
    return rebuild_module_index(x, f->subject, c, e);
}

static const struct fault faults[] = {
    {
        .id = "kernel.none",
        .severity = FAULT_STOPS_BOOT,
        .title = "there is no kernel",
        .why = "The boot loader has nothing to load.",
        .remedy = "install the kernel package again: unbrick shell, and the system's package "
                  "manager",
        .risk = FAULT_RISK_NONE,
        .reference = "kernel-install(8)",
        .detect = detect_none,
    },
    {
        .id = "kernel.image-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the boot menu names a kernel that is not there",
        .why = "GRUB says \"file not found\" and \"you need to load the kernel first\", and goes "
               "back to its menu.",
        .remedy = "make the menu again from the kernels that are there",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "grub-mkconfig(8)",
        .detect = detect_image_missing,
        .repair = load_another,
    },
    {
        .id = "kernel.image-damaged",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel that is booted is damaged",
        .why = "The boot loader refuses it (\"invalid magic number\"), or the machine stops right "
               "after loading it.",
        .remedy = "install the kernel package again, or boot another kernel from the menu",
        .risk = FAULT_RISK_NONE,
        .reference = "Documentation/arch/x86/boot.rst",
        .detect = detect_image_damaged,
    },
    {
        .id = "kernel.architecture",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel cannot run the system's programs",
        .why = "The kernel cannot execute init (\"Exec format error\") and panics.",
        .remedy = "install the kernel for x86-64 (amd64)",
        .risk = FAULT_RISK_NONE,
        .reference = "Documentation/arch/x86/boot.rst, xloadflags",
        .detect = detect_architecture,
    },
    {
        .id = "kernel.too-old",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel is too old for the system's programs",
        .why = "Each program ends with \"FATAL: kernel too old\", init is one of them, and the "
               "kernel panics.",
        .remedy = "boot a newer kernel from the menu, and make it the default",
        .risk = FAULT_RISK_NONE,
        .reference = "ld.so(8), .note.ABI-tag of the Linux Standard Base",
        .detect = detect_too_old,
    },
    {
        .id = "kernel.modules-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the modules of the kernel are missing",
        .why = "What is not built into the kernel or in its initramfs cannot be loaded: file "
               "systems that fstab wants are not mounted, and systemd ends in emergency mode.",
        .remedy = "install the kernel package again, or boot another kernel from the menu",
        .risk = FAULT_RISK_NONE,
        .reference = "modprobe(8)",
        .detect = detect_modules_missing,
    },
    {
        .id = "kernel.modules-index",
        .severity = FAULT_STOPS_BOOT,
        .title = "the index of the kernel's modules is missing",
        .why = "modprobe finds no module (\"could not open modules.dep.bin\"): file systems that "
               "fstab wants are not mounted, and systemd ends in emergency mode.",
        .remedy = "make the index again: depmod",
        .risk = FAULT_RISK_LOW,
        .reference = "depmod(8)",
        .detect = detect_module_index,
        .repair = index_modules,
    },
};

FAULT_FAMILY(kernel, faults);
