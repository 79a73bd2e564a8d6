/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The container's root, and the overlays, which are put together while the host can still be seen.
 */

#include "base/error.h"
#include "container/launch.h"

/*
 * Called by the payload in its new mount namespace, a copy of the supervisor's. The tree of @l
 * becomes the only thing in it. Overlays of the plan become detached mounts in l->mount_trees.
 * *ret_root_fd is the root from then on.
 */
int root_enter(const struct launch *l, int *ret_root_fd, struct error *e);
