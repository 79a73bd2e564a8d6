/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "container/plan.h"
#include "session/patient.h"

/*
 * The tree of `shell --host-tools`: the host's program directories read-only around an empty root
 * of ours, the patient at /sysroot. For a patient in which nothing executes.
 * rescue_make_host_tools() builds the empty root beside the patient's tree and returns a descriptor
 * of it; rescue_add_host_tools() plans the read-only binds into it.
 */
int rescue_make_host_tools(const struct patient *p, int *ret_root_fd, struct error *e);
int rescue_add_host_tools(struct container_plan *plan);
