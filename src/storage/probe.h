/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is on a volume: libblkid's answer, and what only the superblock's state fields tell. */

#include "base/error.h"
#include "storage/volume.h"

/* Probe @size bytes of @fd from @start on; 0 and 0: all of it. An empty or unknown volume is no
 * error: ret->type is "". */
int probe_filesystem(int fd, uint64_t start, uint64_t size, struct filesystem *ret,
                     struct error *e);

/* Is the same at the start of the block devices @a and @b (paths of nodes), where partition tables
 * and superblocks are? */
bool probe_same_start(const char *a, const char *b);

/* State fields of a superblock, from the first bytes of a volume: sets size, dirty and has_errors
 * of *fs, whose type is known. Pure: for tests and fuzzing. */
#define PROBE_STATE_BYTES 0x12000
void probe_state(const unsigned char *data, size_t size, struct filesystem *fs);

/* Is that (1024 bytes) a copy of an ext superblock in a group other than the first, of a file
 * system with blocks of this size? Pure. */
bool probe_is_ext_backup(const unsigned char *sb, unsigned block_size);
