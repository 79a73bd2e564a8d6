/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What makes sshd refuse its configuration (sshd_config(5)): a keyword that it does not know, a
 * missing value, a value that is none of those that are allowed. Pure. */

/* What is wrong with one line, as a phrase; NULL: nothing. @line is changed. Values that are not
 * known here are taken for right. */
const char *sshd_config_problem(char *line);
