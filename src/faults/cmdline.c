/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel command line: does it name the root, and what else does it tell the boot to do? */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_cmdlines.h"
#include "faults/remedies.h"
#include "storage/btrfs_subvolumes.h"
#include "system/kernel_arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* COMMAND_LINE_SIZE of x86 and arm64 (arch/x86/include/asm/setup.h). */
#define LENGTH_MAX 2047

/* "root=UUID=..." as it stands in the line, and its value. */
static bool get_word(const char *line, const char *key, char *word, size_t size, char *value,
                     size_t value_size)
{
    if (!kernel_arguments_get(line, key, value, value_size))
        return false;
    return (size_t)snprintf(word, size, "%s=%s", key, value) < size;
}

/* --- root= --- */

static bool may_be_checked(const char *root)
{
    return examination_names_device(root) && !strstr(root, "/PARTNROFF=");
}

static void detect_root_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count; i++) {
        char word[600], root[512], why[256];
        struct finding *finding;

        if (!get_word(lines[i].text, "root", word, sizeof word, root, sizeof root) ||
            !may_be_checked(root) ||
            examination_device(x, root, NULL, why, sizeof why) != DEVICE_MISSING)
            continue;
        finding = facts_cmdline_finding(x, r, f, &lines[i], word, "names a root that is not there");
        if (x->root && x->root->fs.uuid[0]) {
            finding_expected(finding, "%s; / is on UUID=%s", why, text_safe(x->root->fs.uuid));
        } else {
            finding_expected(finding, "%s", why);
            finding_risk(finding, FAULT_RISK_NONE);
        }
    }
}

/* It is there, and holds something else. Another system's entry may name another root: only what is
 * booted by default is this system's for sure. */
static void detect_root_wrong(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);
    char word[600], root[512], why[256];
    const struct volume *v;
    struct finding *finding;

    if (!count || !lines[0].is_default || !x->root ||
        !get_word(lines[0].text, "root", word, sizeof word, root, sizeof root) ||
        !may_be_checked(root) || examination_device(x, root, &v, why, sizeof why) != DEVICE_FOUND ||
        !v || v == x->root)
        return;
    finding = facts_cmdline_finding(x, r, f, &lines[0], word, "names another file system as root");
    finding_expected(finding, "this system is on UUID=%s; %s has %s", text_safe(x->root->fs.uuid),
                     text_safe(v->name), v->fs.type[0] ? text_safe(v->fs.type) : "no file system");
    if (strcmp(v->fs.usage, "filesystem") == 0) {
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "Whatever is on that file system is booted, and not this system.");
    }
    if (!x->root->fs.uuid[0])
        finding_risk(finding, FAULT_RISK_NONE);
}

static int set_root(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    char with[100];

    snprintf(with, sizeof with, "root=UUID=%s", x->root->fs.uuid);
    return facts_cmdline_edit(x, c, f->subject, with, e);
}

/* What an initramfs cannot guess. With systemd in it a root of the discoverable partitions' type is
 * found without (systemd-gpt-auto-generator(8)). */
static bool can_be_guessed(const struct examination *x)
{
    static const char *const types[] = {
        "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", /* x86-64 */
        "b921b045-1df0-41c3-af44-4c6f280d3fae", /* arm64 */
        "44479540-f297-41b2-9af7-d131d5f0458a", /* x86 */
        "69dad710-2ce4-4e3c-b16c-21a1d49abed3", /* arm */
        "72ec70a6-cf74-40e6-bd49-4bda08e8f224", /* riscv64 */
    };

    for (size_t i = 0; x->root && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(x->root->part_type, types[i]) == 0)
            return true;
    return false;
}

