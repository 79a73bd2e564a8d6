/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ctrl-C and friends before and after a container runs (while it runs, supervise.h has them). A
 * signal only sets a flag; whoever works looks at it where stopping is safe, so that everything is
 * taken down in order.
 */

#include "base/error.h"

#include <stdbool.h>

/* Catch SIGINT, SIGTERM and SIGHUP; ignore SIGPIPE. Not SA_RESTART: a prompt must return. */
void interrupt_setup(void);

/* The signal that asks us to stop, or 0. */
int interrupt_pending(void);

/* As interrupt_pending(), and forget a Ctrl-C: it meant only what was being done ("skip this
 * check"). Other signals stay. */
bool interrupt_take_ctrl_c(void);

/* 0 when nothing is pending; else -EINTR with ERROR_INTERRUPTED recorded. */
int interrupt_check(struct error *e);
