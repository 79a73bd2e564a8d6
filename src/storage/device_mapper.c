/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/device_mapper.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/in_use.h"
#include "storage/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* More mappings than this on one host belong to something else than a rescue. */
#define DEVICES_MAX 256

/* For the names of some thousands. */
#define LIST_SIZE ((size_t)256 << 10)

static int read_device(const char *entry, struct dm_device *ret)
{
    char path[300], text[32];
    _cleanup_free_ char *data = NULL;
    size_t size;

    snprintf(path, sizeof path, "/sys/block/%.64s/dev", entry);
    if (host_read(path, 64, &data, &size) < 0 || sysfs_parse_devno(data, &ret->devno) < 0)
        return -ENOENT;
    snprintf(text, sizeof text, "/dev/%.20s", entry);
    memcpy(ret->node, text, sizeof ret->node);
    sysfs_text(ret->devno, "dm/name", ret->name, sizeof ret->name);
    sysfs_text(ret->devno, "dm/uuid", ret->uuid, sizeof ret->uuid);
    return 0;
}

static unsigned find(const char *uuid_prefix, const char *name, struct dm_device *ret, unsigned max)
{
    DIR *dir = host_opendir("/sys/block");
    struct dirent *entry;
    unsigned count = 0;

    while (dir && count < max && (entry = readdir(dir))) {
        struct dm_device d = {0};

        if (!text_starts_with(entry->d_name, "dm-") || read_device(entry->d_name, &d) < 0)
            continue;
        if (name ? strcmp(d.name, name) == 0 : text_starts_with(d.uuid, uuid_prefix))
            ret[count++] = d;
    }
    if (dir)
        closedir(dir);
    return count;
}

unsigned dm_find(const char *uuid_prefix, struct dm_device *ret, unsigned max)
{
    return find(uuid_prefix, NULL, ret, max);
}

int dm_find_name(const char *name, struct dm_device *ret)
{
    return find("", name, ret, 1) == 1 ? 0 : -ENOENT;
}

/* ENXIO is what a request says of a device that is not there, and means nothing else. */
static int open_control(void)
{
    int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

    return fd >= 0 ? fd : errno == ENXIO ? -ENODEV : -errno;
}

/* One request about the device @name; @argument, which may be NULL, is its data. *ret_open (may be
 * NULL) gets its open count. */
static int request_with(unsigned long number, uint32_t flags, const char *name,
                        const char *argument, int *ret_open)
{
    struct {
        struct dm_ioctl header;
        char data[DM_NAME_MAX];
    } message = {
        .header = {.version = {4, 0, 0},
                   .data_size = sizeof message,
                   .data_start = sizeof message.header,
                   .flags = flags},
    };
    _cleanup_fd_ int control = open_control();

    if (control < 0)
        return control;
    if (strlen(name) >= sizeof message.header.name ||
        (argument && strlen(argument) >= sizeof message.data))
        return -ENAMETOOLONG;
    memcpy(message.header.name, name, strlen(name));
    if (argument)
        memcpy(message.data, argument, strlen(argument));
    if (ioctl(control, number, &message) < 0)
        return -errno;
    if (ret_open)
        *ret_open = message.header.open_count;
    return 0;
}

static int request(unsigned long number, const char *name, const char *argument, int *ret_open)
{
    return request_with(number, 0, name, argument, ret_open);
}

/* The parameters of "linear", Documentation/admin-guide/device-mapper/linear.rst. */
#define PARAMETERS_MAX 128
#define SEGMENTS_MAX   4

static int load_linear(const char *name, const struct dm_segment *segments, unsigned count,
                       bool read_only)
{
    struct {
        struct dm_ioctl header;
        struct {
            struct dm_target_spec spec;
            char parameters[PARAMETERS_MAX];
        } targets[SEGMENTS_MAX];
    } message = {
        .header = {.version = {4, 0, 0},
                   .data_size = sizeof message,
                   .data_start = sizeof message.header,
                   .target_count = count,
                   .flags = read_only ? DM_READONLY_FLAG : 0},
    };
    _cleanup_fd_ int control = open_control();

    if (control < 0)
        return control;
    if (count > SEGMENTS_MAX || strlen(name) >= sizeof message.header.name)
        return -EINVAL;
    memcpy(message.header.name, name, strlen(name));
    for (unsigned i = 0; i < count; i++) {
        message.targets[i].spec = (struct dm_target_spec){.sector_start = segments[i].start,
                                                          .length = segments[i].length,
                                                          .next = sizeof message.targets[0],
                                                          .target_type = "linear"};
        snprintf(message.targets[i].parameters, PARAMETERS_MAX, "%.64s %llu", segments[i].device,
                 (unsigned long long)segments[i].offset);
    }
    return ioctl(control, DM_TABLE_LOAD, &message) < 0 ? -errno : 0;
}

/* DM_DEV_CREATE has name and uuid in its header. */
static int create(const char *name, const char *uuid)
{
    struct dm_ioctl message = {
        .version = {4, 0, 0}, .data_size = sizeof message, .data_start = sizeof message};
    _cleanup_fd_ int control = open_control();

    if (control < 0)
        return control;
    if (strlen(name) >= sizeof message.name || strlen(uuid) >= sizeof message.uuid)
        return -ENAMETOOLONG;
    memcpy(message.name, name, strlen(name));
    memcpy(message.uuid, uuid, strlen(uuid));
    return ioctl(control, DM_DEV_CREATE, &message) < 0 ? -errno : 0;
}

