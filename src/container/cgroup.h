/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's own groups:
 *
 *   CURRENT/unbrick-NAME-PID           carries the device policy
 *   CURRENT/unbrick-NAME-PID/payload   the root of the container's cgroup namespace
 *
 * in the unified hierarchy, or below a scope that the host's systemd made; and one group more in
 * each old hierarchy that is needed (hierarchy.h).
 */

#include "base/error.h"
#include "container/hierarchy.h"

#include <stddef.h>
#include <sys/types.h>

struct cgroup {
    char path[256]; /* below the root of the hierarchy; "" when there is none */
    int fd;         /* the outer directory, for the device policy; -1 */
    int payload_fd; /* the inner one, for CLONE_INTO_CGROUP; -1 */
};

/* The group that is going to be made in @h, for a journal: -ENOENT or -ENAMETOOLONG when none. A
 * hierarchy that does not exist yet begins with it. */
int cgroup_path(enum hierarchy h, const char *name, char *ret, size_t size);

/* Make both in the unified hierarchy, or the inner one where the outer is there already. A host
 * without cgroup2 in its kernel, or where it is not writable, gives -EROFS, -ENODEV or -EPERM: the
 * container then runs without. */
int cgroup_make(struct cgroup *ret, const char *path, struct error *e);

/* Make @group in an old hierarchy. Its directory as a descriptor, or a negative errno. */
int cgroup_make_old(const char *group, struct error *e);

/* Write @text to the file @name of the group with the directory @fd. 0 or a negative errno. */
int cgroup_write(int fd, const char *name, const char *text);

/* Put the calling process into the group with the directory @fd. 0 or a negative errno. */
int cgroup_join_old(int fd);

/* Let the user @uid manage the group with the directory @fd and what is below it (cgroups(7),
 * "Delegation"). */
int cgroup_delegate(int fd, uid_t uid, struct error *e);

/* Close, and remove the tree with everything in it. */
void cgroup_free(struct cgroup *c);

/* Kill what is in the @group and remove it with all below it. 0 also when it is gone already. */
int cgroup_remove_tree(const char *group, struct error *e);

/* Wait a moment until somebody else has removed the group @path of the unified hierarchy. */
void cgroup_await_end(const char *path);
