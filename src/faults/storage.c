/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lies between the disks and fstab, and identifiers that are there twice. The file systems
 * themselves are checked elsewhere. */

#include "base/fd.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "faults/root_stack.h"
#include "faults/storage_lvm.h"
#include "system/crypttab.h"
#include "system/lines.h"
#include "system/multipath.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRYPTTAB "/etc/crypttab"

/* Does the boot go on without it (crypttab(5))? */
static bool is_optional(const struct crypttab_entry *entry)
{
    return entry->nofail || entry->noauto;
}

static bool line_at(const struct facts_file *file, unsigned number, char line[LINES_WIDTH])
{
    struct lines l = LINES_OF(file->data, file->size);

    while (lines_next(&l, line))
        if (l.number == number)
            return true;
    return false;
}

/* The volume that the root is in, when it is opened here and no line names it: then one that names
 * nothing is meant for it, and is not to be made optional. */
static const struct volume *unnamed_root(const struct examination *x,
                                         const struct crypttab_entry *entries, unsigned count)
{
    const struct volume *root = stack_encrypted(x), *named;
    char why[256];

    for (unsigned i = 0; root && i < count; i++)
        if (examination_device(x, entries[i].source, &named, why, sizeof why) == DEVICE_FOUND &&
            named == root)
            return NULL;
    return root && root->fs.uuid[0] ? root : NULL;
}

static void detect_crypttab_source(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *file = facts_file(x, CRYPTTAB);
    struct crypttab_entry entries[CRYPTTAB_ENTRIES_MAX];
    unsigned count =
        file->data ? crypttab_parse(file->data, file->size, entries, CRYPTTAB_ENTRIES_MAX) : 0;

    const struct volume *root = unnamed_root(x, entries, count);

    for (unsigned i = 0; i < count; i++) {
        char why[256];
        struct finding *finding;

        if (examination_device(x, entries[i].source, NULL, why, sizeof why) != DEVICE_MISSING ||
            is_optional(&entries[i]))
            continue;
        finding =
            report_add(r, f, CRYPTTAB " line %u names a disk that is not there", entries[i].line);
        finding_at(finding, CRYPTTAB, entries[i].line);
        finding_line(finding, file->data, file->size, entries[i].line);
        if (!root) {
            finding_expected(finding, "%s", why);
            continue;
        }
        finding_expected(finding, "%s; no line names the volume that / is in: UUID=%s", why,
                         text_safe(root->fs.uuid));
        finding_why(finding, "The initramfs does not open what the root is in.");
        finding_subject(finding, root->fs.uuid);
        finding_risk(finding, FAULT_RISK_MEDIUM); /* it may be meant for a disk that is not named */
    }
}

static void detect_crypttab_key(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *file = facts_file(x, CRYPTTAB);
    struct crypttab_entry entries[CRYPTTAB_ENTRIES_MAX];
    unsigned count =
        file->data ? crypttab_parse(file->data, file->size, entries, CRYPTTAB_ENTRIES_MAX) : 0;

    for (unsigned i = 0; i < count; i++) {
        char line[LINES_WIDTH];
        struct finding *finding;

        if (!entries[i].key[0] || facts_has(x, entries[i].key) ||
            text_starts_with(entries[i].key, "/run/") || !line_at(file, entries[i].line, line) ||
            strstr(line, "keyscript="))
            continue;
        finding = report_add(r, f, CRYPTTAB " line %u: the key file %s is missing", entries[i].line,
                             text_safe(entries[i].key));
        finding_at(finding, CRYPTTAB, entries[i].line);
        finding_line(finding, file->data, file->size, entries[i].line);
        if (is_optional(&entries[i]))
            finding_severity(finding, FAULT_DEGRADES);
    }
}

/* The line gets the source UUID=subject; without a subject the option "nofail", for which it is
 * lengthened: crypttab's fourth field is like fstab's. In front, where no quote of another option
 * is open. */
