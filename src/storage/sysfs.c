/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/sysfs.h"

#include "base/fd.h"
#include "base/host.h"
#include "storage/mapping.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Partitions of one mapping: a GPT has room for so many. */
#define MAPPED_MAX 128

static int device_path(dev_t devno, const char *below, char *ret, size_t size)
{
    return snprintf(ret, size, "/sys/dev/block/%u:%u%s%s", major(devno), minor(devno),
                    below[0] ? "/" : "", below) < (int)size
               ? 0
               : -ENAMETOOLONG;
}

void sysfs_text(dev_t devno, const char *attribute, char *ret, size_t size)
{
    _cleanup_free_ char *data = NULL;
    char path[PATH_MAX];
    size_t length;
    const char *start;

    ret[0] = '\0';
    if (device_path(devno, attribute, path, sizeof path) < 0 ||
        host_read(path, 4096, &data, &length) < 0)
        return;
    start = data + strspn(data, " \t\n");
    length = strlen(start);
    while (length && isspace((unsigned char)start[length - 1]))
        length--;
    snprintf(ret, size, "%.*s", (int)length, start);
}

unsigned long long sysfs_number(dev_t devno, const char *attribute)
{
    char text[64];

    sysfs_text(devno, attribute, text, sizeof text);
    return strtoull(text, NULL, 10);
}

/* "cciss!c0d0" is /dev/cciss/c0d0 (device_get_devnode() in drivers/base/core.c). */
void sysfs_node_name(const char *entry, char *ret, size_t size)
{
    snprintf(ret, size, "%s", entry);
    for (char *c = ret; *c; c++)
        if (*c == '!')
            *c = '/';
}

int sysfs_name(dev_t devno, char *ret, size_t size)
{
    char path[64], target[PATH_MAX];
    const char *name;

    (void)device_path(devno, "", path, sizeof path);
    if (host_readlink(path, target, sizeof target) < 0)
        return -ENOENT;
    name = strrchr(target, '/');
    name = name ? name + 1 : target;
    if (strlen(name) >= size)
        return -ENAMETOOLONG;
    sysfs_node_name(name, ret, size);
    return 0;
}

int sysfs_parse_devno(const char *text, dev_t *ret)
{
    unsigned long maj, min;
    const char *start = text;
    char *end;

    maj = strtoul(start, &end, 10);
    if (end == start || *end != ':' || maj > UINT_MAX)
        return -EINVAL;
    start = end + 1;
    min = strtoul(start, &end, 10);
    if (end == start || min > UINT_MAX)
        return -EINVAL;
    *ret = makedev((unsigned)maj, (unsigned)min);
    return 0;
}

int sysfs_parent(dev_t devno, dev_t *ret_disk, unsigned *ret_number)
{
    unsigned long long number = sysfs_number(devno, "partition");
    struct mapping m;
    char text[64];

    if (!number && mapping_find(devno, &m) == 0 && m.kind == MAPPING_PARTITION &&
        sysfs_related(devno, "slaves", ret_disk, 1) == 1) {
        *ret_number = m.partition;
        return 0;
    }
    if (!number || number > UINT_MAX)
        return -ENOENT;
    sysfs_text(devno, "../dev", text, sizeof text);
    if (sysfs_parse_devno(text, ret_disk) < 0)
        return -ENOENT;
    *ret_number = (unsigned)number;
    return 0;
}

static int compare_numbers(const void *a, const void *b)
{
    const struct sysfs_partition *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* Those of a mapping stand on it: kpartx(8) makes each a mapping of its own. */
static unsigned mapped_partitions(dev_t disk, struct sysfs_partition *ret, unsigned max)
{
    dev_t holders[MAPPED_MAX];
    int holder_count = sysfs_related(disk, "holders", holders, MAPPED_MAX);
    unsigned count = 0;

    for (int i = 0; i < holder_count && count < max; i++) {
        struct mapping m;

        if (mapping_find(holders[i], &m) < 0 || m.kind != MAPPING_PARTITION ||
            sysfs_name(holders[i], ret[count].name, sizeof ret->name) < 0)
            continue;
        ret[count].number = m.partition;
        ret[count++].devno = holders[i];
    }
    return count;
}

int sysfs_partitions(dev_t disk, struct sysfs_partition *ret, unsigned max)
{
    char path[PATH_MAX], text[64];
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;

    (void)device_path(disk, "", path, sizeof path);
    dir = host_opendir(path);
    if (!dir)
        return -errno;
    while (count < max && (entry = readdir(dir))) {
        char attribute[300];
        unsigned long number;

        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof ret->name)
            continue;
        snprintf(attribute, sizeof attribute, "%s/partition", entry->d_name);
        sysfs_text(disk, attribute, text, sizeof text);
        number = strtoul(text, NULL, 10);
        if (!number || number > UINT_MAX)
            continue;
        snprintf(attribute, sizeof attribute, "%s/dev", entry->d_name);
        sysfs_text(disk, attribute, text, sizeof text);
        if (sysfs_parse_devno(text, &ret[count].devno) < 0)
            continue;
        ret[count].number = (unsigned)number;
        sysfs_node_name(entry->d_name, ret[count].name, sizeof ret->name);
        count++;
    }
    closedir(dir);
    if (count == 0)
        count = mapped_partitions(disk, ret, max);
    qsort(ret, count, sizeof *ret, compare_numbers);
    return (int)count;
}

static int compare_devices(const void *a, const void *b)
{
    const dev_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

int sysfs_related(dev_t devno, const char *directory, dev_t *ret, unsigned max)
{
    char path[PATH_MAX], attribute[320], text[64];
    unsigned count = 0;
    struct dirent *entry;
    DIR *dir;

    (void)device_path(devno, directory, path, sizeof path);
    dir = host_opendir(path);
    while (dir && count < max && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(attribute, sizeof attribute, "%.16s/%s/dev", directory, entry->d_name);
        sysfs_text(devno, attribute, text, sizeof text);
        if (sysfs_parse_devno(text, &ret[count]) == 0)
            count++;
    }
    if (dir)
        closedir(dir);
    qsort(ret, count, sizeof *ret, compare_devices);
    return (int)count;
}

int sysfs_wwid(dev_t devno, char *ret, size_t size)
{
    static const char *const attributes[] = {"wwid", "device/wwid"}; /* NVMe, SCSI */

    ret[0] = '\0';
    for (size_t i = 0; !ret[0] && i < sizeof attributes / sizeof attributes[0]; i++)
        sysfs_text(devno, attributes[i], ret, size);
    return ret[0] ? 0 : -ENOENT;
}

int sysfs_describe(dev_t devno, char *ret, size_t size)
{
    char name[64], mapping[128];

    if (sysfs_name(devno, name, sizeof name) < 0)
        return -ENOENT;
    sysfs_text(devno, "dm/name", mapping, sizeof mapping);
    snprintf(ret, size, mapping[0] ? "%s (%.100s)" : "%s", name, mapping);
    return 0;
}
