/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Copies: of a disk of this host, or of each other. */

#include "base/error.h"
#include "storage/disk.h"

#include <stdbool.h>
#include <stddef.h>

/* Is @d a copy of a disk of this host that is none of @disks? Then true, and "/dev/vda (same
 * partition table 1b2c...)" in @ret; safe text. */
bool clones_of_host(const struct disk *d, struct disk *const *disks, unsigned count, char *ret,
                    size_t size);

/* Two targets that carry the same member of an array, a group or a file system, or that are copies
 * without any of these, are no patient: -ENOTUNIQ with ERROR_REFUSED. */
int clones_refuse_pair(struct disk *const *disks, unsigned count, struct error *e);
