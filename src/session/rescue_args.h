/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a person's own arguments for the init ask for ("boot TARGET -- --unit multi-user.target").
 */

#include "base/error.h"

#include <stdbool.h>

/* Do they choose what is booted to (systemd(1), inittab(5))? Then it is not our rescue target.
 * @args is NULL-ended, or NULL. */
bool rescue_args_choose_unit(char *const *args);

/*
 * Systemd boots to the default target when it does not know the unit that it was told: which is all
 * of the patient's services. Refuse a unit that is not on the patient, whose tree is @root_fd.
 * @name: the patient's, for the message. 0, or -ENOENT with ERROR_TARGET.
 */
int rescue_args_check_unit(char *const *args, int root_fd, const char *name, struct error *e);
