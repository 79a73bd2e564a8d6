/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Arguments of the kernel command line that were left behind: by a rescue, or by disks that are
 * gone.
 */

#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_cmdlines.h"
#include "faults/remedies.h"
#include "system/kernel_arguments.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- for a rescue --- */

/* What is good for one boot, and ends every other one before the login. A word that ends in "=" may
 * have any value. */
static const struct {
    const char *word;
    enum fault_severity severity;
    const char *effect;
} leftovers[] = {
    {"rd.break", FAULT_STOPS_BOOT, "the initramfs (dracut) stops at a prompt"},
    {"rd.break=", FAULT_STOPS_BOOT, "the initramfs (dracut) stops at a prompt"},
    {"rdbreak", FAULT_STOPS_BOOT, "the initramfs (dracut) stops at a prompt"},
    {"break", FAULT_STOPS_BOOT, "the initramfs (initramfs-tools) stops at a prompt"},
    {"break=", FAULT_STOPS_BOOT, "the initramfs stops at a prompt"},
    {"init=/bin/sh", FAULT_STOPS_BOOT, "a shell runs in place of the init"},
    {"init=/bin/bash", FAULT_STOPS_BOOT, "a shell runs in place of the init"},
    {"init=/usr/bin/bash", FAULT_STOPS_BOOT, "a shell runs in place of the init"},
    {"init=/usr/bin/sh", FAULT_STOPS_BOOT, "a shell runs in place of the init"},
    {"rdinit=/bin/sh", FAULT_STOPS_BOOT, "a shell runs in place of the initramfs"},
    {"emergency", FAULT_STOPS_BOOT, "the boot ends in emergency mode"},
    {"-b", FAULT_STOPS_BOOT, "the boot ends in emergency mode"},
    {"rescue", FAULT_STOPS_BOOT, "the boot ends in rescue mode"},
    {"single", FAULT_STOPS_BOOT, "the boot ends in single user mode"},
    {"s", FAULT_STOPS_BOOT, "the boot ends in single user mode"},
    {"S", FAULT_STOPS_BOOT, "the boot ends in single user mode"},
    {"1", FAULT_STOPS_BOOT, "the boot ends in single user mode"},
    {"systemd.unit=emergency.target", FAULT_STOPS_BOOT, "the boot ends in emergency mode"},
    {"systemd.unit=rescue.target", FAULT_STOPS_BOOT, "the boot ends in rescue mode"},
    {"systemd.unit=emergency", FAULT_STOPS_BOOT, "the boot ends in emergency mode"},
    {"systemd.unit=rescue", FAULT_STOPS_BOOT, "the boot ends in rescue mode"},
    {"systemd.run=", FAULT_STOPS_BOOT, "a command runs in place of the system"},
    {"systemd.debug-shell", FAULT_NOTICE, "anybody at the console is root, on tty9"},
    {"systemd.debug-shell=1", FAULT_NOTICE, "anybody at the console is root, on tty9"},
    {"systemd.debug_shell", FAULT_NOTICE, "anybody at the console is root, on tty9"},
};

static bool find_leftover(const char *line, const char *word, char *ret, size_t size)
{
    size_t length = strlen(word), n;
    const char *at;

    while ((at = kernel_arguments_next(&line, &n))) {
        if (n >= size || (word[length - 1] == '=' ? n <= length || strncmp(at, word, length) != 0
                                                  : n != length || strncmp(at, word, n) != 0))
            continue;
        snprintf(ret, size, "%.*s", (int)n, at);
        return true;
    }
    return false;
}

static void detect_rescue_left(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count; i++)
        for (size_t j = 0; j < sizeof leftovers / sizeof leftovers[0] && !lines[i].is_rescue; j++) {
            struct finding *finding;
            char word[512];

            if (!find_leftover(lines[i].text, leftovers[j].word, word, sizeof word))
                continue;
            finding = facts_cmdline_finding(x, r, f, &lines[i], word,
                                            "has an argument of a rescue in it");
            finding_expected(finding, "no %s: with it %s", text_safe(word), leftovers[j].effect);
            if (finding && leftovers[j].severity > finding->severity)
                finding_severity(finding, leftovers[j].severity);
        }
}

static int drop_leftover(struct examination *x, const struct finding *f, struct changes *c,
                         struct error *e)
{
    return facts_cmdline_drop_but_of_rescue(x, c, f->subject, e);
}

/* --- for disks that are gone --- */

static bool is_dracut(struct examination *x)
{
    return path_exists(x->root_fd, "/usr/bin/dracut") == 1 ||
           path_exists(x->root_fd, "/usr/sbin/dracut") == 1 ||
           path_exists(x->root_fd, "/usr/lib/dracut") == 1;
}

static bool has_volume_named(const struct examination *x, const char *name, bool group)
{
    size_t length = strlen(name);

    for (unsigned i = 0; i < x->disk_count; i++) {
        if (x->disks[i]->kind != DISK_GROUP)
            continue;
        if (group && strcmp(x->disks[i]->name, name) == 0)
            return true;
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++)
            if (!group && strncmp(x->disks[i]->volumes[j].name, name, length + 1) == 0)
                return true;
    }
    return false;
}

