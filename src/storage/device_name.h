/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How text of a patient (fstab, crypttab, a kernel command line) names a block device. Pure. */

#include <stddef.h>

enum device_tag {
    DEVICE_UUID,
    DEVICE_LABEL,
    DEVICE_PARTUUID,
    DEVICE_PARTLABEL,
    DEVICE_PATH, /* a /dev path that is none of the by-* directories: /dev/sda1, /dev/mapper/x */
    DEVICE_NONE, /* names no device */
};

/* Split "UUID=x", "LABEL=\"x\"", "/dev/disk/by-uuid/x" (with \xNN decoded) ... 0 or -EINVAL. */
int device_name_split(const char *name, enum device_tag *ret_tag, char *ret_value, size_t size);

/* The partition number that a kernel name means: "/dev/sda1", "/dev/vdb3", "/dev/nvme0n1p2",
 * "/dev/mmcblk0p1", "/dev/xvda1", "/dev/hda1". 0 when it names a whole disk, -EINVAL when no such
 * name. */
int device_name_partition(const char *path);
