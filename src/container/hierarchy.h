/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hierarchies of cgroups that a container has groups in (cgroups(7)). Each is reached through
 * the host's mount, or through a detached mount of ours where the host has none: version 2 only,
 * hybrid and version 1 hosts are the same from here on.
 *
 * A group is written "/a/b" in the unified hierarchy, "systemd:/a/b" and "devices:/a/b" in others.
 */

#include <stddef.h>

enum hierarchy {
    HIERARCHY_UNIFIED, /* version 2 */
    HIERARCHY_SYSTEMD, /* version 1, without a controller: systemd before 230 knows no other */
    HIERARCHY_DEVICES, /* version 1, where the kernel cannot keep devices closed otherwise */
};

/* Which one a group is in; *ret_path is its path there. */
enum hierarchy hierarchy_of(const char *group, const char **ret_path);

/* "systemd:" and so on. */
const char *hierarchy_prefix(enum hierarchy h);

/* Our own group there: "/a/b", "" at the root. -ENOENT when the kernel has no such hierarchy (yet).
 */
int hierarchy_current(enum hierarchy h, char *ret, size_t size);

/* The root of the hierarchy in which the path @group is, or is going to be. Descriptor or a
 * negative errno. */
int hierarchy_open(enum hierarchy h, const char *group);

/*
 * An old hierarchy that began with us stays in the kernel when it is not mounted any more, until it
 * is once again without a group. Let go of it, unless others have groups in it; waits a moment for
 * our own last group, which the kernel frees later. Nothing happens where the host has it mounted.
 */
void hierarchy_retire(enum hierarchy h);
