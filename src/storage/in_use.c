/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/in_use.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/sysfs.h"
#include "storage/used.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void add_device(struct used_target *t, dev_t disk)
{
    struct sysfs_partition parts[USED_DEVICES_MAX - 1];
    int count = sysfs_partitions(disk, parts, USED_DEVICES_MAX - 1);

    t->devices[t->device_count++] = disk;
    for (int i = 0; i < count; i++)
        t->devices[t->device_count++] = parts[i].devno;
}

static void describe_target(const struct stat *st, struct used_target *ret)
{
    *ret =
        (struct used_target){.is_file = S_ISREG(st->st_mode), .dev = st->st_dev, .ino = st->st_ino};
    if (S_ISBLK(st->st_mode))
        add_device(ret, st->st_rdev);
}

/* From what a person recognises at once to what takes longest to look for. @fd -1: only what is
 * told without opening the target. */
static int find_use(const struct used_target *t, int fd, char *who, size_t size,
                    const char **ret_advice)
{
    switch (used_by_mount(t, who, size)) {
    case USED_BY_HOST_ROOT:
        *ret_advice = "that is this host's own disk: `unbrick examine /` looks at it, and changes "
                      "nothing";
        return 1;
    case 1:
        *ret_advice = "unmount it first (umount), or choose another disk";
        return 1;
    default:
        break;
    }
    *ret_advice = "turn it off first (swapoff)";
    if (used_by_swap(t, who, size))
        return 1;
    *ret_advice = "give that name: it stands for the disk by all of its paths";
    if (used_by_multipath(t, who, size))
        return 1;
    *ret_advice = "take that down first (dmsetup remove, mdadm --stop, vgchange -an)";
    if (used_by_holder(t, who, size))
        return 1;
    if (fd < 0)
        return 0;
    *ret_advice = "if nothing needs it, detach it first (losetup -d)";
    if (used_by_loop(t, who, size))
        return 1;
    *ret_advice = "stop that program first: two writers destroy a file system";
    return used_by_lock(t, fd, who, size) || used_by_process(t, who, size) ||
           used_exclusively(t, who, size);
}

int in_use_by(const char *path, char *ret, size_t size)
{
    struct used_target t;
    const char *advice;
    struct stat st;
    int r = host_stat(path, &st);
    _cleanup_fd_ int fd = -1;

    if (r < 0)
        return r;
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) /* others might wait when they are opened */
        return -ENOTBLK;
    fd = host_open(path, O_RDONLY);
    if (fd < 0 && !S_ISBLK(st.st_mode))
        return fd;
    /* A host may forbid to open the disk that it runs from: some of it is told without that. */
    describe_target(&st, &t);
    return find_use(&t, fd, ret, size, &advice);
}

static int refuse(const struct used_target *t, int fd, const char *target, struct error *e)
{
    const char *advice;
    char who[600];

    if (!find_use(t, fd, who, sizeof who, &advice))
        return 0;
    (void)error_set(e, ERROR_REFUSED, -EBUSY, "in-use", "%s is in use: %s", text_safe(target), who);
    (void)error_advise(e, "%s", advice);
    return -EBUSY;
}

int in_use_check(int fd, const char *target, struct error *e)
{
    struct used_target t;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_errno(e, -errno, "cannot look at %s", text_safe(target));
    describe_target(&st, &t);
    return refuse(&t, fd, target, e);
}

int in_use_check_device(dev_t devno, const char *target, struct error *e)
{
    struct used_target t = {0};

    add_device(&t, devno);
    return refuse(&t, -1, target, e);
}

char *in_use_holder(dev_t devno, char *ret, size_t size)
{
    struct used_target t = {0};

    add_device(&t, devno);
    if (!used_by_mount(&t, ret, size) && !used_by_swap(&t, ret, size) &&
        !used_by_holder(&t, ret, size) && !used_by_loop(&t, ret, size) &&
        !used_by_opener(&t, ret, size))
        snprintf(ret, size, "by whom is not to be seen");
    return ret;
}
