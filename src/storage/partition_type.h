/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Another type for one partition: its entry in the table, what sums the table up, and the same in
 * the copy; no other byte of the disk. sfdisk --part-type writes the whole of both tables, and
 * takes the flag "active" from the protective MBR (seen with util-linux 2.38), without which
 * some BIOSes boot nothing from a disk with GPT.
 */

#include "storage/disk.h"
#include "storage/gpt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTITION_TYPE_PIECES 6

/* What of the disk becomes what. */
struct partition_type_piece {
    uint64_t offset;
    unsigned size;
    unsigned char before[16], after[16];
};

struct partition_type_edit {
    struct partition_type_piece pieces[PARTITION_TYPE_PIECES];
    unsigned count;
    unsigned
        of_copy; /* so many of them, the first, are the copy's: one of the two is always whole */
};

/* A disk's table, as it is read. */
struct partition_type_table {
    gpt_read_fn *read;
    void *userdata;
    uint64_t disk_size;
    uint32_t sector;
    bool is_gpt; /* else an MBR */
};

/*
 * Plan it: of partition @number, from the type @from to @to, as struct volume has them ("0x83" with
 * an MBR). Pure. 0; -ENOTSUP: the table is not whole, or it is a logical partition; -ESTALE: it is
 * not of the type @from; -EINVAL: there is no such type or number; a negative errno of .read.
 */
int partition_type_plan(const struct partition_type_table *t, unsigned number, const char *from,
                        const char *to, struct partition_type_edit *ret);

/* Can it be done to this volume of the disk? */
bool partition_type_can_set(const struct disk *d, const struct volume *v, const char *to);

/* Do it, and change .part_type of the volume. What has been written is taken back when not all of
 * it can be. 0, or a negative errno as above. */
int partition_type_apply(struct disk *d, unsigned number, const char *from, const char *to);
