/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Units without which nothing comes up, or nobody gets in. */

#include "faults/fault.h"

struct core_unit {
    const char *name;
    enum fault_severity severity; /* when it is not started */
    const char *why;              /* what happens then */
};

extern const struct core_unit core_units[];
extern const size_t core_unit_count;

/* The one of that name, or NULL. */
const struct core_unit *core_unit_find(const char *name);
