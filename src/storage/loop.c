/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/loop.h"

#include "base/fd.h"
#include "base/host.h"
#include "storage/sysfs.h"
#include "storage/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

/* Another program may take the free number that we were told: then the next. */
#define ATTEMPTS 64

static int configure(int fd, int backing_fd, const char *name, bool read_only, uint32_t sector_size)
{
    struct loop_config config = {
        .fd = (uint32_t)backing_fd,
        .block_size = sector_size,
        .info.lo_flags =
            LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN | (read_only ? LO_FLAGS_READ_ONLY : 0u),
    };

    snprintf((char *)config.info.lo_file_name, sizeof config.info.lo_file_name, "%.60s", name);
    return ioctl(fd, LOOP_CONFIGURE, &config) < 0 ? -errno : 0;
}

/* A lock on a range of bytes of the node is what marks a device as ours, since udev's are on the
 * whole (flock(2)); it goes with the descriptor. */
#define MARK ((struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1})

/* One attempt with the device of that number. -EBUSY: somebody else has it. */
static int attach_number(int number, int backing_fd, const char *name, bool read_only,
                         uint32_t sector_size, loop_record *record, void *userdata, char *ret_node,
                         size_t node_size, int *ret_fd)
{
    struct flock mark = MARK;
    char node[64], text[80];
    _cleanup_fd_ int fd = -1;
    int r;

    snprintf(node, sizeof node, "/dev/loop%d", number);
    fd = open(node, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    snprintf(text, sizeof text, UNDO_LOOP "loop%d", number);
    r = record ? record(userdata, text) : 0;
    if (r == 0)
        r = configure(fd, backing_fd, name, read_only, sector_size);
    if (r < 0)
        return r;
    (void)fcntl(fd, F_OFD_SETLK, &mark);
    snprintf(ret_node, node_size, "%s", node);
    *ret_fd = take_fd(&fd);
    return 0;
}

int loop_attach(int backing_fd, const char *name, bool read_only, uint32_t sector_size,
                loop_record *record, void *userdata, char *ret_node, size_t node_size, int *ret_fd,
                struct error *e)
{
    _cleanup_fd_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int r = -EBUSY;

    if (control < 0) {
        r = error_set(e, ERROR_HOST, -errno, "no-loop",
                      "this host has no loop devices (/dev/loop-control): %s", strerror(errno));
        (void)error_advise(e, "load the kernel module: modprobe loop");
        return r;
    }
    for (unsigned i = 0; i < ATTEMPTS && r == -EBUSY; i++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);

        if (number < 0)
            return error_set(e, ERROR_HOST, -errno, "no-loop", "no loop device is free: %s",
                             strerror(errno));
        r = attach_number(number, backing_fd, name, read_only, sector_size, record, userdata,
                          ret_node, node_size, ret_fd);
    }
    return r < 0 ? error_set(e, ERROR_HOST, r, "no-loop", "cannot attach a loop device: %s",
                             strerror(-r))
                 : 0;
}

void loop_unlock(int fd)
{
    (void)flock(fd, LOCK_UN);
}

bool loop_is_ours(const char *node)
{
    _cleanup_fd_ int fd = host_open(node, O_RDONLY);
    struct flock lock = MARK;

    lock.l_type = F_WRLCK;
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool loop_is_over(int node_fd, dev_t file_dev, ino_t file_ino, dev_t rdev)
{
    struct loop_info64 info;

    if (ioctl(node_fd, LOOP_GET_STATUS64, &info) < 0)
        return false;
    return (rdev && info.lo_rdevice == rdev) ||
           (!rdev && info.lo_device == file_dev && info.lo_inode == file_ino);
}

int loop_wait_gone(dev_t devno, dev_t file_dev, ino_t file_ino, unsigned wait_ms)
{
    char name[64], node[80];

    if (sysfs_name(devno, name, sizeof name) < 0)
        return 0;
    snprintf(node, sizeof node, "/dev/%s", name);
    for (unsigned waited = 0;; waited += 5) {
        char backing[8];

        /* Opening the node would be a user of it: first ask without. */
        sysfs_text(devno, "loop/backing_file", backing, sizeof backing);
        if (!backing[0])
            return 0;
        if (waited >= wait_ms) {
            _cleanup_fd_ int fd = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

            /* Somebody else's by now? */
            return fd >= 0 && loop_is_over(fd, file_dev, file_ino, 0) ? -EBUSY : 0;
        }
        (void)poll(NULL, 0, 5);
    }
}