/* By the UUID of a header, which may be written without its hyphens, cut, or with "luks-" in front
 * (dracut.cmdline(7)). */
static bool has_uuid(const struct examination *x, const char *uuid, const char *type)
{
    char wanted[64];
    size_t n = 0;

    if (text_starts_with(uuid, "luks-"))
        uuid += 5;
    for (; *uuid && *uuid != '=' && n + 1 < sizeof wanted; uuid++)
        if (*uuid != '-' && *uuid != ':')
            wanted[n++] = *uuid;
    wanted[n] = '\0';
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
            const struct filesystem *fs = &x->disks[i]->volumes[j].fs;
            char found[64];
            size_t size = 0;

            for (const char *c = fs->uuid; *c && size + 1 < sizeof found; c++)
                if (*c != '-' && *c != ':')
                    found[size++] = *c;
            found[size] = '\0';
            if (strcmp(fs->type, type) == 0 && n > 0 && strncasecmp(found, wanted, n) == 0)
                return true;
        }
    return false;
}

static bool has_group_volume(const struct examination *x, const char *name)
{
    return has_volume_named(x, name, false);
}

static bool has_group(const struct examination *x, const char *name)
{
    return has_volume_named(x, name, true);
}

static bool has_luks(const struct examination *x, const char *uuid)
{
    return has_uuid(x, uuid, "crypto_LUKS");
}

static bool has_array(const struct examination *x, const char *uuid)
{
    return has_uuid(x, uuid, "linux_raid_member");
}

/* dracut.cmdline(7). */
static const struct {
    const char *key, *what;
    bool (*exists)(const struct examination *x, const char *value);
} objects[] = {
    {"rd.lvm.lv", "a logical volume", has_group_volume},
    {"rd.lvm.vg", "a volume group", has_group},
    {"rd.luks.uuid", "an encrypted volume", has_luks},
    {"rd.luks.name", "an encrypted volume", has_luks},
    {"rd.md.uuid", "a RAID array", has_array},
};

static void check_objects(struct examination *x, const struct fault *f, struct report *r,
                          const struct boot_cmdline *line)
{
    const char *rest = line->text, *at;
    size_t n;

    while ((at = kernel_arguments_next(&rest, &n)))
        for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
            size_t length = strlen(objects[i].key);
            struct finding *finding;
            char word[256];

            if (n <= length + 1 || n >= sizeof word || at[length] != '=' ||
                strncmp(at, objects[i].key, length) != 0)
                continue;
            snprintf(word, sizeof word, "%.*s", (int)n, at);
            if (objects[i].exists(x, word + length + 1))
                continue;
            finding = facts_cmdline_finding(x, r, f, line, word, "waits for what is not there");
            finding_expected(finding, "%s is %s that is not on this disk", text_safe(word),
                             objects[i].what);
        }
}

static void detect_object_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    /* Other initramfs do not read these. */
    if (!x->root || x->incomplete || !is_dracut(x))
        return;
    for (unsigned i = 0; i < count; i++)
        check_objects(x, f, r, &lines[i]);
}

static void detect_resume_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_cmdline *lines = facts_cmdlines(x, &count);

    for (unsigned i = 0; i < count; i++) {
        char word[600], value[512], why[256];
        struct finding *finding;

        if (!kernel_arguments_get(lines[i].text, "resume", value, sizeof value) ||
            !examination_names_device(value) ||
            examination_device(x, value, NULL, why, sizeof why) != DEVICE_MISSING)
            continue;
        snprintf(word, sizeof word, "resume=%s", value);
        finding = facts_cmdline_finding(x, r, f, &lines[i], word,
                                        "would wake the system from a disk that is not there");
        finding_expected(finding, "%s", why);
    }
}

static int drop(struct examination *x, const struct finding *f, struct changes *c, struct error *e)
{
    return facts_cmdline_edit(x, c, f->subject, NULL, e);
}

static const struct fault faults[] = {
    {
        .id = "argument.rescue-left",
        .severity = FAULT_STOPS_BOOT,
        .title = "an argument of a rescue is still in the kernel command line",
        .why = "Each boot ends there, before the system is up.",
        .remedy = "take the argument out, in all places but the entries for a rescue",
        .risk = FAULT_RISK_LOW,
        .reference = "kernel-command-line(7), dracut.cmdline(7), initramfs-tools(7)",
        .detect = detect_rescue_left,
        .repair = drop_leftover,
    },
    {
        .id = "argument.object-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the kernel command line waits for a volume that is not there",
        .why = "dracut waits for it, gives up (\"Warning: /dev/... does not exist\"), and ends in "
               "its emergency shell.",
        .remedy = "take the argument out, in all places",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "dracut.cmdline(7)",
        .detect = detect_object_missing,
        .repair = drop,
    },
    {
        .id = "argument.resume-missing",
        .severity = FAULT_DEGRADES,
        .title = "the kernel command line would wake the system from a disk that is not there",
        .why = "Each boot waits for it, half a minute to a minute and a half.",
        .remedy = "take the argument out, in all places",
        .risk = FAULT_RISK_LOW,
        .reference = "kernel-command-line(7), resume=",
        .detect = detect_resume_missing,
        .repair = drop,
    },
};

FAULT_FAMILY(argument, faults);
