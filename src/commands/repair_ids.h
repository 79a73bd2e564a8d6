/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which words behind `repair` are ids of faults, and no targets. */

#include "base/error.h"
#include "commands/options.h"

/*
 * The ids stand behind the targets: take them off @o->target_count, *ret_ids is then the NULL-ended
 * rest of @o->targets. -ENOENT with ERROR_USAGE when one of the targets is no file or device, and
 * must be an id with a typing error.
 */
int repair_ids_split(struct options *o, char *const **ret_ids, struct error *e);