static int correct_line(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * LINES_WIDTH);
    _cleanup_free_ char *data = NULL;
    struct facts_file planned = {0};
    char line[LINES_WIDTH];
    int r = changes_read(c, f->file, &data, &planned.size);

    planned.data = data;
    if (r == 0 && !line_at(&planned, f->line, line))
        r = -ENOENT;
    if (r == 0) {
        char copy[LINES_WIDTH], *text, *field[4] = {0};

        memcpy(copy, line, sizeof copy);
        text = lines_strip(copy);
        for (unsigned i = 0; i < 4; i++)
            field[i] = lines_word(&text);
        if (f->subject)
            (void)text_appendf(&t, "%s UUID=%s %s %s", field[0], f->subject,
                               field[2] ? field[2] : "none", field[3] ? field[3] : "luks");
        else
            (void)text_appendf(&t, "%s %s %s nofail%s%s", field[0], field[1],
                               field[2] ? field[2] : "none", field[3] ? "," : "",
                               field[3] ? field[3] : "");
        r = t.failed ? t.failed : changes_replace_line(c, f->file, f->line, t.data);
    }
    if (r == 0 && f->subject)
        return rebuild_every_initramfs(x, c, e);
    return remedy_planned(r, f->file, e);
}

/* --- identifiers -------------------------------------------------------------------------------
 */

/* Does the type carry one identifier on several devices by design? */
static bool shares_uuid(const struct volume *v)
{
    return strcmp(v->fs.usage, "raid") == 0 || strcmp(v->fs.type, "btrfs") == 0 || v->taken;
}

/* Labels need not differ where nothing goes by them. */
static bool is_named_by_label(const struct examination *x, const char *label)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const char *source = x->fstab.entries[i].source;

        if ((text_starts_with(source, "LABEL=") && strcmp(source + 6, label) == 0) ||
            (text_starts_with(source, "/dev/disk/by-label/") && strcmp(source + 19, label) == 0))
            return true;
    }
    return false;
}

static bool are_twins(const struct examination *x, const struct volume *a, const struct volume *b,
                      const char **ret_kind)
{
    if (a->fs.uuid[0] && strcmp(a->fs.uuid, b->fs.uuid) == 0 && !shares_uuid(a) && !shares_uuid(b))
        *ret_kind = "UUID";
    else if (a->part_uuid[0] && strcmp(a->part_uuid, b->part_uuid) == 0)
        *ret_kind = "PARTUUID";
    else if (a->fs.label[0] && strcmp(a->fs.label, b->fs.label) == 0 && !shares_uuid(a) &&
             !shares_uuid(b) && is_named_by_label(x, a->fs.label))
        *ret_kind = "LABEL";
    else
        return false;
    return true;
}

static void compare_volumes(struct examination *x, const struct fault *f, struct report *r,
                            const struct volume *a, const struct volume *b)
{
    const char *kind;
    struct finding *finding;

    /* Of the running host only what it mounts counts: it has disks of its guests, too. */
    if (!are_twins(x, a, b, &kind) ||
        (x->running && !examination_mounts(x, a) && !examination_mounts(x, b)))
        return;
    finding = report_add(r, f, "%s and %s have the same %s", text_safe(a->name), text_safe(b->name),
                         kind);
    finding_evidence(finding, "%s=%s", kind,
                     text_safe(strcmp(kind, "UUID") == 0    ? a->fs.uuid
                               : strcmp(kind, "LABEL") == 0 ? a->fs.label
                                                            : a->part_uuid));
}

static void detect_duplicate(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned k = i; k < x->disk_count; k++)
            for (unsigned m = 0; m < x->disks[i]->volume_count; m++)
                for (unsigned n = k == i ? m + 1 : 0; n < x->disks[k]->volume_count; n++)
                    compare_volumes(x, f, r, &x->disks[i]->volumes[m], &x->disks[k]->volumes[n]);
}

