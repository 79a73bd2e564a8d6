/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/disk_names.h"

#include "base/text.h"
#include "storage/sysfs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

void disk_identify(struct disk *d, dev_t devno)
{
    const char *slash = strrchr(d->target, '/');

    if (d->is_image) {
        snprintf(d->name, sizeof d->name, "%.63s", slash ? slash + 1 : d->target);
        return;
    }
    d->devno = devno;
    sysfs_text(devno, "dm/name", d->name, sizeof d->name); /* says more than "dm-0" */
    if (!d->name[0] && sysfs_name(devno, d->name, sizeof d->name) < 0)
        snprintf(d->name, sizeof d->name, "%u:%u", major(devno), minor(devno));
    sysfs_text(devno, "device/model", d->model, sizeof d->model);
    sysfs_text(devno, "device/serial", d->serial, sizeof d->serial);
    if (!d->serial[0])
        sysfs_text(devno, "serial", d->serial, sizeof d->serial); /* virtio */
}

/* What the kernel calls it on the disk itself, whose nodes are not used. */
static bool kernel_name(const struct disk *d, const struct volume *v, char *buf, size_t size)
{
    struct sysfs_partition known[DISK_VOLUMES_MAX];
    struct stat st;
    int count;

    if (d->is_image || fstat(d->backing_fd, &st) < 0)
        return false;
    if (v->number == 0)
        return sysfs_name(st.st_rdev, buf, size) == 0;
    count = sysfs_partitions(st.st_rdev, known, DISK_VOLUMES_MAX);
    for (int i = 0; i < count; i++)
        if (known[i].number == v->number) {
            snprintf(buf, size, "%s", known[i].name);
            return true;
        }
    return false;
}

static void name_aside(const struct disk *d, struct volume *v)
{
    if (v->number == 0)
        snprintf(v->name, sizeof v->name, "%.63s", d->name);
    else if (!kernel_name(d, v, v->name, sizeof v->name))
        snprintf(v->name, sizeof v->name, "part%u", v->number);
}

void disk_name_volumes(struct disk *d)
{
    for (unsigned i = 0; i < d->volume_count; i++) {
        struct volume *v = &d->volumes[i];

        if (d->kind == DISK_TARGET && !d->is_loop)
            sysfs_text(v->devno, "dm/name", v->dm_name, sizeof v->dm_name);
        if (d->kind != DISK_TARGET)
            snprintf(v->name, sizeof v->name, v->number ? "%.50sp%u" : "%.63s", d->name, v->number);
        else if (d->aside)
            name_aside(d, v);
        else if (d->is_image || (d->is_loop && v->number))
            snprintf(v->name, sizeof v->name, v->number ? "part%u" : "disk", v->number);
        else
            snprintf(v->name, sizeof v->name, "%.127s",
                     v->dm_name[0] ? v->dm_name : strrchr(v->node, '/') + 1);
    }
}

char *disk_volume_title(const struct disk *d, const struct volume *v, char *buf, size_t size)
{
    if (d->kind == DISK_TARGET && d->is_image)
        snprintf(buf, size, "%s%s%s", text_safe(d->name), v->number ? " " : "",
                 v->number ? text_safe(v->name) : "");
    else
        snprintf(buf, size, "%s", text_safe(v->name));
    return buf;
}

bool disk_volume_is_reachable(const struct disk *d, const struct volume *v, char *buf, size_t size)
{
    char name[64];

    if (d->kind == DISK_TARGET && d->is_loop) {
        if (!kernel_name(d, v, name, sizeof name))
            return false;
        snprintf(buf, size, "/dev/%s", text_safe(name));
        return true;
    }
    snprintf(buf, size, "%s", v->node);
    return !d->record[0];
}

char *disk_volume_node(const struct disk *d, const struct volume *v, char *buf, size_t size)
{
    if (!disk_volume_is_reachable(d, v, buf, size))
        snprintf(buf, size, "DEVICE");
    return buf;
}
