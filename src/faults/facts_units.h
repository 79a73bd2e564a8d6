/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The units that the boot starts: read on the first call, kept in the examination. Never NULL;
 * empty without systemd or memory. */

#include "faults/examination.h"
#include "system/units.h"

const struct units *facts_units(struct examination *x);

void facts_units_free(struct units *u);
