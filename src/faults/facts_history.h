/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the patient left behind about its boots: read on the first call, kept in the examination.
 * Never NULL; empty without memory. */

#include "faults/examination.h"
#include "system/history.h"

const struct history *facts_history(struct examination *x);
