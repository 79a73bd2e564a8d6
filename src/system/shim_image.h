/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* shim, the loader that firmware with Secure Boot takes for signed: it starts another one, which
 * lies beside it, and whose name is in it. Pure and bounded. */

#include <stdbool.h>
#include <stddef.h>

/* Enough for any; they have a megabyte. */
#define SHIM_IMAGE_MAX ((size_t)8 << 20)

/* The name of what the shim in @data starts ("grubx64.efi") into @ret. False: it is no shim. */
bool shim_image_next(const void *data, size_t size, char *ret, size_t ret_size);
