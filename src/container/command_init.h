/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container/plan.h"

#include <sys/types.h>

/*
 * Be process 1 for a command that is no init: reap orphans, hand signals that ask for an end on to
 * the command, and exit as it does (128 + signal). @command is its pid. Returns never.
 */
_Noreturn void command_init(pid_t command);
