/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What supervisor, stub and payload share over the forks: everything of the host that the payload
 * needs is opened or read before, since it cannot see the host any more. Internal to container/. */

#include "container/dev.h"
#include "container/plan.h"

struct launch {
    const struct container_plan *plan;
    int root_tree;        /* the container's root: a detached mount */
    int *mount_trees;     /* one for each of the plan's mounts; -1: none needed, or not there */
    char *os_release;     /* the host's; may be NULL */
    int user_fd;          /* the user namespace; -1: the host's */
    int nodes[DEV_NODES]; /* the standard devices, where nodes cannot be made; -1 */
    int network_fd;       /* the network namespace that the plan names; -1 */
    int supervisor_fd;    /* pidfd: the stub watches it */
    int status_socket;    /* the stub's messages */
    int start_socket;     /* the payload's messages; ends by its execve(2) */
    int cgroup_fd;        /* directory of the payload's cgroup; -1 */
    bool await_cgroup;    /* the supervisor sends it to the stub */
    int systemd_fd;       /* directory of the payload's group in the hierarchy name=systemd; -1 */
    int cgroup_tree; /* the same as a detached mount for its /sys/fs/cgroup; -1: it makes one */
};

/* Open and read it all. 0 or a negative errno; launch_free() in either case. */
int launch_prepare(struct launch *ret, const struct container_plan *plan, int root_fd,
                   struct error *e);
void launch_free(struct launch *l);

/* Process 1 of the outer pid namespace. */
_Noreturn void stub_run(struct launch *l);

/* Process 1 of the inner one: builds the container and becomes what the plan says. */
_Noreturn void payload_run(const struct launch *l);
