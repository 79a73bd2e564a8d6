/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The units, scripts and init arguments of our rescue target. */

#include "base/error.h"
#include "container/plan.h"
#include "session/rescue.h"

/* systemd: target, shell service and arguments. */
int rescue_add_systemd(struct container_plan *plan, const struct patient *p,
                       const struct rescue_request *request);

/* sysvinit and busybox: an inittab of ours laid over the target's. */
int rescue_add_inittab(struct container_plan *plan, const struct patient *p,
                       const struct rescue_request *request, struct error *e);

/* What the shell reads and runs, for every kind. */
int rescue_add_scripts(struct container_plan *plan, const struct patient *p,
                       const struct rescue_request *request);
