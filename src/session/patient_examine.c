/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_examine.h"

#include <string.h>

static bool is_mounted(const void *userdata, const char *target)
{
    return patient_volume_at(userdata, target) != NULL;
}

static const struct volume *volume_at(const void *userdata, const char *target)
{
    return patient_volume_at(userdata, target);
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
        .volume_at = p->root ? volume_at : NULL,
        .userdata = p,
        .root_subvolume = p->root ? p->root->subvolume : NULL,
    };
    return examination_open(ret, e);
}
