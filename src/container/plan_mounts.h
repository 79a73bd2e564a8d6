/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The plan's own mounts, after the kernel's file systems. */

#include "base/error.h"
#include "container/launch.h"

/*
 * Attach them in the plan's order below @root_fd, the container's root after pivot_root(2). A
 * target is resolved as programs inside see it. One that does not exist is made when it is in /run,
 * /tmp or /dev, which are ours; elsewhere that is an error, or passed over when it is optional:
 * nothing is ever made on the patient.
 */
int plan_mounts_attach(const struct launch *l, int root_fd, int run_fd, struct error *e);
