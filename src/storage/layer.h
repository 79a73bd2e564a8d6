/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A disk that is a file of another form, or a disk with a layer above it that takes all writes:
 * served as a plain file by qemu-storage-daemon(1) over FUSE, for a loop device to be put on. It
 * works on every kernel that has FUSE.
 *
 * The daemon is in a mount namespace of its own, in which alone that file can be seen: it is
 * reached through /proc/PID/root. It outlives us, since a file system may be mounted on it: the
 * undo journal knows it, and whoever undoes it waits until no loop device stands on it. The file
 * with the layer's contents has no name, and is gone with the daemon.
 */

#include "base/error.h"
#include "storage/image_chain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LAYER_TOKEN_MAX 48

struct layer {
    bool open;
    pid_t pid;
    int pid_fd;
    int file_fd;                 /* the disk as a plain file, for reading and writing */
    uint64_t size;               /* bytes of it */
    char token[LAYER_TOKEN_MAX]; /* in its arguments; by it the journal finds it */
};

struct layer_request {
    const struct image_chain *chain; /* what it is made of */
    bool write;   /* can be written to; without .overlay that goes to the image */
    bool overlay; /* writes go to a file that is gone afterwards */
    /* Called with the record for undo_record() before it is started. A negative errno: it is not.
     */
    int (*record)(void *userdata, const char *record);
    void *userdata;
};

/* ERROR_HOST when the program or FUSE is missing; qemu's own words when it cannot open the image.
 */
int layer_start(struct layer *ret, const struct layer_request *request, struct error *e);

/* The daemon writes everything and ends; nothing may stand on it any more. Waits up to @wait_ms,
 * then it is killed: -ETIMEDOUT. */
int layer_stop(struct layer *l, unsigned wait_ms, struct error *e);

/* Let go of it and leave it running: somebody else undoes it. */
void layer_leave(struct layer *l);

/* The same by its token, for the journal. 0 also when there is none. -EBUSY: a loop device is on
 * it, after @wait_ms. */
int layer_undo(const char *token, unsigned wait_ms, struct error *e);
