/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which cgroups a container gets, and what keeps devices closed in it. */

#include "base/error.h"
#include "container/cgroup.h"
#include "container/container.h"

struct groups {
    struct cgroup unified;
    int systemd_fd; /* the group in the hierarchy name=systemd, for CGROUPS_LEGACY; -1 */
};

#define GROUPS_NONE ((struct groups){.unified = {.fd = -1, .payload_fd = -1}, .systemd_fd = -1})

/* Before the stub is forked: those that need no process. Their names go to @c, which removes them
 * at the end. */
int groups_make(struct container *c, const struct container_plan *plan,
                const struct container_host *host, struct groups *ret, struct error *e);

/* After the stub was forked, where the host's service manager wants a process: its scope, or where
 * that fails a group of our own. */
int groups_adopt(struct container *c, const struct container_plan *plan,
                 const struct container_host *host, struct groups *g, struct error *e);

/* The payload's group as a detached mount for its /sys/fs/cgroup; -1 when it has to make one. */
int groups_tree(const struct groups *g);

/* Keep devices closed that are not in the plan: c->device_policy tells whether the kernel does.
 * True when it is done; false when it takes groups_policy_old(). */
bool groups_policy(struct container *c, const struct container_plan *plan, const struct groups *g);

/* The old way, for which c->payload_pid must be known. */
void groups_policy_old(struct container *c, const struct container_plan *plan,
                       const struct container_host *host);

void groups_close(struct groups *g);
