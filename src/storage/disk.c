/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/disk.h"

#include "base/fd.h"
#include "base/step.h"
#include "base/text.h"
#include "storage/undo.h"
#include "storage/failing.h"
#include "storage/hold.h"
#include "storage/btrfs_twin.h"
#include "storage/disk_content.h"
#include "storage/disk_names.h"
#include "storage/in_use.h"
#include "storage/loop.h"
#include "storage/partitions.h"
#include "storage/probe.h"
#include "storage/sysfs.h"
#include "storage/table_lost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* For what was made before an opening failed. */
#define CLOSE_WAIT_MS 2000

static int no_such_target(const char *target, int code, struct error *e)
{
    char link[PATH_MAX];
    ssize_t size = code == -ENOENT ? readlink(target, link, sizeof link) : -1;

    if (size > 0)
        return error_set(e, ERROR_TARGET, code, "no-such-target",
                         "%s is a link to %s, and that is not there", text_safe(target),
                         text_safe_bytes(link, (size_t)size));
    if (code == -ENOENT || code == -ENOTDIR)
        return error_set(e, ERROR_TARGET, code, "no-such-target", "there is no file or device %s",
                         text_safe(target));
    if (code == -ENOMEDIUM || code == -ENXIO)
        return error_set(e, ERROR_TARGET, code, "no-such-target", "there is no disk behind %s",
                         text_safe(target));
    (void)error_errno(e, code, "cannot open %s", text_safe(target));
    if (e)
        e->kind = ERROR_TARGET;
    if (code == -EROFS || code == -EACCES)
        (void)error_advise(e, "it is write-protected: look at it with --read-only");
    return code;
}

static int not_a_disk(const char *target, const struct stat *st, struct error *e)
{
    const char *what = S_ISDIR(st->st_mode)    ? "a directory"
                       : S_ISCHR(st->st_mode)  ? "a character device"
                       : S_ISFIFO(st->st_mode) ? "a FIFO"
                       : S_ISSOCK(st->st_mode) ? "a socket"
                                               : "something else";

    return error_set(e, ERROR_TARGET, -ENOTBLK, "not-a-disk",
                     "%s is %s, neither a block device nor an image file", text_safe(target), what);
}

/* Open what the user named, without side effects: no FIFO blocks, no tape rewinds. A partition's
 * disk is opened in its place. */
