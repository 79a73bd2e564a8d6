/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Modules that the boot needs, and that are kept from being loaded: by modprobe.d(5) of the system
 * or in the initramfs, or by the kernel's command line. Hardening guides ban vfat, squashfs and
 * others without asking who needs them. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/facts_cmdlines.h"
#include "faults/machine.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "faults/root_stack.h"
#include "system/directory.h"
#include "system/kernel_arguments.h"
#include "system/modprobe_config.h"

#include <stdio.h>
#include <string.h>

#define NEEDS_MAX 32

struct need {
    char module[64];
    const char *what;
    bool root;     /* the initramfs loads it */
    bool optional; /* the boot goes on without it */
};

struct needs {
    struct need items[NEEDS_MAX];
    unsigned count;
};

static void add(struct needs *n, const char *module, const char *what, bool root, bool optional)
{
    if (n->count == NEEDS_MAX || !module[0])
        return;
    n->items[n->count] = (struct need){.what = what, .root = root, .optional = optional};
    snprintf(n->items[n->count++].module, sizeof n->items[0].module, "%.63s", module);
}

/* What the root, the machine and the lines of fstab need. */
static void collect(const struct examination *x, struct needs *n)
{
    struct stack_need stack[STACK_NEEDS_MAX];
    unsigned count = stack_needs(x, stack);

    for (unsigned i = 0; i < count; i++)
        add(n, stack[i].modules[0], "/", true, false);
    for (size_t i = 0; x->machine && i < 3 && x->machine->needs[i].what; i++)
        for (size_t j = 0; j < 8 && x->machine->needs[i].modules[j]; j++)
            add(n, x->machine->needs[i].modules[j], "the disk of its machine", true, false);
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];

        if (entry->class != FSTAB_MOUNT || entry->noauto)
            continue;
        add(n, entry->type, entry->target, false, entry->nofail);
        if (strcmp(entry->type, "vfat") == 0)
            add(n, "fat", entry->target, false, entry->nofail);
    }
}

static const struct need *find(const struct needs *n, const char *module)
{
    for (unsigned i = 0; i < n->count; i++)
        if (strcmp(n->items[i].module, module) == 0)
            return &n->items[i];
    return NULL;
}

/* What is built in cannot be kept from anything. */
static bool is_builtin(struct examination *x, const char *module)
{
    const struct boot_choice *c = facts_default(x);

    return c && c->release[0] && kernel_modules_has_builtin(facts_modules(x, c->release), module);
}

/* The last is the one that the others are microcode before; NULL: none. */
static const char *initramfs_of(const struct boot_choice *c)
{
    return c->initrd_count ? c->initrds[c->initrd_count - 1].path : NULL;
}

/* Is the ban in the initramfs that is booted, too? */
static bool is_in_initramfs(struct examination *x, const char *module)
{
    const struct boot_choice *c = facts_default(x);
    const struct initramfs *in;

    if (!c || !initramfs_of(c))
        return false;
    in = facts_initramfs(x, initramfs_of(c));
    for (unsigned i = 0; i < in->file_count; i++) {
        struct modprobe_walk w = MODPROBE_WALK(in->files[i].data, in->files[i].size);
        struct modprobe_line line;

        if (!strstr(in->files[i].name, "modprobe.d/"))
            continue;
        while (modprobe_next(&w, &line))
            if (strcmp(line.module, module) == 0)
                return true;
    }
    return false;
}

static void explain(struct examination *x, struct finding *finding, const struct need *need,
                    const char *module)
{
    finding_expected(finding, "%s, which is needed for %s", module, text_safe(need->what));
    if (need->optional) {
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "It is not mounted; the boot goes on, since fstab says nofail.");
    } else if (need->root && facts_default(x) && !is_in_initramfs(x, module)) {
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "The initramfs that is booted does not have that line yet; the next "
                             "one that is made will.");
    }
}

static void look_into(struct examination *x, const struct fault *f, struct report *r,
                      const struct needs *n, const char *path)
{
    _cleanup_free_ char *data = NULL;
    struct modprobe_line line;
    struct modprobe_walk w;
    size_t size;

    if (path_read(x->root_fd, path, PATH_CONFIG_MAX, &data, &size) < 0)
        return;
    w = MODPROBE_WALK(data, size);
    while (modprobe_next(&w, &line)) {
        const struct need *need = find(n, line.module);
        struct finding *finding;

        if (!need || is_builtin(x, line.module))
            continue;
        finding = report_add(r, f, "%s line %u keeps a module from being loaded", text_safe(path),
                             line.line);
        finding_at(finding, path, line.line);
        finding_line(finding, data, size, line.line);
        finding_subject(finding, line.module);
        explain(x, finding, need, line.module);
    }
}

static bool is_reported(const struct report *r, const struct fault *f, const char *module)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->findings[i].fault == f && strcmp(r->findings[i].subject, module) == 0)
            return true;
    return false;
}

