/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "commands/spawn_options.h"
#include "container/plan.h"

/* Complete *plan, which spawn_options_read() began, with what only the tree @root_fd and the host
 * know: init, user, files laid over, bound devices. @name: of the machine, unless --machine= gave
 * one. Writes nothing. 0 or a negative errno. */
int spawn_plan_build(const struct spawn_options *o, int root_fd, const char *name,
                     struct container_plan *plan, struct error *e);

/* A drop-in for rescue.service and emergency.service of this systemd (0: of unknown version), by
 * which a root shell is reached though root is locked. */
const char *spawn_sulogin_dropin(unsigned systemd_version);
