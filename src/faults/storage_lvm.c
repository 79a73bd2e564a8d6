/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/storage_lvm.h"

#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "storage/sysfs.h"
#include "system/lvm_config.h"
#include "system/lvm_devices.h"
#include "system/lvm_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_pv(const struct volume *v)
{
    return strcmp(v->fs.type, "LVM2_member") == 0;
}

/* The configuration files, in the order in which their settings go before others (lvm.conf(5)). */
static const char *const configurations[] = {"/etc/lvm/lvmlocal.conf", "/etc/lvm/lvm.conf"};

/* The setting that is in force, and the file that has it; NULL when none has. */
static const char *find_setting(struct examination *x, const char *name, struct lvm_setting *ret)
{
    for (unsigned i = 0; i < sizeof configurations / sizeof configurations[0]; i++) {
        const struct facts_file *file = facts_file(x, configurations[i]);

        if (file->data && lvm_config_find(file->data, file->size, name, ret))
            return configurations[i];
    }
    return NULL;
}

/* --- the devices file --- */

/* Its path where it is there and used. With "use_devicesfile = 0" it is not; without the setting
 * that depends on how LVM was built, and only one that uses it makes it. */
static const struct facts_file *devices_file(struct examination *x, char path[512])
{
    struct lvm_setting setting = {0};
    const char *name = "system.devices";
    const struct facts_file *file;

    if (find_setting(x, "devices/use_devicesfile", &setting) && setting.count &&
        setting.values[0][0] == '0')
        return NULL;
    if (find_setting(x, "devices/devicesfile", &setting) && setting.count)
        name = setting.values[0];
    if (!name[0] || strchr(name, '/'))
        return NULL;
    snprintf(path, 512, "/etc/lvm/devices/%s", name);
    file = facts_file(x, path);
    return file->data ? file : NULL;
}

/* lvmdevices(8) writes PVIDs without the hyphens that blkid prints. */
static void pvid_of(const struct volume *v, char ret[64])
{
    size_t used = 0;

    for (const char *c = v->fs.uuid; *c && used + 1 < 64; c++)
        if (*c != '-')
            ret[used++] = *c;
    ret[used] = '\0';
}

/* An entry without a PVID goes by the hardware, which is not known here: it may be any. */
static bool may_list(const struct facts_file *file, const char *pvid)
{
    struct lvm_devices_walk w = LVM_DEVICES_WALK(file->data, file->size);
    struct lvm_device device;

    while (lvm_devices_next(&w, &device))
        if (strcmp(device.pvid, pvid) == 0 || !device.pvid[0] || strcmp(device.pvid, ".") == 0)
            return true;
    return false;
}

/* On the running host: nothing of it is active, as with a guest's, which is kept from the host on
 * purpose. */
static bool is_left_out(const struct examination *x, const struct volume *v)
{
    dev_t holder;

    return x->running && sysfs_related(v->devno, "holders", &holder, 1) <= 0;
}

void storage_lvm_detect_devices_file(struct examination *x, const struct fault *f, struct report *r)
{
    char path[512];
    const struct facts_file *file = devices_file(x, path);

    for (unsigned i = 0; file && i < x->disk_count; i++)
        for (unsigned k = 0; k < x->disks[i]->volume_count; k++) {
            const struct volume *v = &x->disks[i]->volumes[k];
            struct finding *finding;
            char pvid[64], title[256];

            pvid_of(v, pvid);
            if (!is_pv(v) || !pvid[0] || may_list(file, pvid) || is_left_out(x, v))
                continue;
            finding = report_add(r, f, "%s does not know %s", text_safe(path),
                                 disk_volume_title(x->disks[i], v, title, sizeof title));
            finding_at(finding, path, 0);
            finding_expected(finding, "an entry with PVID=%s", text_safe(pvid));
        }
}

/* What follows of each remedy: the initramfs has a copy of LVM's configuration. */
int storage_lvm_remove_devices_file(struct examination *x, const struct finding *f,
                                    struct changes *c, struct error *e)
{
    int r = changes_remove(c, f->file);

