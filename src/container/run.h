/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The contents of the container's /run: the plan's files, and /run/host. */

#include "base/error.h"
#include "container/plan.h"

/* Where process 1 of a PAYLOAD_COMMAND lies (init/init.c). */
#define RUN_COMMAND_INIT "/run/host/unbrick-init"

/* @host_os_release: contents of the host's os-release, or NULL. */
int run_fill(const struct container_plan *plan, int run_fd, const char *host_os_release,
             struct error *e);

/*
 * Open what the plan has put at @path below the container's /run, whose type is @type (S_IFREG,
 * S_IFIFO), with open(2)'s @flags. The payload owns that directory by now: no link is followed
 * anywhere, and what has become something else is not opened (-EINVAL).
 */
int run_open(int run_fd, const char *path, mode_t type, int flags);
