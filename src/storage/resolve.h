/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a name in the patient's configuration to one of the patient's own volumes. Nothing outside
 * of its disks is ever looked at. */

#include "storage/disk.h"

#include <stddef.h>

/*
 * The volume among @disks that a source of fstab or crypttab means: "UUID=...", "/dev/vg0/root",
 * "/dev/sda2" (of the disk with the root, @disks[@root_disk]). NULL with the reason in @why when it
 * is not exactly one; *ret_matches (may be NULL): how many.
 */
const struct volume *resolve_device(const char *source, struct disk *const *disks,
                                    unsigned disk_count, unsigned root_disk, unsigned *ret_matches,
                                    char *why, size_t size);
