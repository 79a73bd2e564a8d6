/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "container/plan.h"

/* The plan's credentials as files in memory that is never swapped, read-only, mounted on
 * /run/host/credentials, which is there when the plan has any (https://systemd.io/CREDENTIALS). */
int credentials_mount(const struct container_plan *plan, int root_fd, struct error *e);
