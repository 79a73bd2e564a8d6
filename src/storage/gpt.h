/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A GUID partition table and its copy at the end of the disk (UEFI specification, chapter 5): are
 * they whole? libblkid and the kernel take what is good, and say nothing of the other. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one header; the specification allows more, and the kernel takes more. */
#define GPT_ENTRIES_MAX ((size_t)1 << 20)

enum gpt_part {
    GPT_GOOD,
    GPT_ABSENT,  /* there is no header at that place */
    GPT_DAMAGED, /* there is one, and its checksum or what it says is wrong */
};

struct gpt_state {
    enum gpt_part primary, backup;
    char primary_problem[96], backup_problem[96]; /* "" when good */
    uint64_t backup_at; /* the sector of the copy's header, when it is not absent */
    uint64_t made_for;  /* sectors of the disk that a good table at the start was made for; 0 */
    bool backup_at_end; /* it is where the disk ends, and not where an earlier, smaller disk did */
};

/* Reads @size bytes at @offset of the disk. 0 or a negative errno. */
typedef int gpt_read_fn(void *userdata, uint64_t offset, void *ret, size_t size);

/* Look at the table of a disk of @disk_size bytes with sectors of @sector bytes. 0; -ENOENT when
 * there is neither header; a negative errno of @read. */
int gpt_check(gpt_read_fn *read, void *userdata, uint64_t disk_size, uint32_t sector,
              struct gpt_state *ret);
