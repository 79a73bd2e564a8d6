/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The container's root, and the overlays, which are put together while the host can still be seen.
 */

#include "base/error.h"
#include "container/launch.h"

/*
 * For a user namespace: called by the stub before it enters that one. In a mount namespace of its
 * own, which the payload's is going to be a copy of, the tree and the plan's bind mounts get a
 * place. 0 or a negative errno.
 */
int root_stage(const struct launch *l, struct error *e);

/*
 * Called by the payload in its new mount namespace, a copy of the supervisor's. The tree of @l
 * becomes the only thing in it. Overlays of the plan become detached mounts in l->mount_trees.
 * *ret_root_fd is the root from then on.
 */
int root_enter(const struct launch *l, int *ret_root_fd, struct error *e);
