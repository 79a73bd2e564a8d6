/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container/plan.h"
#include "session/patient.h"

/* Mask the generators of the patient (systemd.generator(7)) for our rescue target. 0 or -ENOMEM. */
int rescue_mask_generators(struct container_plan *plan, const struct patient *p);