/* A map of multipath that fstab names, and whose name is not bound to any disk. */
static void detect_multipath(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *bindings = facts_file(x, "/etc/multipath/bindings"),
                            *conf = facts_file(x, "/etc/multipath.conf");

    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        struct finding *finding;

        if (!entry->source || !text_starts_with(entry->source, "/dev/mapper/mpath") ||
            multipath_knows(bindings->data, bindings->size, conf->data, conf->size,
                            entry->source + strlen("/dev/mapper/")))
            continue;
        finding = report_add(r, f, "/etc/fstab line %u names %s, which multipath does not know",
                             entry->line, text_safe(entry->source));
        finding_at(finding, "/etc/fstab", entry->line);
        finding_expected(finding, "neither a line of /etc/multipath/bindings nor an alias of "
                                  "/etc/multipath.conf has that name");
    }
}

static const struct fault faults[] = {
    {
        .id = "storage.crypttab-source",
        .severity = FAULT_STOPS_BOOT,
        .title = "crypttab names a disk that is not there",
        .why = "systemd waits 90 seconds for it, and cryptsetup.target fails; what is mounted from "
               "it does not come.",
        .remedy =
            "let the boot go on without it: nofail; for the volume that / is in: name it by its "
            "own UUID, and make the initramfs again",
        .risk = FAULT_RISK_LOW,
        .reference = "crypttab(5), nofail",
        .detect = detect_crypttab_source,
        .repair = correct_line,
    },
    {
        .id = "storage.crypttab-key",
        .severity = FAULT_STOPS_BOOT,
        .title = "a key file of crypttab is missing",
        .why = "The boot stops at a question for the passphrase, which nobody may be there to "
               "answer.",
        .remedy = "put the key file back, or name none",
        .risk = FAULT_RISK_NONE,
        .reference = "crypttab(5)",
        .detect = detect_crypttab_key,
    },
    {
        .id = "storage.lvm-devices-file",
        .severity = FAULT_STOPS_BOOT,
        .title = "LVM's devices file does not know a physical volume",
        .why =
            "LVM passes the disk over, although a rescue system sees it: the volume group is not "
            "found at boot.",
        .remedy = "take the file away, so that LVM looks at all disks, and rebuild the initramfs; "
                  "later: vgimportdevices -a",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "lvmdevices(8)",
        .detect = storage_lvm_detect_devices_file,
        .repair = storage_lvm_remove_devices_file,
    },
    {
        .id = "storage.lvm-filter",
        .severity = FAULT_STOPS_BOOT,
        .title = "lvm.conf hides a physical volume from LVM",
        .why = "The volume group that lies on it is not found at boot.",
        .remedy = "turn the filter into a comment, and rebuild the initramfs",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "lvm.conf(5), filter",
        .detect = storage_lvm_detect_filter,
        .repair = storage_lvm_remove_filter,
    },
    {
        .id = "storage.multipath",
        .severity = FAULT_DEGRADES,
        .title = "fstab names a multipath device that is not configured",
        .why = "The device gets another name, and fstab waits for this one.",
        .remedy = "bind the name to the disk (multipath -W), or name the file system by UUID",
        .risk = FAULT_RISK_NONE,
        .reference = "multipath(8)",
        .detect = detect_multipath,
    },
    {
        .id = "storage.duplicate-id",
        .severity = FAULT_DEGRADES,
        .title = "two volumes have the same identifier",
        .why = "Which of them is mounted is a matter of chance; after a copy of a disk it may be "
               "the old one.",
        .remedy = "detach the copy, or give it a new identifier (tune2fs -U random, xfs_admin -U "
                  "generate, sgdisk -G)",
        .risk = FAULT_RISK_NONE,
        .reference = "blkid(8)",
        .detect = detect_duplicate,
    },
};

FAULT_FAMILY(storage, faults);
