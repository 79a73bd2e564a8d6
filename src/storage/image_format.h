/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * In which form a file holds a disk: told by its first bytes and never by its name. The headers of
 * some formats name further files. A guest that owns a raw image can write such a header into it,
 * and so have any file of the host opened: that is why what a header names is only reported here,
 * and why nothing that is raw by what another header says of it is ever looked at again.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum image_format {
    IMAGE_RAW,
    IMAGE_QCOW2,
    IMAGE_VMDK, /* one file that has all of it */
    IMAGE_VHD,  /* dynamic; a fixed one is a raw image with a sector behind it */
    IMAGE_VHDX,
    IMAGE_VDI,
};

/* How much of the beginning is looked at. */
#define IMAGE_HEADER_BYTES 65536

struct image_info {
    enum image_format format;
    bool read_only;          /* a format that is written once, from its beginning to its end */
    char backing[1024];      /* qcow2: the file that this one is the difference to; raw; "" */
    char backing_format[16]; /* as its header says; "" when it does not */
};

/*
 * Look at the first @size bytes (at most IMAGE_HEADER_BYTES) of @target, which is only for
 * messages. Pure. 0; or -EMEDIUMTYPE with ERROR_TARGET, reason "image-format" or "compressed", for
 * what cannot be opened as it is, with the command that helps.
 */
int image_format_read(const unsigned char *data, size_t size, const char *target,
                      struct image_info *ret, struct error *e);

/* The format that qemu calls so ("raw", "qcow2", "vmdk", "vpc", "vhdx", "vdi"), or -EINVAL. */
int image_format_from_driver(const char *driver);

/* What qemu calls it. */
const char *image_format_driver(enum image_format format);
