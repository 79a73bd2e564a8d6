/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What stands on what, as the kernel shows it (the directories "holders" in /sys): partition,
 * array, LUKS mapping, volume group, logical volume. It does not matter who has put it together:
 * `list` shows what is active on this host in the same way as what assemble() made.
 */

#include "storage/assemble.h"

/*
 * Add to @set what this host has active on the disks that are in it, and on that: in the order in
 * which it stands on each other, named as assemble() would. It is opened to be read, and nothing of
 * it is ours: disk_close() only lets go of it. What cannot be opened is left out. 0 or -ENOMEM.
 */
int stack_find_active(struct disk_set *set);

/* What of @set stands on @v directly, with nothing of @set in between: at most @max indices in it,
 * in its order. Returns how many. */
unsigned stack_above(const struct disk_set *set, const struct volume *v, unsigned *ret,
                     unsigned max);
