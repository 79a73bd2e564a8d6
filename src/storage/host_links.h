/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names that udev on this host has given to the hardware: /dev/disk/by-id and by-path. The
 * patient's boot loader and fstab may go by them, and nothing on a disk tells them. Those of
 * mappings are left out: a mapping of the patient may be called otherwise here. */

#include <sys/types.h>

struct host_link {
    dev_t devno;
    char name[288]; /* "disk/by-id/wwn-0x5000c500a1b2c3d4", below /dev */
};

#define HOST_LINKS_MAX 1024

struct host_links {
    struct host_link link[HOST_LINKS_MAX];
    unsigned count;
};

/* Those of block devices. What is more than HOST_LINKS_MAX is left out; without udev there is
 * none. */
void host_links_read(struct host_links *ret);
