/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One disk under two names: a storage network shows a disk once for each path to it. */

#include <stdbool.h>

/*
 * Are the block devices @a and @b (paths of nodes; of partitions: their disks) two paths to one
 * disk? Told by the name that the disk itself gives (sysfs_wwid()) and the size; and because some
 * makers give all of their disks the same name, by what is at the start of both. False for two
 * names of one node, and for what is no block device.
 */
bool same_disk(const char *a, const char *b);
