/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The standard descriptors of a payload that has no console of its own (CONSOLE_PIPE). Files and
 * pipes of the caller are passed to it as they are. A terminal is not: who holds it can type on it
 * (ioctl_tty(2), TIOCSTI), change its settings and show it everything. There the payload gets a
 * pipe and a pump copies, through the filter.
 */

#include "base/error.h"
#include "container/plan.h"
#include "session/pump.h"
#include "terminal/filter.h"

#include <stdbool.h>

#define STANDARD_FDS 3

struct standard_fds {
    int payload[STANDARD_FDS];       /* what the payload is to get as 0, 1 and 2 */
    struct pump pumps[STANDARD_FDS]; /* .from is -1 where none is needed */
    struct filter filters[STANDARD_FDS];
};

/* standard_fds_close() in either case. 0 or a negative errno. */
int standard_fds_prepare(struct standard_fds *ret, bool unfiltered, struct error *e);

/* The same for @plan, which gets them; nothing to do when it has a console. */
int standard_fds_prepare_plan(struct standard_fds *ret, struct container_plan *plan,
                              bool unfiltered, struct error *e);

/* The payload was started, or could not be: let go of its ends, so that ours end with it. */
void standard_fds_started(struct standard_fds *s);
void standard_fds_close(struct standard_fds *s);
