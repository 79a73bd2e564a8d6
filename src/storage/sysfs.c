/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/sysfs.h"

#include "base/fd.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

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
        file_read(path, 4096, &data, &length) < 0)
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

int sysfs_name(dev_t devno, char *ret, size_t size)
{
    char path[64], target[PATH_MAX];
    const char *name;
    ssize_t n;

    (void)device_path(devno, "", path, sizeof path);
    n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return -ENOENT;
    target[n] = '\0';
    name = strrchr(target, '/');
    name = name ? name + 1 : target;
    return (size_t)snprintf(ret, size, "%s", name) < size ? 0 : -ENAMETOOLONG;
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
    char text[64];

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

int sysfs_partitions(dev_t disk, struct sysfs_partition *ret, unsigned max)
{
    char path[PATH_MAX], text[64];
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;

    (void)device_path(disk, "", path, sizeof path);
    dir = opendir(path);
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
        snprintf(ret[count].name, sizeof ret->name, "%s", entry->d_name);
        count++;
    }
    closedir(dir);
    qsort(ret, count, sizeof *ret, compare_numbers);
    return (int)count;
}

int sysfs_holder(dev_t devno, char *ret, size_t size)
{
    char path[PATH_MAX], attribute[300], name[128] = "";
    struct dirent *entry;
    DIR *dir;
    int r = -ENOENT;

    (void)device_path(devno, "holders", path, sizeof path);
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(attribute, sizeof attribute, "holders/%s/dm/name", entry->d_name);
        sysfs_text(devno, attribute, name, sizeof name);
        snprintf(ret, size, name[0] ? "%.64s (%.100s)" : "%.64s", entry->d_name, name);
        r = 0;
        break;
    }
    if (dir)
        closedir(dir);
    return r;
}

int sysfs_related(dev_t devno, const char *directory, dev_t *ret, unsigned max)
{
    char path[PATH_MAX], attribute[320], text[32];
    unsigned count = 0;
    struct dirent *entry;
    DIR *dir;

    (void)device_path(devno, directory, path, sizeof path);
    dir = opendir(path);
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
    return (int)count;
}
