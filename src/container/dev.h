/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The contents of the container's /dev. */

#include "base/error.h"
#include "container/plan.h"

/* null zero full random urandom tty */
#define DEV_NODES 6

/* In a user namespace no node can be made (mknod(2)): the host's are shown instead. Open them as
 * detached mounts; they belong to the caller also after a failure. */
int dev_open_nodes(int ret[DEV_NODES], struct error *e);

/* Nodes, links and the plan's devices into the tmpfs @dev_fd. @trees: of dev_open_nodes(), or -1.
 */
int dev_fill(const struct container_plan *plan, const int trees[DEV_NODES], int dev_fd,
             struct error *e);

/*
 * Make a pty in the container's devpts @pts_fd and put its slave on /dev/console: as a bind mount
 * over a regular file and not as a link (lock_dev_console() of systemd refuses links, pam_securetty
 * the name pts/0). *ret_master and *ret_slave belong to the caller.
 */
int dev_console(const struct container_plan *plan, int dev_fd, int pts_fd, int *ret_master,
                int *ret_slave, struct error *e);
