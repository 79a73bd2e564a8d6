/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/storage_lvm.h"

#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
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

void storage_lvm_detect_devices_file(struct examination *x, const struct fault *f, struct report *r)
{
    char path[512];
    const struct facts_file *file = devices_file(x, path);

    for (unsigned i = 0; file && i < x->disk_count; i++)
        for (unsigned k = 0; k < x->disks[i]->volume_count; k++) {
            const struct volume *v = &x->disks[i]->volumes[k];
            struct finding *finding;
            char pvid[64];

            pvid_of(v, pvid);
            if (!is_pv(v) || !pvid[0] || may_list(file, pvid))
                continue;
            finding = report_add(r, f, "%s does not know the volume %s", text_safe(path),
                                 text_safe(v->name));
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
 * Which name a disk has at boot depends on the machine, and none is known here for sure. A filter
 * hides a volume where it rejects each name that it can have: the letter or number of the disk,
 * then what stands before the number of the partition.
 */
static const struct {
    const char *disk, *behind;
    bool letter;
    const char *partition;
} disk_names[] = {
    {"/dev/sd", "", true, ""},           {"/dev/vd", "", true, ""},
    {"/dev/xvd", "", true, ""},          {"/dev/hd", "", true, ""},
    {"/dev/mapper/mpath", "", true, ""}, {"/dev/mapper/mpath", "", true, "-part"},
    {"/dev/nvme", "n1", false, "p"},     {"/dev/mmcblk", "", false, "p"},
};

#define NAMES_OF_A_KIND 16 /* "sda" to "sdp" */

static bool hides_name(const struct lvm_filter *filter, const char *name)
{
    return lvm_filter_match(filter, name) == LVM_REJECTED;
}

static bool hides_disk(const struct lvm_filter *filter, const struct volume *v)
{
    for (unsigned kind = 0; kind < sizeof disk_names / sizeof disk_names[0]; kind++)
        for (unsigned i = 0; i < NAMES_OF_A_KIND; i++) {
            char name[128], which[16], number[16] = "";

            if (disk_names[kind].letter)
                snprintf(which, sizeof which, "%c", (char)('a' + i));
            else
                snprintf(which, sizeof which, "%u", i);
            if (v->number)
                snprintf(number, sizeof number, "%u", v->number);
            snprintf(name, sizeof name, "%s%s%s%s%s", disk_names[kind].disk, which,
                     disk_names[kind].behind, v->number ? disk_names[kind].partition : "", number);
            if (!hides_name(filter, name))
                return false;
        }
    return true;
}

/* An opened LUKS volume, or an array. */
static bool hides_assembled(const struct lvm_filter *filter, const struct disk *d)
{
    bool array = d->kind == DISK_ARRAY;
    char name[128];

    for (unsigned i = 0; i < 128; i++) { /* mdadm counts down from 127 */
        snprintf(name, sizeof name, "%s%u", array ? "/dev/md" : "/dev/dm-", i);
        if (!hides_name(filter, name))
            return false;
    }
    snprintf(name, sizeof name, "/dev/%s/%s", array ? "md" : "mapper", d->name);
    return hides_name(filter, name);
}

static bool hides(const struct lvm_filter *filter, const struct disk *d, const struct volume *v)
{
    /* Names of hardware: by-id, by-path. */
    if (lvm_filter_accepts_by(filter, "by-"))
        return false;
    if (d->kind == DISK_TARGET)
        return hides_disk(filter, v);
    return (d->kind == DISK_LUKS || d->kind == DISK_ARRAY) && hides_assembled(filter, d);
}

/* The first volume that the filter hides for sure, or NULL. */
static const struct volume *hidden(const struct examination *x, const struct lvm_filter *filter)
{
    for (unsigned i = 0; filter && i < x->disk_count; i++)
        for (unsigned k = 0; k < x->disks[i]->volume_count; k++)
            if (is_pv(&x->disks[i]->volumes[k]) &&
                hides(filter, x->disks[i], &x->disks[i]->volumes[k]))
                return &x->disks[i]->volumes[k];
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
        const struct volume *v = hidden(x, filter);
        const struct facts_file *file;
        struct finding *finding;

        lvm_filter_close(filter);
        if (!v)
            continue;
        file = facts_file(x, path);
        finding = report_add(r, f, "%s line %u hides the volume %s from LVM", path, setting.line,
                             text_safe(v->name));
        finding_at(finding, path, setting.line);
        finding_evidence(finding, "%s", examination_line(file->data, file->size, setting.line));
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
