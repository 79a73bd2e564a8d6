/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inner part of initramfs.h: goes through the file's members in this process. */

#include "system/cpio.h"

#include <stdbool.h>
#include <stddef.h>

struct initramfs_sink {
    void (*name)(void *userdata, const char *name);
    /* A file that matters, whole. */
    void (*file)(void *userdata, const char *name, const char *data, size_t size);
    void (*compression)(void *userdata, const char *name);
    /* @ours: it is not the file that is at fault. */
    void (*problem)(void *userdata, const char *text, bool ours);
    void *userdata;
};

/* Read the regular file @fd from its start, and tell @sink. 0, or -errno when it cannot be read; a
 * damaged initramfs is a problem told, and 0. */
int initramfs_scan(int fd, const struct initramfs_sink *sink);
