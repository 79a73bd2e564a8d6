/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the name and the uuid of a device-mapper device tell about it: whoever makes one puts its
 * own prefix before the uuid. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum mapping_kind {
    MAPPING_VOLUME,    /* logical volume of LVM */
    MAPPING_LUKS,      /* opened LUKS volume */
    MAPPING_MULTIPATH, /* several paths to one disk */
    MAPPING_PARTITION, /* of another mapping, made by kpartx(8) */
    MAPPING_OTHER,
};

struct mapping {
    enum mapping_kind kind;
    const char *word;   /* "LVM", "LUKS", "multipath", "Stratis" ... for people */
    char group[128];    /* LVM: "vg0" */
    char group_id[40];  /* LVM: the 32 characters of the group's id */
    char volume[128];   /* LVM: "root" */
    bool internal;      /* LVM: a part of another volume, with no data of its own */
    unsigned partition; /* number */
};

void mapping_parse(const char *dm_name, const char *dm_uuid, struct mapping *ret);

/* As mapping_parse(), for the block device @devno. 0, or -ENOENT when it is no mapping. */
int mapping_find(dev_t devno, struct mapping *ret);
