/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A walker through cpio archives of the form that the kernel unpacks (cpio(5) "New ASCII",
 * Documentation/driver-api/early-userspace/buffer-format.rst). Bytes are pushed in as they come; no
 * body is kept. Pure and bounded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PATH_MAX of the kernel: longer names are refused there, too. */
#define CPIO_NAME_MAX 4096

struct cpio_entry {
    char name[CPIO_NAME_MAX]; /* without "./" or slashes at its start */
    uint32_t mode, size;
};

struct cpio {
    /* A new entry; its body follows in .body, in pieces. Both may be NULL. */
    void (*entry)(void *userdata, const struct cpio_entry *e);
    void (*body)(void *userdata, const void *data, size_t size);
    void *userdata;

    /* The rest is the walker's own. */
    enum { CPIO_BETWEEN, CPIO_HEADER, CPIO_NAME, CPIO_BODY, CPIO_PADDING, CPIO_FOREIGN } state;
    unsigned char header[110];
    size_t have;     /* of the header or the name */
    uint64_t offset; /* from the start of the archives: for the alignment */
    uint32_t name_size, left, padding;
    bool at_trailer;
    struct cpio_entry current;
    const char *problem; /* NULL, or why it cannot go on */
    unsigned archives;   /* that ended as they should */
};

/* Push the next bytes. Returns how many were taken: less than @size when what follows an archive is
 * no archive (state CPIO_FOREIGN), or there is a .problem. */
size_t cpio_push(struct cpio *c, const void *data, size_t size);

/* May the input end here? */
bool cpio_is_complete(const struct cpio *c);
