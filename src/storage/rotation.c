/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/rotation.h"

#include "storage/sysfs.h"

#include <sys/stat.h>

static dev_t device_below(const struct disk *d)
{
    struct stat st;

    return !d->is_image ? d->devno : fstat(d->backing_fd, &st) == 0 ? st.st_dev : 0;
}

bool disks_rotate(struct disk *const *disks, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        dev_t devno = device_below(disks[i]), whole;
        unsigned number;

        if (disks[i]->kind != DISK_TARGET)
            continue;
        if (sysfs_parent(devno, &whole, &number) == 0)
            devno = whole;
        if (sysfs_number(devno, "queue/rotational"))
            return true;
    }
    return false;
}