    r = remedy_planned(r, f->file, e);
    return r < 0 ? r : rebuild_every_initramfs(x, c, e);
}

/* --- filters --- */

/*
 * Which name a disk has at boot depends on the machine, and none is known here for sure: the letter
 * or number of the disk, then what stands before the number of the partition. A target may itself
 * be an array, a mapping, or a partition that was copied.
 */
static const struct {
    const char *disk, *behind;
    bool letter;
    const char *partition; /* NULL: a partition has a number as a disk has one */
    unsigned count;        /* how many of them: "sda" to "sdp" */
    unsigned kinds;        /* of which struct disk */
} disk_names[] = {
    {"/dev/sd", "", true, "", 16, 1U << DISK_TARGET},
    {"/dev/vd", "", true, "", 16, 1U << DISK_TARGET},
    {"/dev/xvd", "", true, "", 16, 1U << DISK_TARGET},
    {"/dev/hd", "", true, "", 16, 1U << DISK_TARGET},
    {"/dev/mapper/mpath", "", true, "", 16, 1U << DISK_TARGET},
    {"/dev/mapper/mpath", "", true, "-part", 16, 1U << DISK_TARGET},
    {"/dev/nvme", "n1", false, "p", 16, 1U << DISK_TARGET},
    {"/dev/mmcblk", "", false, "p", 16, 1U << DISK_TARGET},
    {"/dev/dm-", "", false, NULL, 128, 1U << DISK_TARGET | 1U << DISK_LUKS},
    {"/dev/md", "", false, "p", 128, 1U << DISK_TARGET | 1U << DISK_ARRAY}, /* from 127 down */
    {"/dev/loop", "", false, "p", 16, 0},
};

#define PARTITIONS 16

static const char *name_of(size_t kind, unsigned disk, unsigned partition, char buf[64])
{
    char which[16], part[32] = "";

    if (disk_names[kind].letter)
        snprintf(which, sizeof which, "%c", (char)('a' + disk));
    else
        snprintf(which, sizeof which, "%u", disk);
    if (partition && disk_names[kind].partition)
        snprintf(part, sizeof part, "%s%u", disk_names[kind].partition, partition);
    snprintf(buf, 64, "%s%s%s%s", disk_names[kind].disk, which, disk_names[kind].behind, part);
    return buf;
}

/* May @v be that partition (0: the whole) of a disk of that kind? A volume that is all of a target
 * may be a partition on the machine. */
static bool may_be(const struct disk *d, const struct volume *v, size_t kind, unsigned partition)
{
    return (disk_names[kind].kinds & 1U << d->kind) &&
           (partition == v->number || (d->kind == DISK_TARGET && !v->number) ||
            !disk_names[kind].partition);
}

/* Is each name that @v may have rejected? *ret: the last pattern that rejects one. */
static bool rejects_each(const struct lvm_filter *filter, const struct disk *d,
                         const struct volume *v, unsigned *ret)
{
    unsigned last = v->number > PARTITIONS ? v->number : PARTITIONS, by, end = 0;
    char name[128];

    for (size_t kind = 0; kind < sizeof disk_names / sizeof disk_names[0]; kind++)
        for (unsigned part = 0; part <= last; part++)
            for (unsigned i = 0; may_be(d, v, kind, part) && i < disk_names[kind].count; i++) {
                if (lvm_filter_match(filter, name_of(kind, i, part, name), &by) != LVM_REJECTED)
                    return false;
                end = by > end ? by : end;
            }
    if (d->kind != DISK_TARGET) {
        static const char *const before[] = {"", "p", "-part"};

        for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
            int used = snprintf(name, sizeof name, "/dev/%s/%s",
                                d->kind == DISK_ARRAY ? "md" : "mapper", d->name);

            if (v->number)
                snprintf(name + used, sizeof name - (size_t)used, "%s%u", before[i], v->number);
            if (lvm_filter_match(filter, name, &by) != LVM_REJECTED)
                return false;
            end = by > end ? by : end;
        }
    }
    *ret = end;
    return true;
}

