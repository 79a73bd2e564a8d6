/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lines of sudoers(5) that no parser can take. Pure. */

#include <stddef.h>

/* Call @bad for each logical line that is none, with the number of its first line and why. Only
 * what is certainly wrong counts; what the full grammar would refuse besides is visudo's to say. */
void sudoers_check(const char *data, size_t size,
                   void (*bad)(void *userdata, unsigned line, const char *why), void *userdata);
