/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of the tree that nspawn's --resolv-conf= and --timezone= are about. */

#include "base/error.h"
#include "commands/spawn_options.h"
#include "container/plan.h"

/* What is laid over the tree @root_fd goes into *plan. Writes nothing. -EINVAL where a mode would
 * write to a tree that must not be written to. */
int spawn_tree_plan(const struct spawn_options *o, int root_fd, struct container_plan *plan,
                    struct error *e);

/* Do what was asked for by name and writes: copy, replace, symlink, delete. */
int spawn_tree_write(const struct spawn_options *o, int root_fd, struct error *e);