static void detect_root_unset(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const other_ways[] = {"netroot", "nfsroot",   "boot",        "bootmnt",
                                             "ostree",  "mount.usr", "cryptdevice", "zfs"};
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count && !can_be_guessed(x); i++) {
        bool found = !lines[i].entry || lines[i].is_rescue || !lines[i].entry->initrd_count;
        char value[512];
        struct finding *finding;

        found |= kernel_arguments_get(lines[i].text, "root", value, sizeof value);
        for (size_t j = 0; j < sizeof other_ways / sizeof other_ways[0]; j++)
            found |= kernel_arguments_get(lines[i].text, other_ways[j], value, sizeof value);
        /* A menu may boot other things than a Linux. */
        if (found || !lines[i].is_default)
            continue;
        finding = facts_cmdline_finding(x, r, f, &lines[i], "", "names no root");
        finding_expected(finding, "there is no root=%s%s",
                         x->root && x->root->fs.uuid[0] ? "UUID=" : "...",
                         x->root ? text_safe(x->root->fs.uuid) : "");
    }
}

static void detect_root_type(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count && x->root; i++) {
        char word[128], type[100], root[512], why[256];
        const struct volume *v = x->root;

        if (!get_word(lines[i].text, "rootfstype", word, sizeof word, type, sizeof type) ||
            strchr(type, ',') || strcmp(type, "auto") == 0 ||
            (kernel_arguments_get(lines[i].text, "root", root, sizeof root) &&
             examination_device(x, root, &v, why, sizeof why) == DEVICE_FOUND && v != x->root) ||
            strcmp(type, x->root->fs.type) == 0 ||
            (text_starts_with(type, "ext") && text_starts_with(x->root->fs.type, "ext")))
            continue;
        finding_expected(facts_cmdline_finding(x, r, f, &lines[i], word,
                                               "says a wrong file system for the root"),
                         "on %s is %s", text_safe(x->root->name), text_safe(x->root->fs.type));
    }
}

static int set_root_type(struct examination *x, const struct finding *f, struct changes *c,
                         struct error *e)
{
    char with[64];

    snprintf(with, sizeof with, "rootfstype=%s", x->root->fs.type);
    return facts_cmdline_edit(x, c, f->subject, with, e);
}

static void detect_subvolume(struct examination *x, const struct fault *f, struct report *r)
{
    struct btrfs_subvolumes subvolumes = {0};
    _cleanup_fd_ int fd = -1;
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    if (!x->root || strcmp(x->root->fs.type, "btrfs") != 0)
        return;
    fd = path_open(x->root_fd, "/", O_RDONLY | O_DIRECTORY);
    if (fd < 0 || btrfs_subvolumes_read(fd, &subvolumes) < 0 || subvolumes.incomplete)
        count = 0;
    for (unsigned i = 0; i < count; i++) {
        char word[600], flags[512];
        struct finding *finding;

        if (!get_word(lines[i].text, "rootflags", word, sizeof word, flags, sizeof flags) ||
            btrfs_subvolumes_have(&subvolumes, flags))
            continue;
        finding = facts_cmdline_finding(x, r, f, &lines[i], word,
                                        "names a subvolume for the root that is not there");
        if (text_is_empty(x->root_subvolume))
            finding_risk(finding, FAULT_RISK_NONE);
        else
            finding_expected(finding, "this system is in subvol=%s", text_safe(x->root_subvolume));
    }
    btrfs_subvolumes_free(&subvolumes);
}

/* Other options of the list stay. */
static int set_subvolume(struct examination *x, const struct finding *f, struct changes *c,
                         struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    const char *options = f->subject + strlen("rootflags=");

    (void)text_appendf(&t, "rootflags=subvol=%s", x->root_subvolume);
    while (*options) {
        size_t size = strcspn(options, ",");

        if (!text_starts_with(options, "subvol"))
            (void)text_appendf(&t, ",%.*s", (int)size, options);
        options += size + (options[size] == ',');
    }
    return t.failed ? error_errno(e, t.failed, "changing the kernel command line")
                    : facts_cmdline_edit(x, c, f->subject, t.data, e);
}

/* --- init= --- */

/* An initramfs goes on to /sbin/init when it does not find what it is told: those of
 * initramfs-tools (seen), dracut and systemd ("ignoring") alike. The kernel itself does not. */
