/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stop everything in a container for a moment (Documentation/admin-guide/cgroup-v2.rst,
 * cgroup.freeze; Linux 5.2). What is frozen can still be killed. */

/*
 * Freeze the cgroups right below the directory @cgroup_fd, except @except (a name, or NULL), and
 * wait until nothing in them runs in user space. 0, or -ETIMEDOUT when something is still in the
 * kernel after a while: it runs no instruction of its own before it is thawed, either. Another
 * negative errno: they may be frozen in part.
 */
int freeze_children(int cgroup_fd, const char *except);

/* Let all of them go on. Returns the first failure; all are tried. */
int thaw_children(int cgroup_fd);
