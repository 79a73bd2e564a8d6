/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The user's terminal in raw mode. There is one in a process, since a signal handler must be able
 * to give it back: console_restore_terminal(). */

#include <stdbool.h>

/* Take @fd over. 0, -EBUSY when one is taken over already, or a negative errno. */
int raw_mode_enter(int fd);

/* True while a terminal is raw: "\n" alone does not return to the first column then. */
bool raw_mode_is_on(void);