static int open_target(struct disk *d, int flags, struct error *e)
{
    _cleanup_fd_ int fd = -1;
    char name[64], node[80];
    struct stat st;
    dev_t parent;
    int r;

    if (stat(d->target, &st) < 0)
        return no_such_target(d->target, -errno, e);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return not_a_disk(d->target, &st, e);
    if (S_ISBLK(st.st_mode) && sysfs_parent(st.st_rdev, &parent, &d->selected) == 0) {
        if (sysfs_name(parent, name, sizeof name) < 0)
            return no_such_target(d->target, -ENOENT, e);
        snprintf(node, sizeof node, "/dev/%s", name);
        fd = open(node, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    } else {
        fd = open(d->target, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    if (fd < 0) {
        r = -errno;
        /* A host may forbid to open the disk that it runs from: say that, and not "permission". */
        if (S_ISBLK(st.st_mode) && !d->direct && in_use_check_device(st.st_rdev, d->target, e) < 0)
            return -EBUSY;
        return no_such_target(d->target, r, e);
    }
    if (fstat(fd, &st) < 0)
        return no_such_target(d->target, -errno, e);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return not_a_disk(d->target, &st, e);
    d->is_image = S_ISREG(st.st_mode);
    d->backing_fd = take_fd(&fd);
    return 0;
}

static int read_geometry(struct disk *d, struct error *e)
{
    struct stat st;
    int sector = 512;

    if (fstat(d->backing_fd, &st) < 0)
        return error_errno(e, -errno, "cannot look at %s", text_safe(d->target));
    disk_identify(d, st.st_rdev);
    d->size = (uint64_t)st.st_size;
    if (!d->is_image && (ioctl(d->backing_fd, BLKGETSIZE64, &d->size) < 0 ||
                         ioctl(d->backing_fd, BLKSSZGET, &sector) < 0))
        return error_errno(e, -errno, "cannot read the size of %s", text_safe(d->target));
    if (!d->size)
        return error_set(e, ERROR_TARGET, -ENODATA, "empty",
                         "%s is empty: it has a size of 0 bytes", text_safe(d->target));
    d->sector_size = (uint32_t)sector;
    return 0;
}

/* The loop's device is a multiple of its sectors: the rest of a file that is cut anywhere is lost
 * to everybody. */
static int make_loop(struct disk *d, const struct disk_request *request, struct error *e)
{
    struct stat st;
    int r = loop_attach(d->content_fd, d->name, d->access == DISK_READ, d->sector_size,
                        request ? request->record : NULL, request ? request->userdata : NULL,
                        d->node, sizeof d->node, &d->node_fd, e);

    if (r < 0)
        return error_context(e, r, "%s", text_safe(d->target));
    d->is_loop = true;
    step_reached("disk-loop");
    if (fstat(d->node_fd, &st) < 0)
        return error_errno(e, -errno, "cannot look at %s", d->node);
    r = partitions_add(d, d->node_fd, st.st_rdev, e);
    if (request && request->record)
        loop_unlock(d->node_fd);
    return r;
}

/* Without partitions the whole disk is the one volume. A table whose entries are all bad leaves
 * none: then there is nothing to guess about. */
static int find_volumes(struct disk *d, struct error *e)
{
    struct stat st;
    int r = 0;

    if (fstat(d->node_fd, &st) < 0)
        return error_errno(e, -errno, "cannot look at %s", d->node);
    if (d->table[0]) {
        r = partitions_find_nodes(d, st.st_rdev, e);
    } else {
        d->volumes[0] = (struct volume){.size = d->size, .devno = st.st_rdev};
        snprintf(d->volumes[0].node, sizeof d->volumes[0].node, "%s", d->node);
        d->volume_count = 1;
    }
    if (r == 0)
        disk_name_volumes(d);
    return r;
}

static bool is_read_only(int fd)
{
    int read_only = 0;

    return ioctl(fd, BLKROGET, &read_only) == 0 && read_only;
}

int disk_probe_volumes(struct disk *d, struct error *e)
{
    for (unsigned i = 0; i < d->volume_count; i++) {
        struct volume *v = &d->volumes[i];
        _cleanup_fd_ int fd = open(v->node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int r = fd < 0 ? error_errno(e, -errno, "cannot open %s", v->node)
                       : probe_filesystem(fd, 0, 0, &v->fs, e);

        v->read_only = is_read_only(fd);
        v->scratch = d->access == DISK_SCRATCH;
        v->unreadable = r == -EIO;
        if (v->unreadable) /* says nothing about the others */
            error_clear(e);
        else if (r < 0)
            return error_context(e, r, "%s", v->name);
    }
    if (d->kind == DISK_TARGET)
        table_lost_look(d);
    return 0;
}

/* One whole disk may carry a file system although a stale partition table is on it too. */
static void drop_table_below_filesystem(struct disk *d)
{
    struct filesystem fs;

    if (strcmp(d->table, "dos") == 0 && d->volume_count == 0 &&
        probe_filesystem(d->content_fd, 0, 0, &fs, NULL) == 0 && fs.type[0])
        d->table[0] = '\0';
}

static bool kernel_shows_all(const struct disk *d)
{
    struct stat st;

    return fstat(d->backing_fd, &st) == 0 && partitions_known(d, st.st_rdev);
}

static int use_directly(struct disk *d, struct error *e)
{
    struct stat st;
    char name[64];

    if (fstat(d->backing_fd, &st) < 0 || sysfs_name(st.st_rdev, name, sizeof name) < 0)
        return error_errno(e, -ENODEV, "cannot find the device node of %s", text_safe(d->target));
    snprintf(d->node, sizeof d->node, "/dev/%s", name);
    d->node_fd = fcntl(d->backing_fd, F_DUPFD_CLOEXEC, 3);
    return d->node_fd < 0 ? error_errno(e, -errno, "cannot open %s", d->node) : 0;
}

static int refuse_loop(const struct disk *d, struct error *e)
{
    return error_set(e, ERROR_TARGET, -ENODEV, "not-shown",
                     "the kernel does not show the partitions of %s as they are in its table",
                     text_safe(d->target));
}

static int make_reachable(struct disk *d, const struct disk_request *request, struct error *e)
{
    int r = partitions_read(d, d->content_fd, e);

    if (r < 0)
        return r;
    drop_table_below_filesystem(d);
    if (!d->is_image && !d->layer.open && !d->aside && kernel_shows_all(d))
        r = use_directly(d, e);
    else
        r = d->direct ? refuse_loop(d, e) : make_loop(d, request, e);
    if (r == 0)
        r = find_volumes(d, e);
    if (r == 0)
        step_reached("disk-partitions");
    return r < 0 ? r : disk_probe_volumes(d, e);
}

static int refuse_hibernated(const struct disk *d, struct error *e)
{
    for (unsigned i = 0; i < d->volume_count; i++) {
        if (!d->volumes[i].fs.hibernated)
            continue;
        (void)error_set(e, ERROR_REFUSED, -EBUSY, "hibernated",
                        "%s holds a hibernated system (%s): its file systems are open in there",
                        text_safe(d->target), text_safe(d->volumes[i].name));
        (void)error_advise(e, "wake it and shut it down, or look with --read-only; or give that "
                              "session up for good: mkswap the partition");
        return -EBUSY;
    }
    return 0;
}

static int refuse_failing(const struct disk *d, struct error *e)
{
    for (unsigned i = 0; i < d->volume_count; i++)
        if (d->volumes[i].unreadable)
            return failing_disk(text_safe(d->volumes[i].name), strerror(EIO), e);
    return 0;
}

static int check_selected(const struct disk *d, struct error *e)
{
    for (unsigned i = 0; d->selected && i < d->volume_count; i++)
        if (d->volumes[i].number == d->selected)
            return 0;
    return d->selected
               ? error_set(e, ERROR_TARGET, -ENODEV, "no-such-target",
                           "the partition table has no valid entry for %s", text_safe(d->target))
               : 0;
}

static int guard(struct disk *d, struct error *e)
{
    int r = in_use_check(d->backing_fd, d->target, e);

    if (r == 0)
        r = hold_take(d->backing_fd, d->is_image, d->access == DISK_WRITE, d->target, e);
    /* What udevd has found on it may be in use by now. */
    if (r > 0)
        r = in_use_check(d->backing_fd, d->target, e);
    if (r == 0)
        step_reached("disk-held");
    return r;
}

static int check_whole(const struct disk *d, struct error *e)
{
    int r = check_selected(d, e);

    if (r == 0 && d->access == DISK_WRITE)
        r = refuse_failing(d, e);
    if (r == 0 && d->access == DISK_WRITE)
        r = refuse_hibernated(d, e);
    return r;
}

static int open_disk(struct disk *ret, const char *target, const struct disk_request *request,
                     bool guarded, struct error *e)
{
    int r;

    memset(ret, 0, sizeof *ret);
    ret->backing_fd = ret->content_fd = ret->node_fd = -1;
    ret->access = request->access;
    ret->aside = request->aside && !guarded;
    ret->direct = request->direct && !guarded;
    if ((size_t)snprintf(ret->target, sizeof ret->target, "%s", target) >= sizeof ret->target)
        return error_set(e, ERROR_TARGET, -ENAMETOOLONG, "no-such-target",
                         "the path of the target is too long");
    r = open_target(ret, ret->access == DISK_WRITE ? O_RDWR : O_RDONLY, e);
    if (r == 0)
        r = read_geometry(ret, e);
    if (r == 0 && guarded)
        r = guard(ret, e);
    if (r == 0)
        r = disk_content_open(ret, request, e);
    if (r == 0)
        r = make_reachable(ret, request, e);
    if (r == 0 && guarded)
        r = check_whole(ret, e);
    if (r < 0)
        (void)disk_close(ret, CLOSE_WAIT_MS, NULL);
    return r;
}

int disk_open(struct disk *ret, const char *target, const struct disk_request *request,
              struct error *e)
{
    return open_disk(ret, target, request, true, e);
}

int disk_open_for_list(struct disk *ret, const char *target, const struct disk_request *request,
                       struct error *e)
{
    return open_disk(ret, target, request, false, e);
}

int disk_add_layer(struct disk *d, const struct disk_request *request, struct error *e)
{
    struct disk_request layered = *request;
    struct stat node = {0}, file = {0};
    int r;

    if (d->kind != DISK_TARGET || d->layer.open)
        return 0;
    (void)fstat(d->node_fd, &node);
    (void)fstat(d->backing_fd, &file);
    d->node_fd = fd_close(d->node_fd);
    if (d->is_loop)
        (void)loop_wait_gone(node.st_rdev, file.st_dev, file.st_ino, CLOSE_WAIT_MS);
    d->is_loop = false;
    d->access = DISK_SCRATCH;
    layered.layer = true;
    r = disk_content_open(d, &layered, e);
    return r < 0 ? r : make_reachable(d, &layered, e);
}

int disk_use_assembled(struct disk *d, const char *node, struct error *e)
{
    struct stat st;
    int sector = 512;

    d->backing_fd = open(node, (d->access != DISK_READ ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    d->content_fd = d->backing_fd;
    if (d->backing_fd < 0 || fstat(d->backing_fd, &st) < 0 ||
        ioctl(d->backing_fd, BLKGETSIZE64, &d->size) < 0 ||
        ioctl(d->backing_fd, BLKSSZGET, &sector) < 0)
        return error_errno(e, -errno, "cannot open %s", node);
    d->devno = st.st_rdev;
    d->sector_size = (uint32_t)sector;
    return make_reachable(d, NULL, e);
}

static int close_assembled(struct disk *d, unsigned wait_ms, struct error *e)
{
    int r = 0, lost = 0;

    if (d->node_fd >= 0 && d->access == DISK_WRITE && fsync(d->node_fd) < 0)
        lost = -errno;
    d->node_fd = fd_close(d->node_fd);
    d->backing_fd = fd_close(d->backing_fd);
    if (d->record[0] && wait_ms) {
        r = undo_record(d->record, wait_ms, e);
        step_reached("assembled-undone");
    }
    if (r == 0 && lost)
        r = failing_write(text_safe(d->name), lost, e);
    d->target[0] = '\0';
    return r;
}

int disk_close(struct disk *d, unsigned wait_ms, struct error *e)
{
    struct stat node = {0}, file = {0};
    int r = 0, lost = 0, stopped;

    if (d->target[0] && d->kind != DISK_TARGET)
        return close_assembled(d, wait_ms, e);
    if (!d->target[0] || d->backing_fd < 0)
        return 0;
    if (d->node_fd >= 0 && d->access == DISK_WRITE && fsync(d->node_fd) < 0)
        lost = -errno;
    for (unsigned i = 0; wait_ms && i < d->volume_count; i++)
        if (strcmp(d->volumes[i].fs.type, "btrfs") == 0)
            btrfs_twin_forget(d->volumes[i].node);
    (void)fstat(d->node_fd, &node);
    (void)fstat(d->content_fd, &file);
    d->node_fd = fd_close(d->node_fd);
    if (d->is_loop && wait_ms &&
        loop_wait_gone(node.st_rdev, file.st_dev, file.st_ino, wait_ms) < 0 && r == 0) {
        (void)error_set(e, ERROR_FAILED, -EBUSY, "busy",
                        "%s is still in use on this host (%s): do not unplug it yet",
                        text_safe(d->target), d->node);
        r = -EBUSY;
    }
    /* Nothing may stand on a layer that ends. */
    if (r == 0 && wait_ms) {
        stopped = layer_stop(&d->layer, wait_ms, e);
        r = stopped < 0 ? error_context(e, stopped, "%s", text_safe(d->target)) : 0;
    } else {
        layer_leave(&d->layer);
    }
    d->backing_fd = fd_close(d->backing_fd);
    if (r == 0 && lost)
        r = failing_write(text_safe(d->target), lost, e);
    d->target[0] = '\0';
    return r;
}

/* Of what is no loop device the kernel answers nothing. */
static bool is_loop_over(const char *node, const struct stat *file)
{
    _cleanup_fd_ int fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    return fd >= 0 && loop_is_over(fd, file->st_dev, file->st_ino, 0);
}

bool disk_is(const struct disk *d, const char *target)
{
    struct stat a, b;
    dev_t parent;
    unsigned number;

    if (fstat(d->backing_fd, &a) < 0 || stat(target, &b) < 0)
        return false;
    if (S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode))
        return a.st_rdev == b.st_rdev ||
               (sysfs_parent(b.st_rdev, &parent, &number) == 0 && a.st_rdev == parent);
    if (S_ISREG(a.st_mode) && S_ISBLK(b.st_mode))
        return is_loop_over(target, &a);
    if (S_ISBLK(a.st_mode) && S_ISREG(b.st_mode))
        return loop_is_over(d->backing_fd, b.st_dev, b.st_ino, 0);
    return S_ISREG(a.st_mode) && S_ISREG(b.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
