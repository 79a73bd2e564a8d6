/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the bytes of a disk come from: between disk.c and image_chain.h, layer.h. */

#include "storage/disk.h"

/*
 * Set d->content_fd, .size and .sector_size from the opened target: the target itself; or a layer,
 * when it is an image in another format, or when the request is DISK_SCRATCH and something on it
 * takes a write to be seen as it is. d->access becomes DISK_READ where nothing does.
 */
int disk_content_open(struct disk *d, const struct disk_request *request, struct error *e);
