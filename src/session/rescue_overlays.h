/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container/plan.h"
#include "session/patient.h"

/*
 * What is laid over single files of the patient instead of being written into it: a machine id
 * where the patient has none (systemd would write one and, taking it for a first boot, preset all
 * units), and the host's resolv.conf. Files that a bind mount needs are made in @session_dir.
 * 0 or a negative errno.
 */
int rescue_add_overlays(struct container_plan *plan, const struct patient *p,
                        const char *session_dir);

/* The host's resolv.conf @source over the one of the tree @root_fd, so that names resolve inside. */
int rescue_add_resolv_conf(struct container_plan *plan, int root_fd, const char *source);
