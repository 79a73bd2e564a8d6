/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lines of sudoers(5): those that no parser can take, and whose password is asked for. Pure. */

#include <stdbool.h>
#include <stddef.h>

/* Call @bad for each logical line that is none, with the number of its first line and why. Only
 * what is certainly wrong counts; what the full grammar would refuse besides is visudo's to say. */
void sudoers_check(const char *data, size_t size,
                   void (*bad)(void *userdata, unsigned line, const char *why), void *userdata);

enum sudoers_password { SUDOERS_UNSAID, SUDOERS_OWN, SUDOERS_OTHER };

/* Whose password sudo asks everybody for (targetpw, rootpw and runaspw of "Defaults" for all), as
 * far as this file says it last. *ret_line: where. With targetpw and runaspw it is root's, too, as
 * long as nobody else is named by sudo -u. */
enum sudoers_password sudoers_password_of(const char *data, size_t size, unsigned *ret_line);