/* Is it known for which other disks a pattern is? One that fits no name here may be for a name that
 * we do not know and the volume has: a multipath alias, by-id, a driver of its own. With branches,
 * each may be for something else. */
static bool is_for_others(const struct lvm_filter *filter, unsigned pattern, const struct disk *d,
                          const struct volume *v)
{
    if (lvm_filter_has_branches(filter, pattern))
        return false;
    for (size_t kind = 0; kind < sizeof disk_names / sizeof disk_names[0]; kind++)
        for (unsigned part = 0; part <= PARTITIONS; part++)
            for (unsigned i = 0; !may_be(d, v, kind, part) && i < disk_names[kind].count; i++) {
                char name[64];

                if (lvm_filter_fits(filter, pattern, name_of(kind, i, part, name)))
                    return true;
            }
    return false;
}

/* For sure: it rejects each name that is known, and what it accepts before is for others. */
static bool hides(const struct lvm_filter *filter, const struct disk *d, const struct volume *v)
{
    unsigned end;

    if ((d->kind != DISK_TARGET && d->kind != DISK_LUKS && d->kind != DISK_ARRAY) ||
        !rejects_each(filter, d, v, &end))
        return false;
    for (unsigned i = 0; i < end; i++)
        if (lvm_filter_accepts(filter, i) && !is_for_others(filter, i, d, v))
            return false;
    return true;
}

/* The first volume that the filter hides for sure, or NULL. *ret: the disk that it is on. */
static const struct volume *hidden(const struct examination *x, const struct lvm_filter *filter,
                                   const struct disk **ret)
{
    for (unsigned i = 0; filter && i < x->disk_count; i++)
        for (unsigned k = 0; k < x->disks[i]->volume_count; k++)
            if (is_pv(&x->disks[i]->volumes[k]) && !is_left_out(x, &x->disks[i]->volumes[k]) &&
                hides(filter, x->disks[i], &x->disks[i]->volumes[k])) {
                *ret = x->disks[i];
                return &x->disks[i]->volumes[k];
            }
    return NULL;
}

/* With a devices file LVM looks at no filter (lvmdevices(8)). */
void storage_lvm_detect_filter(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const names[] = {"devices/filter", "devices/global_filter"};
    char devices[512];

    for (size_t i = 0; !devices_file(x, devices) && i < sizeof names / sizeof names[0]; i++) {
        struct lvm_setting setting = {0};
        const char *path = find_setting(x, names[i], &setting);
        struct lvm_filter *filter = path ? lvm_filter_open(&setting) : NULL;
        const struct disk *d;
        const struct volume *v = hidden(x, filter, &d);
        const struct facts_file *file;
        struct finding *finding;
        char title[256];

        lvm_filter_close(filter);
        if (!v)
            continue;
        file = facts_file(x, path);
        finding = report_add(r, f, "%s line %u hides %s from LVM", path, setting.line,
                             disk_volume_title(d, v, title, sizeof title));
        finding_at(finding, path, setting.line);
        finding_line(finding, file->data, file->size, setting.line);
        finding_expected(finding, "a pattern that accepts it before the one that rejects it");
        finding_subject(finding, names[i]);
        if (!setting.alone)
            finding_risk(finding, FAULT_RISK_NONE); /* a comment would take more with it */
    }
}

int storage_lvm_remove_filter(struct examination *x, const struct finding *f, struct changes *c,
                              struct error *e)
{
    const struct facts_file *file = facts_file(x, f->file);
    struct lvm_setting setting = {0};
    int r = 0;

    if (!file->data || !lvm_config_find(file->data, file->size, f->subject, &setting))
        return remedy_planned(-ENOENT, f->file, e);
    for (unsigned line = setting.line; r == 0 && line <= setting.last_line; line++)
        r = changes_comment_line(c, f->file, line, f->fault->title);
    r = remedy_planned(r, f->file, e);
    return r < 0 ? r : rebuild_every_initramfs(x, c, e);
}
