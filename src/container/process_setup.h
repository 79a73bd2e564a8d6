/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is set on the payload's own process before it executes, apart from mounts. */

#include "base/error.h"
#include "container/plan.h"

/* Host name, loopback device (with a network of its own), session keyring, login uid, limits. */
int process_setup_identity(const struct container_plan *plan, struct error *e);

/* In a user namespace, while the host's /proc is there: no further user namespaces below it, which
 * open much of the kernel to whoever has them. Only CAP_SYS_RESOURCE could change that. */
int process_setup_limits_of_namespace(struct error *e);

/* Give up capabilities and apply the filter of system calls: the last step before execve(2). */
int process_setup_privileges(const struct container_plan *plan, struct error *e);

/* A session of its own with @slave as controlling terminal and standard descriptors. -1: only the
 * session, descriptors stay. */
int process_setup_terminal(int slave, struct error *e);

/* Default actions for all signals, none blocked. */
void process_setup_signals(void);
