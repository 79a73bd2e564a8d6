/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stop everything in a container for a moment (Documentation/admin-guide/cgroup-v2.rst,
 * cgroup.freeze; Linux 5.2). What is frozen can still be killed. */

#define FREEZE_MAX 32 /* the payload's group, and those of visits */

struct freezer {
    int switches[FREEZE_MAX]; /* cgroup.freeze of each group */
    int events[FREEZE_MAX];   /* cgroup.events */
    unsigned count;
};

/* Take the groups right below the directory @cgroup_fd, except @except (a name, or NULL). With
 * their files open they can be frozen also by who may not open them any more. 0 or a negative
 * errno; freezer_close() in either case. */
int freezer_open(struct freezer *ret, int cgroup_fd, const char *except);
void freezer_close(struct freezer *f);

/* Freeze them, and wait until nothing in them runs in user space. 0, or -ETIMEDOUT when something
 * is still in the kernel after a while: it runs no instruction of its own before it is thawed,
 * either. Another negative errno: they may be frozen in part. */
int freezer_freeze(const struct freezer *f);

/* Let them go on. */
void freezer_thaw(const struct freezer *f);
