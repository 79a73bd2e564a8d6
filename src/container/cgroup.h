/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's own cgroup in the version 2 hierarchy (cgroups(7)). The hierarchy is reached
 * through the host's mount, or through a detached mount of ours where the host has none: version 2
 * only, hybrid and version 1 hosts are the same here.
 *
 *   CURRENT/unbrick-NAME-PID           carries the device policy
 *   CURRENT/unbrick-NAME-PID/payload   the root of the container's cgroup namespace
 */

#include "base/error.h"

#include <stddef.h>

struct cgroup {
    char path[256]; /* below the root of the hierarchy; "" when there is none */
    int fd;         /* the outer directory, for the device policy; -1 */
    int payload_fd; /* the inner one, for CLONE_INTO_CGROUP; -1 */
};

/* The path that cgroup_make() is going to use, for a journal: -ENOENT or -ENAMETOOLONG when none.
 */
int cgroup_path(const char *name, char *ret, size_t size);

/* Make both. A host without cgroup2 in its kernel, or where it is not writable, gives -EROFS,
 * -ENODEV or -EPERM: the container then runs without. */
int cgroup_make(struct cgroup *ret, const char *path, struct error *e);

/* Open the outer directory of a container that runs. A descriptor or a negative errno. */
int cgroup_open(const char *path);

/* Close, and remove the tree with everything in it. */
void cgroup_free(struct cgroup *c);

/* Kill what is in the cgroup @path (below the root of the hierarchy) and remove it with all below
 * it. 0 also when it is gone already. */
int cgroup_remove_tree(const char *path, struct error *e);
