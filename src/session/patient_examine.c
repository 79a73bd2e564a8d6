/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_examine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_mounted(const void *userdata, const char *target)
{
    return patient_volume_at(userdata, target) != NULL;
}

int patient_examination_open(struct examination *ret, const struct patient *p, struct error *e)
{
    *ret = (struct examination){
        .root_fd = p->root_fd,
        .system = &p->system,
        .disks = p->disks,
        .disk_count = p->disk_count,
        .root_disk = p->root ? patient_root_disk(p) : 0,
        .root = p->root ? p->root->volume : NULL,
        .incomplete = p->closed.code != 0,
        .is_mounted = p->root ? is_mounted : NULL,
        .userdata = p,
    };
    return examination_open(ret, e);
}

/* STATX_ATTR_MOUNT_ROOT: Linux 5.8, statx(2). */
static bool is_mounted_on_host(const void *userdata, const char *target)
{
    struct statx st;

    (void)userdata;
    return statx(AT_FDCWD, target, AT_NO_AUTOMOUNT, 0, &st) == 0 &&
           (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int host_examination_open(struct examination *ret, struct linux_system *ret_system, struct error *e)
{
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

    *ret = (struct examination){.root_fd = fd};
    if (fd < 0)
        return error_errno(e, -errno, "cannot open /");
    r = system_inspect(fd, ret_system, e);
    if (r < 0)
        return r;
    *ret = (struct examination){
        .root_fd = fd,
        .system = ret_system,
        .running = true,
        .is_mounted = is_mounted_on_host,
    };
    return examination_open(ret, e);
}