static void detect_init_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count; i++) {
        char word[600], init[512];
        struct finding *finding;

        if (!get_word(lines[i].text, "init", word, sizeof word, init, sizeof init) ||
            init[0] != '/' || !examination_sees(x, init) || path_exists(x->root_fd, init) != 0)
            continue;
        finding =
            facts_cmdline_finding(x, r, f, &lines[i], word, "names an init that is not there");
        finding_expected(finding, "%s is not there", text_safe(init));
        if (lines[i].entry && (lines[i].entry->initrd_count || lines[i].entry->has_initrd)) {
            finding_severity(finding, FAULT_DEGRADES);
            finding_why(finding, "The initramfs passes it over and starts /sbin/init.");
        }
    }
}

static int drop(struct examination *x, const struct finding *f, struct changes *c, struct error *e)
{
    return facts_cmdline_edit(x, c, f->subject, NULL, e);
}

static void detect_too_long(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count; i++)
        if (lines[i].entry && strlen(lines[i].text) > LENGTH_MAX)
            finding_expected(facts_cmdline_finding(x, r, f, &lines[i], "", "is too long"),
                             "%zu of at most %d characters", strlen(lines[i].text), LENGTH_MAX);
}

static const struct fault faults[] = {
    {
        .id = "cmdline.root-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line names a root that is not there",
        .why = "The initramfs waits for it, gives up, and ends in a shell of its own (\"ALERT! "
               "UUID=... does not exist\"); a kernel without one panics.",
        .remedy = "name the file system that this system is on, in all places",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "bootparam(7), root=",
        .detect = detect_root_missing,
        .repair = set_root,
    },
    {
        .id = "cmdline.root-wrong",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line names another file system as root",
        .why = "What is there cannot be mounted as a root: the initramfs ends in a shell of its "
               "own, a kernel without one panics.",
        .remedy = "name the file system that this system is on, in all places",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "bootparam(7), root=",
        .detect = detect_root_wrong,
        .repair = set_root,
    },
    {
        .id = "cmdline.root-unset",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line names no root",
        .why = "The initramfs has nothing to mount (\"No root device specified\", dracut: \"No or "
               "empty root= argument\").",
        .remedy = "give root= to the entry, and make the menu again",
        .risk = FAULT_RISK_NONE,
        .reference = "bootparam(7), root=",
        .detect = detect_root_unset,
    },
    {
        .id = "cmdline.root-type",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line says a wrong file system for the root",
        .why = "No other type is tried: the root is not mounted.",
        .remedy = "say the type that is there",
        .risk = FAULT_RISK_LOW,
        .reference = "bootparam(7), rootfstype=",
        .detect = detect_root_type,
        .repair = set_root_type,
    },
    {
        .id = "cmdline.subvolume-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line names a btrfs subvolume that is not there",
        .why = "The root is not mounted (\"subvolume not found\"), and the initramfs ends in a "
               "shell of its own.",
        .remedy = "name the subvolume that this system is on",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "bootparam(7), rootflags=; btrfs(5), subvol=",
        .detect = detect_subvolume,
        .repair = set_subvolume,
    },
    {
        .id = "cmdline.init-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line names an init that is not there",
        .why = "The kernel panics: \"Requested init ... failed\".",
        .remedy = "take the argument out: the usual init is started",
        .risk = FAULT_RISK_LOW,
        .reference = "bootparam(7), init=",
        .detect = detect_init_missing,
        .repair = drop,
    },
    {
        .id = "cmdline.too-long",
        .severity = FAULT_DEGRADES,
        .title = "the kernel command line is too long",
        .why = "The kernel cuts it off: what stands behind does not count.",
        .remedy = "leave out what is not needed",
        .risk = FAULT_RISK_NONE,
        .reference = "COMMAND_LINE_SIZE, arch/x86/include/asm/setup.h",
        .detect = detect_too_long,
    },
};

FAULT_FAMILY(cmdline, faults);
