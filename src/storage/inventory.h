/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The disks that are attached to this host. */

#include "base/error.h"
#include "storage/disk.h"

#define INVENTORY_MAX 256

/*
 * Paths of all disks worth a look: with a size, no RAM disks, no free loop devices, none of ours,
 * nothing that is built on other disks (device-mapper, md: they belong to their members), except a
 * multipath mapping, which stands for the disk, and then not the paths to it. At most
 * INVENTORY_MAX, in the order of their names. Returns how many, or a negative errno.
 */
int inventory_disks(char (*ret_paths)[128], struct error *e);

/*
 * Is @a a copy of @b? Told by the identifier of the partition table, or by a file system's UUID.
 * Then true and what is the same in @ret_what: "partition table 1b2c...".
 */
bool inventory_is_twin(const struct disk *a, const struct disk *b, char *ret_what, size_t size);

/* Do both carry the same member of something (a physical volume, a device of an array or of a
 * btrfs, a LUKS volume)? Each of these is there once. */
bool inventory_same_member(const struct disk *a, const struct disk *b, char *ret_what, size_t size);

/*
 * Are both disks without a member of anything, with the same partition table, and is a file system
 * of one on the other, too? Then they are no disks of one machine. The identifier of the table alone
 * does not tell that: "sfdisk -d /dev/sda | sfdisk /dev/sdb" (sfdisk(8)) copies it; nor does a file
 * system alone, which may be a copy within the machine, and is its fault (storage.duplicate-id).
 */
bool inventory_is_plain_copy(const struct disk *a, const struct disk *b, char *ret_what,
                             size_t size);