/* The line was taken out of the system, and the initramfs that is booted still has it. */
static void look_into_copy(struct examination *x, const struct fault *f, struct report *r,
                           const struct needs *n)
{
    const struct boot_choice *c = facts_default(x);
    const struct initramfs *in = c && initramfs_of(c) ? facts_initramfs(x, initramfs_of(c)) : NULL;

    for (unsigned i = 0; in && i < in->file_count; i++) {
        struct modprobe_walk w = MODPROBE_WALK(in->files[i].data, in->files[i].size);
        struct modprobe_line line;

        if (!strstr(in->files[i].name, "modprobe.d/"))
            continue;
        while (modprobe_next(&w, &line)) {
            const struct need *need = find(n, line.module);
            struct finding *finding;

            if (!need || !need->root || is_builtin(x, line.module) ||
                is_reported(r, f, line.module))
                continue;
            finding = report_add(
                r, f, "the initramfs that is booted by default keeps a module from being loaded");
            if (!finding)
                return;
            finding_at(finding, initramfs_of(c), 0);
            finding_evidence(finding, "%s: %s", text_safe(in->files[i].name),
                             examination_line(in->files[i].data, in->files[i].size, line.line));
            finding_expected(finding, "%s, which is needed for %s; the system itself allows it",
                             line.module, text_safe(need->what));
            finding_subject(finding, line.module);
            finding_remedy(finding, "make the initramfs again");
            if (!rebuild_has_initramfs(x))
                finding_risk(finding, FAULT_RISK_NONE);
        }
    }
}

/* /etc first: a file of the same name there takes the place of the packages'. */
static void detect_banned(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const places[] = {"/etc/modprobe.d", "/usr/lib/modprobe.d",
                                         "/lib/modprobe.d"};
    struct needs n = {0};

    collect(x, &n);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        _cleanup_directory_ struct directory d = {0};

        (void)directory_list(x->root_fd, places[i], ".conf", &d);
        for (unsigned j = 0; j < d.count; j++) {
            if (i > 0 && path_exists(x->root_fd, directory_join(places[0], d.names[j])) == 1)
                continue;
            /* After the merge of /usr both are one directory. */
            if (i == 2 && path_exists(x->root_fd, directory_join(places[1], d.names[j])) == 1)
                continue;
            look_into(x, f, r, &n, directory_join(places[i], d.names[j]));
        }
    }
    look_into_copy(x, f, r, &n);
}

/* What the boot loader loads, each once: it has a copy of the line. */
static int rebuild_copies(struct examination *x, struct changes *c, struct error *e)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);
    int r = 0;

    for (unsigned i = 0; i < count && r == 0; i++) {
        const char *path = initramfs_of(&choices[i]);
        bool done = !path || !choices[i].release[0];

        for (unsigned j = 0; j < i && !done; j++)
            done = initramfs_of(&choices[j]) && strcmp(initramfs_of(&choices[j]), path) == 0;
        if (!done && path_exists(x->root_fd, path) == 1)
            r = rebuild_initramfs(x, choices[i].release, path, c, e);
    }
    return r;
}

static int allow(struct examination *x, const struct finding *f, struct changes *c, struct error *e)
{
    int r = f->line ? remedy_planned(changes_comment_line(c, f->file, f->line, f->fault->title),
                                     f->file, e)
                    : 0; /* the initramfs alone has it */

    if (r < 0 || !is_in_initramfs(x, f->subject) || !rebuild_has_initramfs(x))
        return r;
    return rebuild_copies(x, c, e);
}

/* "module_blacklist=a,b" of the kernel; the others are kmod's and dracut's. */
static void detect_banned_by_kernel(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const keys[] = {"module_blacklist", "modprobe.blacklist",
                                       "rd.driver.blacklist"};
    struct needs n = {0};
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    collect(x, &n);
    for (unsigned i = 0; i < count; i++)
        for (size_t j = 0; j < sizeof keys / sizeof keys[0]; j++) {
            char value[512], word[600], *rest = value, *module;

            if (!kernel_arguments_get(lines[i].text, keys[j], value, sizeof value))
                continue;
            snprintf(word, sizeof word, "%s=%s", keys[j], value);
            while ((module = strsep(&rest, ","))) {
                const struct need *need;

                for (char *c = module; *c; c++)
                    *c = *c == '-' ? '_' : *c;
                need = find(&n, module);
                if (!need || is_builtin(x, module))
                    continue;
                finding_expected(facts_cmdline_finding(x, r, f, &lines[i], word,
                                                       "keeps a module from being loaded"),
                                 "%s, which is needed for %s", text_safe(module),
                                 text_safe(need->what));
            }
        }
}

static int drop_argument(struct examination *x, const struct finding *f, struct changes *c,
                         struct error *e)
{
    return facts_cmdline_edit(x, c, f->subject, NULL, e);
}

static const struct fault faults[] = {
    {
        .id = "modprobe.banned",
        .severity = FAULT_STOPS_BOOT,
        .title = "modprobe.d keeps a module from being loaded that the boot needs",
        .why = "What needs the module is not mounted or not found (\"unknown filesystem type\"), "
               "and the boot ends in emergency mode.",
        .remedy = "turn the line into a comment, and make the initramfs again where it has it",
        .risk = FAULT_RISK_LOW,
        .reference = "modprobe.d(5)",
        .detect = detect_banned,
        .repair = allow,
    },
    {
        .id = "modprobe.banned-by-kernel",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line keeps a module from being loaded that the boot needs",
        .why = "What needs the module is not mounted or not found, and the boot ends in emergency "
               "mode or in the initramfs.",
        .remedy = "take the argument out of the command line",
        .risk = FAULT_RISK_LOW,
        .reference = "kernel-parameters: module_blacklist=, modprobe.blacklist=",
        .detect = detect_banned_by_kernel,
        .repair = drop_argument,
    },
};

FAULT_FAMILY(modprobe, faults);
