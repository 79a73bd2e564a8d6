/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The host's mount table: our private copy of it, and what `unbrick mount` puts into it. */

#include "base/error.h"

/*
 * Leave the host's mount namespace for one of our own in which nothing propagates back
 * (MS_PRIVATE): everything that is mounted from here on disappears with our last process.
 * @ret_host_fd (may be NULL) gets a descriptor of the host's mount namespace for setns(2).
 */
int host_mounts_leave(int *ret_host_fd, struct error *e);

/*
 * Detach, in our namespace, the host's mounts that we do not need, so that an administrator can
 * still unmount them on the host while we run. Kept: the root, what programs, devices and
 * configuration live on. Call it when all targets are open: paths below a detached mount are gone.
 */
void host_mounts_detach_unneeded(void);

/* Write what is in memory of all that is mounted at @path or below it. 0, or the first failure:
 * something was lost. */
int host_sync_tree(const char *path);

/* Unmount everything at and below @path, deepest and newest first, never lazily. 0; -EBUSY with the
 * mount point that is busy. Nothing mounted there is no error. */
int host_umount_tree(const char *path, struct error *e);