int dm_create_linear(const char *name, const char *uuid, const struct dm_segment *segments,
                     unsigned count, bool read_only, struct error *e)
{
    int r = create(name, uuid);

    if (r == 0) {
        r = load_linear(name, segments, count, read_only);
        if (r == 0)
            r = request(DM_DEV_SUSPEND, name, NULL, NULL); /* without DM_SUSPEND_FLAG: resume */
        if (r < 0)
            (void)request(DM_DEV_REMOVE, name, NULL, NULL);
    }
    return r < 0 ? error_errno(e, r, "cannot make the mapping %s", text_safe(name)) : 0;
}

int dm_open_count(const char *name)
{
    int count, r = request(DM_DEV_STATUS, name, NULL, &count);

    return r < 0 ? r : count;
}

int dm_rename(const char *name, const char *new_name)
{
    return request(DM_DEV_RENAME, name, new_name, NULL);
}

/* Names of all devices there are, as the kernel lists them, also of those without a table: since
 * Linux 5.15 these are not in /sys. @size bytes of zeros at @list, which is a struct dm_ioctl at
 * first: where there are none the kernel writes nothing behind that (list_devices() in its
 * drivers/md/dm-ioctl.c). */
static int list_names(void *list, size_t size)
{
    struct dm_ioctl *header = list;
    _cleanup_fd_ int control = open_control();

    if (control < 0)
        return control;
    *header = (struct dm_ioctl){
        .version = {4, 0, 0}, .data_size = (uint32_t)size, .data_start = sizeof *header};
    if (ioctl(control, DM_LIST_DEVICES, header) < 0)
        return -errno;
    return header->flags & DM_BUFFER_FULL_FLAG ? -E2BIG : 0;
}

/* 1, 0, or a negative errno. One that has gone meanwhile has none. */
static int has_uuid(const char *name, const char *prefix)
{
    struct dm_ioctl status = {
        .version = {4, 0, 0}, .data_size = sizeof status, .data_start = sizeof status};
    _cleanup_fd_ int control = open_control();

    if (control < 0)
        return control;
    snprintf(status.name, sizeof status.name, "%s", name);
    if (ioctl(control, DM_DEV_STATUS, &status) < 0)
        return errno == ENXIO ? 0 : -errno;
    return text_starts_with(status.uuid, prefix);
}

/* 1 and its name when it is still there. */
static unsigned remove_one(const char *name, uint32_t flags, char left[static DM_NAME_MAX])
{
    int r = request_with(DM_DEV_REMOVE, flags, name, NULL, NULL);

    if (r >= 0 || r == -ENXIO)
        return 0;
    snprintf(left, DM_NAME_MAX, "%.127s", name);
    return 1;
}

/* Those that have a table, or had one. */
static unsigned remove_known(const char *uuid_prefix, uint32_t flags, char left[static DM_NAME_MAX])
{
    struct dm_device *devices = calloc(DEVICES_MAX, sizeof *devices);
    unsigned count = devices ? dm_find(uuid_prefix, devices, DEVICES_MAX) : 0, busy = 0;

    for (unsigned i = 0; i < count; i++)
        busy += remove_one(devices[i].name, flags, left);
    free(devices);
    return busy;
}

/* All others. */
static unsigned remove_listed(const char *uuid_prefix, uint32_t flags,
                              char left[static DM_NAME_MAX])
{
    _cleanup_free_ char *list = calloc(1, LIST_SIZE);
    int r = list ? list_names(list, LIST_SIZE) : -ENOMEM;
    const struct dm_name_list *entry;
    unsigned busy = 0;

    if (r == -ENOENT || r == -E2BIG) /* no node, no device-mapper; or more than can be told */
        return 0;
    snprintf(left, DM_NAME_MAX, "%.100s*", uuid_prefix);
    if (r < 0)
        return 1;
    entry = (const void *)(list + ((struct dm_ioctl *)list)->data_start);
    while (entry->dev) {
        int own = has_uuid(entry->name, uuid_prefix);

        busy += own > 0 ? remove_one(entry->name, flags, left) : own < 0;
        if (!entry->next)
            break;
        entry = (const void *)((const char *)entry + entry->next);
    }
    return busy;
}

/* One round over all of them; what others stand on goes in a later round. Returns how many are
 * left, and the name of one of these. */
static unsigned remove_round(const char *uuid_prefix, uint32_t flags, char left[static DM_NAME_MAX])
{
    unsigned busy = remove_known(uuid_prefix, flags, left);

    return busy > 0 ? busy : remove_listed(uuid_prefix, flags, left);
}

static int say_busy(const char *name, struct error *e)
{
    struct dm_device device;
    char who[300] = "";

    if (dm_find_name(name, &device) == 0)
        (void)in_use_holder(device.devno, who, sizeof who);
    return error_set(e, ERROR_FAILED, -EBUSY, "busy",
                     "the mapping %s is still in use on this host (%s)", text_safe(name), who);
}

int dm_remove(const char *uuid_prefix, unsigned wait_ms, struct error *e)
{
    char left[DM_NAME_MAX] = "";
    unsigned before = ~0u, count, waited = 0;

    if (!uuid_prefix[0]) /* would be all of the host's */
        return -EINVAL;
    while ((count = remove_round(uuid_prefix, 0, left)) > 0) {
        if (count < before) {
            before = count;
            continue;
        }
        if (waited >= wait_ms)
            return say_busy(left, e);
        (void)poll(NULL, 0, 20);
        waited += 20;
    }
    return 0;
}

int dm_remove_ours(const char *uuid_prefix, unsigned wait_ms, struct error *e)
{
    char left[DM_NAME_MAX];
    int r = dm_remove(uuid_prefix, wait_ms, e);

    if (r == -EBUSY)
        (void)remove_round(uuid_prefix, DM_DEFERRED_REMOVE, left);
    return r;
}
