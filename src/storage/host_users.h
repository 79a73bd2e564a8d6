/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which process of this host keeps a directory's mounts busy. */

#include <stddef.h>

/*
 * The first process of our mount namespace, but ourselves, that stands at or below @path, runs from
 * there or has a file open there. 1 with a clause for a person, "sleep (process 12)"; 0 when none
 * is seen. The kernel knows of more: a mapped file, a loop device, a swap file.
 */
int host_users_find(const char *path, char *ret, size_t size);
