/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What root may do inside (capabilities(7)). */

#include "base/error.h"

#include <stdint.h>

#define CAPABILITY_BIT(cap) (UINT64_C(1) << (cap))

/* The bit set that a rescue keeps. */
uint64_t capabilities_default(void);

/* The number that linux/capability.h gives to "CAP_SYS_ADMIN", "sys_admin" ...; -EINVAL. */
int capability_from_name(const char *name);

/* How many there are: 0 to N - 1 have a name here. */
unsigned capability_count(void);

/* "CAP_SYS_ADMIN"; "CAP_?" for a number that is not known here. */
const char *capability_name(unsigned cap);

/* Make @kept the bounding set: what can ever be got by executing a program. */
int capabilities_bound(uint64_t kept, struct error *e);

/* Make @kept the bounding, permitted and effective set of the calling thread, for good. */
int capabilities_limit(uint64_t kept, struct error *e);
