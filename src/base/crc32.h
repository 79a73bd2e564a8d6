/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The CRC of IEEE 802.3, as GPT and gzip use it. */

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *data, size_t size);
