/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A btrfs of the patient that is a copy of one which the host has mounted. Up to Linux 6.6 the
 * kernel has only one of them (EEXIST); since then a file system on a single device gets a
 * temporary identity.
 */

#include "base/error.h"
#include "storage/disk.h"

#include <stdbool.h>

/* Is one of that uuid mounted, on a kernel that cannot have another? */
bool btrfs_twin_is_in_the_way(const char *uuid);

/*
 * For a disk that was opened: what is on a layer gets an identity of its own there, by
 * btrfstune(8); what is not is refused with ERROR_REFUSED "twin". struct filesystem.uuid stays the
 * patient's.
 */
int btrfs_twin_settle(struct disk *d, struct error *e);

/* Have the kernel forget a device that is about to go (BTRFS_IOC_FORGET_DEV, linux/btrfs.h). */
void btrfs_twin_forget(const char *node);
