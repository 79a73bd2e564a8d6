/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/btrfs_twin.h"

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define SYSFS "/sys/fs/btrfs/"

bool btrfs_twin_is_in_the_way(const char *uuid)
{
    char path[128];

    snprintf(path, sizeof path, SYSFS "%.64s", uuid);
    return uuid[0] && access(path, F_OK) == 0 && access(SYSFS "features/temp_fsid", F_OK) < 0;
}

static int refuse(const struct volume *v, struct error *e)
{
    (void)error_set(
        e, ERROR_REFUSED, -EEXIST, "twin",
        "%s is a copy of a btrfs that this host has mounted, and this kernel cannot have "
        "both",
        text_safe(v->name));
    (void)error_advise(e, "unmount the host's; or look at it with --read-only, which gives it "
                          "another identity beside the disk; or use a host with Linux 6.7");
    return -EEXIST;
}

/* -m changes the identity in the superblocks and in nothing else. */
static int change_identity(const struct volume *v, struct error *e)
{
    char *argv[] = {(char *)"btrfstune", (char *)"-f", (char *)"-m", (char *)v->node, NULL};
    _cleanup_free_ char *output = NULL;
    int r = process_run(argv, 0, 65536, &output, e);

    if (r == -ENOENT)
        (void)error_advise(e, "install the package btrfs-progs");
    if (r <= 0)
        return r;
    output[strcspn(output, "\n")] = '\0';
    return error_set(e, ERROR_TARGET, -EIO, "twin", "%s cannot get another identity: %s",
                     text_safe(v->name), text_safe(output));
}

int btrfs_twin_settle(struct disk *d, struct error *e)
{
    for (unsigned i = 0; i < d->volume_count; i++) {
        const struct volume *v = &d->volumes[i];
        int r;

        if (strcmp(v->fs.type, "btrfs") != 0 || !btrfs_twin_is_in_the_way(v->fs.uuid))
            continue;
        r = v->scratch ? change_identity(v, e) : refuse(v, e);
        if (r < 0)
            return r;
    }
    return 0;
}

void btrfs_twin_forget(const char *node)
{
    _cleanup_fd_ int control = open("/dev/btrfs-control", O_RDWR | O_CLOEXEC);
    struct btrfs_ioctl_vol_args args = {0};

    snprintf(args.name, sizeof args.name, "%s", node);
    if (control >= 0)
        (void)ioctl(control, BTRFS_IOC_FORGET_DEV, &args);
}
