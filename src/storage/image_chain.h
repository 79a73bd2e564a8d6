/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An image and the images that it is the difference to, opened. Which further file is opened is
 * asked for each time: its name comes out of the image, which a guest may have written. Its format
 * is what the image above says; it is not guessed, and a raw one is not looked into.
 */

#include "base/error.h"
#include "storage/image_format.h"

#include <limits.h>
#include <stdbool.h>

#define IMAGE_CHAIN_MAX 16

struct image_file {
    int fd;              /* the first one is borrowed, the others are ours */
    bool is_block;       /* a block device */
    char path[PATH_MAX]; /* for messages and to find the next one */
    struct image_info info;
};

struct image_chain {
    struct image_file files[IMAGE_CHAIN_MAX];
    unsigned count;
};

/* 1 yes, 0 no, -ENOTTY, -EINTR. */
typedef int image_chain_confirm(void *userdata, const char *question);

/* Open what @fd, which is @path, stands on. @confirm may be NULL: nothing further is opened. 0;
 * ERROR_REFUSED "backing-file" when it was not allowed; ERROR_TARGET. image_chain_close() in either
 * case. */
int image_chain_open(struct image_chain *ret, int fd, const char *path,
                     image_chain_confirm *confirm, void *userdata, struct error *e);
void image_chain_close(struct image_chain *c);

/*
 * The chain as one node of qemu's block layer (qemu-storage-daemon(1), --blockdev;
 * qapi/block-core.json): JSON text with the descriptors as /proc/self/fd/N. @write: the first image
 * may be written to. The caller frees. NULL without memory.
 */
char *image_chain_node(const struct image_chain *c, const char *name, bool write);
