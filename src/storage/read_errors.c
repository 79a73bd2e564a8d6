/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/read_errors.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/mapping.h"
#include "storage/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A record of /dev/kmsg: PRINTKRB_RECORD_MAX and before it CONSOLE_EXT_LOG_MAX in kernel/printk. */
#define RECORD_MAX 8192

/* The log holds some thousand messages; while a disk fails it may grow as fast as it is read. */
#define RECORDS_MAX 20000

/* Of a mapping: the devices below it, and how far down. */
#define BELOW_MAX 64
#define DEPTH_MAX 8

/* What the kernel says from now on. */
static int open_log(void)
{
    int fd = host_open("/dev/kmsg", O_RDONLY);

    return fd >= 0 && lseek(fd, 0, SEEK_END) < 0 ? fd_close(fd) : fd;
}

void read_errors_begin(struct read_errors *r)
{
    *r = (struct read_errors){.fd = open_log()};
}

void read_errors_reopen(struct read_errors *r)
{
    if (!r)
        return;
    fd_close(r->fd);
    r->fd = open_log();
}

void read_errors_end(struct read_errors *r)
{
    r->fd = fd_close(r->fd);
}

/*
 * blk_print_req_error() in block/blk-mq.c, and buffer_io_error() in fs/buffer.c. Before Linux 5.17
 * the first begins "blk_update_request: "; before 4.20 it does not say which operation it was.
 * "critical medium error" is what a disk itself answers.
 */
bool read_errors_parse(const char *message, char device[64], char place[64])
{
    const char *at = strstr(message, " error, dev "), *op;
    char digits[24];
    int used = 0;

    if (at && sscanf(at, " error, dev %63[^, ], sector %20[0-9]%n", device, digits, &used) == 2) {
        op = strstr(at + used, " op ");
        snprintf(place, 64, "sector %s", digits);
        return (!op || strstr(op, ":(READ)")) && !strstr(message, "not supported error");
    }
    at = strstr(message, "Buffer I/O error on dev ");
    if (at && sscanf(at, "Buffer I/O error on dev %63[^, ], logical block %20[0-9]%n", device,
                     digits, &used) == 2) {
        snprintf(place, 64, "block %s", digits);
        return strstr(at + used, "read") != NULL;
    }
    return false;
}

static bool is_device(dev_t devno, const char *name)
{
    char own[64];
    dev_t parent;
    unsigned number;

    if (!devno)
        return false;
    return (sysfs_name(devno, own, sizeof own) == 0 && strcmp(own, name) == 0) ||
           (sysfs_parent(devno, &parent, &number) == 0 &&
            sysfs_name(parent, own, sizeof own) == 0 && strcmp(own, name) == 0);
}

/* A mapping passes reads on as they are, and what fails is told of the device below. Not so
 * multipath: it makes requests of its own, which are told of by its own name, and one of its paths
 * may fail without anything being lost (drivers/md/dm-rq.c). */
static bool stands_on(dev_t devno, const char *name, unsigned depth)
{
    dev_t below[BELOW_MAX];
    struct mapping m;
    int count;

    if (is_device(devno, name))
        return true;
    if (depth == DEPTH_MAX || mapping_find(devno, &m) < 0 || m.kind == MAPPING_MULTIPATH)
        return false;
    count = sysfs_related(devno, "slaves", below, BELOW_MAX);
    for (int i = 0; i < count; i++)
        if (stands_on(below[i], name, depth + 1))
            return true;
    return false;
}

static bool is_of(const struct disk *d, const char *name)
{
    struct stat st;

    /* It has a target that fails each read in place of what it lacks (dm-error). */
    if (d->kind == DISK_GROUP && d->degraded)
        return false;
    if (stands_on(d->devno, name, 0))
        return true;
    if (d->node_fd >= 0 && fstat(d->node_fd, &st) == 0 && is_device(st.st_rdev, name))
        return true;
    for (unsigned i = 0; i < d->volume_count; i++)
        if (is_device(d->volumes[i].devno, name))
            return true;
    return false;
}

static void take(struct read_errors *r, const char *message, struct disk *const *disks,
                 unsigned disk_count)
{
    char device[64], place[64];

    if (!read_errors_parse(message, device, place))
        return;
    for (unsigned i = 0; i < disk_count; i++) {
        if (!is_of(disks[i], device))
            continue;
        /* A loop device of ours tells nobody anything. */
        if (r->count++ == 0)
            snprintf(r->first, sizeof r->first, "%.40s, %.50s",
                     text_safe(disks[i]->is_loop ? disks[i]->name : device), place);
        return;
    }
}

bool read_errors_look(struct read_errors *r, struct disk *const *disks, unsigned disk_count)
{
    char record[RECORD_MAX + 1];

    for (unsigned i = 0; r->fd >= 0 && i < RECORDS_MAX; i++) {
        ssize_t n = read(r->fd, record, RECORD_MAX);
        const char *text;

        /* EPIPE: what came next has been overwritten; reading goes on with what is there. */
        if (n < 0 && (errno == EPIPE || errno == EINTR))
            continue;
        if (n <= 0)
            break;
        record[n] = '\0';
        record[strcspn(record, "\n")] = '\0';
        text = strchr(record, ';');
        if (text)
            take(r, text + 1, disks, disk_count);
    }
    return r->count > 0;
}
