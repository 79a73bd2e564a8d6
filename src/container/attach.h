/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Mounts by descriptor. Everything happens below a descriptor of the container's own root, after
 * pivot_root(2): a link in the patient's tree can lead to no place of the host, since none is left
 * in the mount namespace.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Make a detached file system of @type: fsopen(2), fsconfig(2), fsmount(2). @options is
 * "mode=755,size=10%,flag" or NULL; @label: of everything in it, where SELinux is enabled, or NULL;
 * @attributes are MOUNT_ATTR_* flags. Returns a descriptor of its root or a negative errno.
 */
int attach_new(const char *type, const char *options, const char *label, uint64_t attributes,
               struct error *e);

/* Put the detached mount @tree on @path below @root_fd, with no link followed. -ENOTDIR, -ENOENT or
 * -ELOOP when @path is not there or not what it should be. */
int attach_at(int root_fd, const char *path, int tree, struct error *e);

/* As attach_at() on the object @target itself. */
int attach_on(int target, int tree);

/*
 * Clone the mount below @fd: only what is under that directory or file. The clone is detached, no
 * mount is propagated to or from it, and MOUNT_ATTR_* @attributes are set on it (and on all below
 * it). Descriptor or negative errno; -EINVAL also for a detached @fd before Linux 6.15.
 */
int attach_clone(int fd, uint64_t attributes, bool recursive);

/* Show the owners on the detached mount @tree (and on all below it) as ids of the user namespace
 * @user_fd. 0 or a negative errno: -EINVAL when one of the file systems cannot do that. */
int attach_map(int tree, int user_fd, bool recursive);

/* Show what @from is at @target too, with the attributes of the mount that @from is in. -ENOTDIR
 * when only one of them is a directory. Both belong to the container already. */
int attach_bind(int from, int target);

/* Cover @path below @root_fd with itself, read-only. 0 also when it is not there. */
int attach_read_only(int root_fd, const char *path, struct error *e);
