/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a person has to know when a command of a repair has failed. */

#include "base/error.h"

#include <stdbool.h>

/* Advise, where too little room is left on "/" or "/boot" below @root_fd for what a command writes,
 * to make room first; and say that what came before it stays, when @wrote. */
void repair_room_advise(int root_fd, bool wrote, struct error *e);
