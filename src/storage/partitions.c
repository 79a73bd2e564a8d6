/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/partitions.h"

#include "base/host.h"
#include "base/text.h"
#include "storage/failing.h"
#include "storage/sysfs.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <linux/blkpg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* libblkid counts in units of 512 bytes whatever the sector size is. */
#define UNIT 512

uint32_t partitions_image_sector_size(int fd)
{
    char magic[8];

    /* UEFI specification 5.3.2: the header is in the second logical block. */
    if (pread(fd, magic, sizeof magic, 512) == sizeof magic && memcmp(magic, "EFI PART", 8) == 0)
        return 512;
    if (pread(fd, magic, sizeof magic, 4096) == sizeof magic && memcmp(magic, "EFI PART", 8) == 0)
        return 4096;
    return 512;
}

static void complain(struct disk *d, const char *what, unsigned number)
{
    if (!d->table_error[0]) /* the first is enough to know that the table cannot be trusted */
        snprintf(d->table_error, sizeof d->table_error, "partition %u %s; it is left out", number,
                 what);
}

static bool overlaps(const struct disk *d, uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < d->volume_count; i++)
        if (start < d->volumes[i].start + d->volumes[i].size && d->volumes[i].start < start + size)
            return true;
    return false;
}

static void add_partition(struct disk *d, blkid_partition p)
{
    const int number = blkid_partition_get_partno(p);
    const uint64_t start = (uint64_t)blkid_partition_get_start(p),
                   size = (uint64_t)blkid_partition_get_size(p);
    struct volume *v = &d->volumes[d->volume_count];
    const char *text;

    if (number <= 0 || blkid_partition_is_extended(p))
        return;
    if (!size || start > d->size / UNIT || size > d->size / UNIT - start) {
        complain(d, size ? "ends beyond the end of the disk" : "is empty", (unsigned)number);
        return;
    }
    if (overlaps(d, start * UNIT, size * UNIT)) {
        complain(d, "overlaps another one", (unsigned)number);
        return;
    }
    if (d->volume_count == DISK_VOLUMES_MAX)
        return;
    *v = (struct volume){.number = (unsigned)number, .start = start * UNIT, .size = size * UNIT};
    text = blkid_partition_get_type_string(p);
    if (text)
        snprintf(v->part_type, sizeof v->part_type, "%s", text);
    else
        snprintf(v->part_type, sizeof v->part_type, "0x%x", (unsigned)blkid_partition_get_type(p));
    v->part_flags = blkid_partition_get_flags(p);
    text = blkid_partition_get_uuid(p);
    snprintf(v->part_uuid, sizeof v->part_uuid, "%s", text ? text : "");
    text = blkid_partition_get_name(p);
    snprintf(v->part_label, sizeof v->part_label, "%s", text ? text : "");
    d->volume_count++;
}

static void read_list(struct disk *d, blkid_partlist list)
{
    blkid_parttable table = blkid_partlist_get_table(list);
    const char *type = table ? blkid_parttable_get_type(table) : NULL,
               *id = table ? blkid_parttable_get_id(table) : NULL;
    int count = blkid_partlist_numof_partitions(list);

    if (!type)
        return;
    snprintf(d->table, sizeof d->table, "%s", type);
    snprintf(d->table_id, sizeof d->table_id, "%s", id ? id : "");
    for (int i = 0; i < count; i++)
        add_partition(d, blkid_partlist_get_partition(list, i));
    if (strcmp(type, "dos") == 0 && d->volume_count && strcmp(d->volumes[0].part_type, "0xee") == 0)
        snprintf(d->table_error, sizeof d->table_error,
                 "the protective entry of a GPT is there, but no valid GPT: both copies are "
                 "damaged");
}

int partitions_read(struct disk *d, int fd, struct error *e)
{
    blkid_probe probe = blkid_new_probe();
    blkid_partlist list;
    int r = 0;

    d->table[0] = d->table_id[0] = d->table_error[0] = '\0';
    d->volume_count = 0;
    if (!probe || blkid_probe_set_device(probe, fd, 0, 0) < 0) {
        r = errno ? -errno : -ENOMEM;
        blkid_free_probe(probe);
        return error_errno(e, r, "cannot read the partition table");
    }
    (void)blkid_probe_set_sectorsize(probe, d->sector_size);
    blkid_probe_enable_superblocks(probe, 0);
    blkid_probe_enable_partitions(probe, 1);
    errno = 0;
    list = blkid_probe_get_partitions(probe);
    if (list)
        read_list(d, list);
    else if (errno == EIO)
        r = failing_disk(text_safe(d->target), "its partition table is not there", e);
    blkid_free_probe(probe);
    return r;
}

static const struct sysfs_partition *find_known(const struct sysfs_partition *known, int count,
                                                unsigned number)
{
    for (int i = 0; i < count; i++)
        if (known[i].number == number)
            return &known[i];
    return NULL;
}

bool partitions_known(const struct disk *d, dev_t devno)
{
    struct sysfs_partition known[DISK_VOLUMES_MAX];
    int count = sysfs_partitions(devno, known, DISK_VOLUMES_MAX);

    for (unsigned i = 0; i < d->volume_count; i++)
        if (!find_known(known, count, d->volumes[i].number))
            return false;
    return true;
}

int partitions_add(const struct disk *d, int fd, dev_t devno, struct error *e)
{
    struct sysfs_partition known[DISK_VOLUMES_MAX];
    int count = sysfs_partitions(devno, known, DISK_VOLUMES_MAX);

    for (unsigned i = 0; i < d->volume_count; i++) {
        const struct volume *v = &d->volumes[i];
        struct blkpg_partition partition = {
            .start = (long long)v->start, .length = (long long)v->size, .pno = (int)v->number};
        struct blkpg_ioctl_arg arg = {
            .op = BLKPG_ADD_PARTITION, .datalen = sizeof partition, .data = &partition};

        if (find_known(known, count, v->number))
            continue;
        /* EBUSY: the kernel's own scan was faster. */
        if (ioctl(fd, BLKPG, &arg) < 0 && errno != EBUSY)
            return error_errno(e, -errno, "cannot make a device of partition %u", v->number);
    }
    return 0;
}

int partitions_find_nodes(struct disk *d, dev_t devno, struct error *e)
{
    struct sysfs_partition known[DISK_VOLUMES_MAX];
    int count = sysfs_partitions(devno, known, DISK_VOLUMES_MAX);

    for (unsigned i = 0; i < d->volume_count; i++) {
        struct volume *v = &d->volumes[i];
        const struct sysfs_partition *p = find_known(known, count, v->number);
        struct stat st;

        if (!p)
            return error_set(e, ERROR_HOST, -ENODEV, "no-node",
                             "this kernel does not show partition %u of %s", v->number,
                             text_safe(d->node));
        snprintf(v->node, sizeof v->node, "/dev/%s", p->name);
        v->devno = p->devno;
        if (host_stat(v->node, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != p->devno)
            return error_set(e, ERROR_HOST, -ENODEV, "no-node",
                             "this host makes no device nodes: %s is missing", v->node);
    }
    return 0;
}
