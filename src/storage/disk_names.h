/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a disk and its volumes are called. Between disk.c and sysfs.h; disk_volume_title() of disk.h
 * is here, too. */

#include "storage/disk.h"

/* Set d->name, and of the block device @devno d->devno, d->model and d->serial. */
void disk_identify(struct disk *d, dev_t devno);

/* Set the names of d->volumes, whose nodes are known. */
void disk_name_volumes(struct disk *d);
