/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A recorded machine (tests/machines/README.md) put into the place of this host's /sys, /proc and
 * /dev, see base/host.h. */

#include "storage/disk.h"

/* Unpack the record @path into a temporary directory and look at that from now on. 0, or -1 with a
 * message on standard error. */
int machine_show(const char *path);

/* Look at this host again, and remove the directory. */
void machine_hide(void);

/* What blkid(8) said about the node @path: its value of @key, or "". */
void machine_blkid(const char *path, const char *key, char *ret, size_t size);
