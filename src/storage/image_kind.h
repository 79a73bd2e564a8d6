/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files that hold a disk in a form which is not the disk itself, known by their first bytes. */

#include "base/error.h"

#include <stddef.h>

/* 0 when @data, the first @size bytes of @target, is no such format; else -EMEDIUMTYPE with
 * ERROR_TARGET, reason "image-format" or "compressed", and the command that helps. */
int image_kind_check(const unsigned char *data, size_t size, const char *target, struct error *e);

#define IMAGE_KIND_BYTES 512
