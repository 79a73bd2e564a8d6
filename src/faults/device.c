/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a line of fstab says of its device, against what is on that device. */

#include "base/text.h"
#include "faults/fstab_line.h"
#include "storage/device_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Can the kernel mount what @v holds as @type? The ext4 driver stands in for its elders, but not
 * the other way (ext4(5), ext3_feature_set_ok() in fs/ext4/super.c). */
static bool type_fits(const char *type, const struct filesystem *fs)
{
    static const struct {
        const char *type, *found;
    } fitting[] = {
        {"ext4", "ext2"},        {"ext4", "ext3"},       {"ext3", "ext2"},    {"msdos", "vfat"},
        {"fat", "vfat"},         {"exfat", "vfat"},      {"ntfs3", "ntfs"},   {"ntfs-3g", "ntfs"},
        {"udf", "iso9660"},      {"iso9660", "udf"},     {"fuseblk", "ntfs"}, {"fuseblk", "exfat"},
        {"exfat-fuse", "exfat"}, {"lowntfs-3g", "ntfs"}, {"hfsplus", "hfs"},
    };

    if (strcmp(type, "auto") == 0 || strcmp(type, "none") == 0 || strchr(type, ',') ||
        text_starts_with(type, "no") || text_starts_with(type, "fuse.") ||
        strcmp(type, fs->type) == 0)
        return true;
    for (size_t i = 0; i < sizeof fitting / sizeof fitting[0]; i++)
        if (strcmp(type, fitting[i].type) == 0 && strcmp(fs->type, fitting[i].found) == 0)
            return true;
    return false;
}

/* The one volume with a file system of @type that no line of fstab names, and that is not "/"'s. */
static const struct volume *only_unused(const struct examination *x, const char *type)
{
    const struct volume *found = NULL;

    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
            const struct volume *v = &x->disks[i]->volumes[j], *named;
            bool used = v == x->root || !v->fs.uuid[0] || strcmp(v->fs.type, type) != 0;
            char why[256];

            for (unsigned k = 0; !used && k < x->fstab.count; k++)
                used = examination_device(x, x->fstab.entries[k].source, &named, why, sizeof why) ==
                           DEVICE_FOUND &&
                       named == v;
            if (used)
                continue;
            if (found)
                return NULL;
            found = v;
        }
    return found;
}

static void report_other_disk(const struct examination *x, const struct fault *f, struct report *r,
                              const struct fstab_entry *entry, const struct volume *v)
{
    struct finding *finding = fstab_line_finding(
        x, r, f, entry, "names a disk by its place, and another one is there now");

    finding_expected(finding, "%s; on %s is %s", text_safe(entry->type), text_safe(v->name),
                     v->fs.type[0] ? text_safe(v->fs.type) : "nothing that can be mounted");
    finding_why(finding, "The line cannot be mounted, and systemd ends in emergency mode.");
    if (entry->nofail)
        finding_severity(finding, FAULT_DEGRADES);
    finding_risk(finding, only_unused(x, entry->type) ? FAULT_RISK_MEDIUM : FAULT_RISK_NONE);
}

static bool is_kernel_name(const struct fstab_entry *entry)
{
    return (entry->class == FSTAB_MOUNT || entry->class == FSTAB_ROOT ||
            entry->class == FSTAB_SWAP) &&
           device_name_partition(entry->source) >= 0 && !text_starts_with(entry->source, "/dev/lo");
}

static void detect_kernel_name(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        const struct volume *v;
        struct finding *finding;
        char why[256];

        if (!is_kernel_name(entry) || entry->noauto ||
            examination_device(x, entry->source, &v, why, sizeof why) != DEVICE_FOUND)
            continue;
        if (entry->class == FSTAB_MOUNT && v && !type_fits(entry->type, &v->fs)) {
            report_other_disk(x, f, r, entry, v);
            continue;
        }
        finding = fstab_line_finding(x, r, f, entry, "names a disk by its place");
        finding_severity(finding, FAULT_NOTICE);
        if (v && v->fs.uuid[0])
            finding_expected(finding,
                             "the disk may come up under another name; this one stays: UUID=%s",
                             text_safe(v->fs.uuid));
        else
            finding_risk(finding, FAULT_RISK_NONE);
    }
}

static int name_by_uuid(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    const struct fstab_entry *entry = NULL;
    const struct volume *v;
    char value[80], why[256];

    for (unsigned i = 0; i < x->fstab.count && !entry; i++)
        if (x->fstab.entries[i].line == f->line)
            entry = &x->fstab.entries[i];
    if (!entry)
        return error_set(e, ERROR_FAILED, -ENOTSUP, "no-line", "the line is gone");
    if (f->severity == FAULT_NOTICE)
        (void)examination_device(x, entry->source, &v, why, sizeof why);
    else
        v = only_unused(x, entry->type);
    if (!v)
        return error_set(e, ERROR_FAILED, -ENOTSUP, "unknown-disk",
                         "which disk " FSTAB_PATH " line %u means is not known", f->line);
    snprintf(value, sizeof value, "UUID=%s", v->fs.uuid);
    return fstab_line_set(f, c, FSTAB_SOURCE, value, e);
}

static void detect_wrong_type(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        const struct volume *v;
        struct finding *finding;
        char why[256];

        if (entry->class != FSTAB_MOUNT || !fstab_line_is_automatic(entry) ||
            is_kernel_name(entry) ||
            examination_device(x, entry->source, &v, why, sizeof why) != DEVICE_FOUND || !v ||
            v->fs.ambiguous || type_fits(entry->type, &v->fs))
            continue;
        finding = fstab_line_finding(x, r, f, entry, "says a wrong file system");
        finding_expected(finding, "on %s is %s", text_safe(v->name),
                         v->fs.type[0] ? text_safe(v->fs.type) : "no file system");
        if (entry->nofail)
            finding_severity(finding, FAULT_DEGRADES);
        if (strcmp(v->fs.usage, "filesystem") != 0) {
            finding_risk(finding, FAULT_RISK_NONE);
            finding_remedy(finding,
                           "name the file system that belongs there, or take the line out");
        }
        finding_subject(finding, v->fs.type);
    }
}

static int set_type(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    (void)x;
    return fstab_line_set(f, c, FSTAB_TYPE, f->subject, e);
}

static const struct fault faults[] = {
    {
        .id = "device.wrong-type",
        .severity = FAULT_STOPS_BOOT,
        .title = "a line of fstab says another file system than the disk has",
        .why = "The kernel refuses to mount it (\"wrong fs type, bad option\"), local-fs.target "
               "fails, and systemd ends in emergency mode.",
        .remedy = "say the type that is there",
        .risk = FAULT_RISK_LOW,
        .reference = "fstab(5), findmnt(8) --verify",
        .detect = detect_wrong_type,
        .repair = set_type,
    },
    {
        .id = "device.kernel-name",
        .severity = FAULT_STOPS_BOOT,
        .title = "a line of fstab names a disk by its place (/dev/sda1)",
        .why = "With another controller, or one disk more or less, the name means another disk or "
               "none.",
        .remedy = "name the file system by its UUID",
        .risk = FAULT_RISK_LOW,
        .reference = "fstab(5)",
        .detect = detect_kernel_name,
        .repair = name_by_uuid,
    },
};

FAULT_FAMILY(device, faults);
