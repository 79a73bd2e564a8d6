/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "storage/disk.h"

/* Has one of @disks a head that moves, or lies its image on such a disk? Readers in turn are faster
 * there than at once. What cannot be known has none. Arrays and groups are as their members, which
 * are among the disks. The kernel's word for it: queue/rotational. */
bool disks_rotate(struct disk *const *disks, unsigned count);
