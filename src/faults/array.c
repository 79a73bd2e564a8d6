/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RAID arrays as mdadm.conf names them. What it does not name comes up as /dev/md127, or, where the
 * initramfs goes by it alone, not at all. */

#include "base/fd.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_user.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "system/lines.h"
#include "system/mdadm_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[] = {"/etc/mdadm/mdadm.conf", "/etc/mdadm.conf"};

/* The next member of an array on the disks, from (*disk, *volume) on, with the array's UUID. */
static const struct volume *next_member(const struct examination *x, unsigned *disk,
                                        unsigned *volume, char ret[static 33])
{
    for (; *disk < x->disk_count; (*disk)++, *volume = 0)
        while (*volume < x->disks[*disk]->volume_count) {
            const struct volume *v = &x->disks[*disk]->volumes[(*volume)++];

            if (strcmp(v->fs.type, "linux_raid_member") == 0 && mdadm_uuid_digits(v->fs.uuid, ret))
                return v;
        }
    return NULL;
}

static bool is_there(const struct examination *x, const char *uuid)
{
    unsigned disk = 0, volume = 0;
    char found[33];

    while (next_member(x, &disk, &volume, found))
        if (strcmp(found, uuid) == 0)
            return true;
    return false;
}

static bool is_named(const struct mdadm_array *arrays, unsigned count, const char *uuid)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(arrays[i].uuid, uuid) == 0)
            return true;
    return false;
}

/* A line may go by other things than the UUID: which array is meant is not known then. */
static bool is_vague(const struct mdadm_array *arrays, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!arrays[i].uuid[0] && strcmp(arrays[i].device, "<ignore>") != 0)
            return true;
    return false;
}

/* The line that names an array which is not there, when it is the only one: it may be meant for the
 * array that no line names, when that is the only one, too. */
static const struct mdadm_array *stale_line(const struct examination *x,
                                            const struct mdadm_array *arrays, unsigned count)
{
    const struct mdadm_array *stale = NULL;
    unsigned disk = 0, volume = 0;
    char uuid[33], unnamed[33] = "";

    while (next_member(x, &disk, &volume, uuid)) {
        if (is_named(arrays, count, uuid) || strcmp(unnamed, uuid) == 0)
            continue;
        if (unnamed[0])
            return NULL;
        memcpy(unnamed, uuid, sizeof unnamed);
    }
    for (unsigned i = 0; i < count; i++) {
        if (!arrays[i].uuid[0] || is_there(x, arrays[i].uuid))
            continue;
        if (stale)
            return NULL;
        stale = &arrays[i];
    }
    return stale;
}

/* Does a line of fstab wait for an array by its name? */
static bool is_waited_for(const struct examination *x)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];

        if (text_starts_with(entry->source, "/dev/md") && !entry->noauto && !entry->nofail)
            return true;
    }
    return false;
}

/* As mdadm writes it: "c06f09cf:4c52bece:97a3e9c7:b579bea2". */
static void group_digits(const char *digits, char ret[static 36])
{
    snprintf(ret, 36, "%.8s:%.8s:%.8s:%.8s", digits, digits + 8, digits + 16, digits + 24);
}

static void report_array(struct examination *x, const struct fault *f, struct report *r,
                         const char *path, const struct facts_file *file,
                         const struct mdadm_array *stale, const struct volume *member,
                         const char *uuid)
{
    char grouped[36];
    struct finding *finding = report_add(r, f, "%s does not name the array that %s is a member of",
                                         path, text_safe(member->name));

    group_digits(uuid, grouped);
    finding_at(finding, path, stale ? stale->line : 0);
    if (stale)
        finding_line(finding, file->data, file->size, stale->line);
    finding_expected(finding, "UUID=%s is in no line of it%s", grouped,
                     stale ? "; this line names an array that is not there" : "");
    finding_subject(finding, grouped);
    if (stale) /* its array may be on a disk that was not named */
        finding_risk(finding, FAULT_RISK_MEDIUM);
    if (is_waited_for(x))
        return;
    finding_severity(finding, FAULT_DEGRADES);
    finding_why(finding, "It comes up under another name.");
}

static void detect_unlisted(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct facts_file *file = facts_file(x, files[i]);
        struct mdadm_array arrays[MDADM_ARRAYS_MAX];
        char uuid[33], told[33] = "";
        unsigned disk = 0, volume = 0,
                 count = file->data
                             ? mdadm_config_arrays(file->data, file->size, arrays, MDADM_ARRAYS_MAX)
                             : 0;
        const struct volume *member;

        /* Without a line mdadm takes what it finds. */
        while (count && !is_vague(arrays, count) &&
               (member = next_member(x, &disk, &volume, uuid))) {
            if (is_named(arrays, count, uuid) || strcmp(told, uuid) == 0)
                continue;
            memcpy(told, uuid, sizeof told); /* once for all of its members */
            report_array(x, f, r, files[i], file, stale_line(x, arrays, count), member, uuid);
        }
    }
}

/* Line @number of the file as it is, with what stands behind "UUID=" replaced. -EINVAL when it has
 * no UUID, or is too long to be taken whole. */
static int replace_uuid(const char *data, size_t size, unsigned number, const char *uuid,
                        struct text *out)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];

    while (lines_next(&l, line)) {
        char *at = l.number == number ? strcasestr(line, "uuid=") : NULL;

        if (l.number < number)
            continue;
        if (!at || l.length >= sizeof line)
            return -EINVAL;
        return text_appendf(out, "%.*sUUID=%s%s", (int)(at - line), line, uuid,
                            at + strcspn(at, " \t"));
    }
    return -EINVAL;
}

/* The stale line gets the UUID that is there; else there is one line more. */
static int name_it(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * LINES_WIDTH);
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    if (!f->line) {
        (void)text_appendf(&t, "ARRAY UUID=%s", f->subject);
        r = t.failed ? t.failed : changes_append_line(c, f->file, t.data, 0644);
    } else {
        r = changes_read(c, f->file, &data, &size);
        if (r == 0)
            r = replace_uuid(data, size, f->line, f->subject, &t);
        if (r == -EINVAL)
            return remedy_unfit(e, "its UUID does not stand in line %u", f->line);
        if (r == 0)
            r = changes_replace_line(c, f->file, f->line, t.data);
    }
    return r < 0 ? remedy_planned(r, f->file, e) : rebuild_every_initramfs(x, c, e);
}

static const struct fault faults[] = {
    {
        .id = "array.unlisted",
        .severity = FAULT_STOPS_BOOT,
        .title = "mdadm.conf names other arrays than there are",
        .why = "The array comes up under another name, or not at all: \"mdadm: No arrays found in "
               "config file\"; what fstab mounts by its name does not come.",
        .remedy = "name it by its UUID in mdadm.conf, and make the initramfs again",
        .risk = FAULT_RISK_LOW,
        .reference = "mdadm.conf(5), ARRAY; mdadm(8), --detail --scan",
        .detect = detect_unlisted,
        .repair = name_it,
    },
};

FAULT_FAMILY(array, faults);
