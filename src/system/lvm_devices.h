/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* LVM's devices file (lvmdevices(8)): which disks LVM looks at. Pure; lines that are no entry
 * (VERSION, HASH, comments) are passed over. */

#include <stdbool.h>
#include <stddef.h>

struct lvm_device {
    unsigned line;         /* 1-based */
    char id_type[32];      /* "sys_wwid", "devname" */
    char id_name[256];     /* "." where there is none, as in the fields below */
    char device_name[256]; /* "/dev/sda2": a hint, but for "devname" */
    char pvid[64];         /* without hyphens */
    unsigned part;         /* partition number; 0: none is said */
};

struct lvm_devices_walk {
    const char *at, *end;
    unsigned line;
};

#define LVM_DEVICES_WALK(data, size)                                                               \
    ((struct lvm_devices_walk){.at = (data), .end = (data) + (size)})

/* The next entry. False at the end. */
bool lvm_devices_next(struct lvm_devices_walk *w, struct lvm_device *ret);
