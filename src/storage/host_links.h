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

/* Links to block devices, at most @max; without udev there are none. Returns how many. */
unsigned host_links(struct host_link *ret, unsigned max);
