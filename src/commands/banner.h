/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/text.h"
#include "commands/options.h"
#include "session/session.h"

/* What the person reads when the rescue prompt appears: only what is true, at the terminal's
 * width. @faults: the headline of what was found, "" when nothing was. */
int banner_format(struct text *out, const struct options *o, const struct patient *p,
                  const struct container_plan *plan, const char *faults);
