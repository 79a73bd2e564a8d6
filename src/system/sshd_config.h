/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What makes sshd refuse its configuration (sshd_config(5)): a keyword that it does not know, a
 * missing value, a value that is none of those that are allowed. Pure. */

#include <stdbool.h>
#include <stddef.h>

/* What is wrong with one line, as a phrase; NULL: nothing. @line is changed. Values that are not
 * known here are taken for right. */
const char *sshd_config_problem(char *line);

/* Does line @number look like the head of a block: its keyword is Match, or no other one but near
 * to it, or what comes next is indented? Without the head what stands below it would count for
 * everybody: a ForceCommand, a PasswordAuthentication. */
bool sshd_config_begins_block(const char *data, size_t size, unsigned number);
