/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Partition tables: read by libblkid, which knows GPT (with its backup), MBR with logical
 * partitions and a few more; added to the kernel by BLKPG where it did not scan. */

#include "base/error.h"
#include "storage/disk.h"

/* Logical sector size of an image: 4096 when a GPT header stands there and not at 512. */
uint32_t partitions_image_sector_size(int fd);

/*
 * Read the table of the device or image @fd into d->table, table_id, table_error and the partitions
 * into d->volumes (number, start, size, part_type, part_uuid, part_label; no nodes yet). Partitions
 * that overlap another, or end beyond the disk, are left out and named in table_error. Uses
 * d->size and d->sector_size. No table: d->table is "" and there are no volumes.
 */
int partitions_read(struct disk *d, int fd, struct error *e);

/* Are all partitions of d->volumes known to the kernel, for the disk @devno? */
bool partitions_known(const struct disk *d, dev_t devno);

/* Add those that the kernel does not know to the disk @fd (BLKPG_ADD_PARTITION, linux/blkpg.h). */
int partitions_add(const struct disk *d, int fd, dev_t devno, struct error *e);

/* Fill in node and devno of each volume. -ENODEV names the first that has no node. */
int partitions_find_nodes(struct disk *d, dev_t devno, struct error *e);
