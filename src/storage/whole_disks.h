/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Down from a device of this host to the disks that it stands on: partitions, mappings, arrays, and
 * the other devices of a btrfs that is mounted. As /sys shows it; nothing is opened. */

#include <stdbool.h>
#include <sys/types.h>

#define WHOLE_DISKS_MAX 64

struct whole_disks {
    dev_t items[WHOLE_DISKS_MAX];
    unsigned count;
    bool incomplete; /* there are more, or something could not be followed */
};

/* Add what @devno stands on, once each, in the order of their numbers. A multipath mapping is a
 * disk, its paths are not. */
void whole_disks_below(dev_t devno, struct whole_disks *ret);
