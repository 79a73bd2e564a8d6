/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The CRC of IEEE 802.3, as GPT uses it. Not named crc32(): that is zlib's, which libarchive calls.
 */

#include <stddef.h>
#include <stdint.h>

uint32_t checksum_crc32(const void *data, size_t size);
