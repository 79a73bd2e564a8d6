/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The modes of programs that have to be set-user-id root, as su and sudo. Who may execute them is
 * the administrator's business: "4750 root:adm" is as right as "4755 root:root". Pure. */

#include <stdbool.h>
#include <sys/types.h>

/* Has it the bit, and may somebody execute it? */
bool set_user_id_is_right(mode_t mode);

/* What @mode should be: nobody gets to execute it who may not, unless nobody may. */
mode_t set_user_id_mode(mode_t mode);
