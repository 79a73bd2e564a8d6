/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/hold.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

/* qemu's raw_apply_lock_bytes() in block/file-posix.c: what an opener does is a lock on byte
 * 100 + bit, what it cannot bear in others on 200 + bit. All of both: nobody else. */
#define QEMU_FIRST 100
#define QEMU_COUNT 200

/* What a reader cannot bear: bit 1, writing. */
#define QEMU_NO_WRITERS 201

/* udevd holds a lock on a device as long as it looks at it, which it does whenever one appears or
 * was written to (systemd's BLOCK_DEVICE_LOCKING): a disk that has just been plugged in is not in
 * use. */
#define UDEV_WAIT_MS 5000
#define UDEV_POLL_MS 20

/* 1: after waiting. */
static int take_lock(int fd, int how, unsigned wait_ms)
{
    for (unsigned waited = 0;; waited += UDEV_POLL_MS) {
        if (flock(fd, how | LOCK_NB) == 0)
            return waited > 0;
        if (errno != EWOULDBLOCK || waited >= wait_ms)
            return -errno;
        (void)poll(NULL, 0, UDEV_POLL_MS);
    }
}

int hold_take(int fd, bool is_image, bool write, const char *target, struct error *e)
{
    struct flock lock = {.l_type = write ? F_WRLCK : F_RDLCK,
                         .l_whence = SEEK_SET,
                         .l_start = write ? QEMU_FIRST : QEMU_NO_WRITERS,
                         .l_len = write ? QEMU_COUNT : 1};
    int waited = take_lock(fd, write ? LOCK_EX : LOCK_SH, is_image ? 0 : UDEV_WAIT_MS);

    if (waited < 0)
        return error_set(e, ERROR_REFUSED, -EBUSY, "in-use",
                         "%s is in use: another program holds a lock on it", text_safe(target));
    if (is_image && fcntl(fd, F_OFD_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES))
        return error_set(e, ERROR_REFUSED, -EBUSY, "in-use",
                         "%s is in use: a virtual machine holds a lock on it", text_safe(target));
    /* A file system without locks (some network ones): flock and the look at processes remain. */
    return waited;
}
