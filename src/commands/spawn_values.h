/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values on nspawn's command line, as systemd reads them. */

#include <stdbool.h>
#include <sys/types.h>

/* systemd's words for a boolean (parse_boolean() in its sources). 0 or -EINVAL. */
int spawn_read_bool(const char *value, bool *ret);

/* hostname(7): what sethostname(2) and everybody who reads it can bear. */
bool spawn_is_hostname(const char *s);

/* With hyphens or without, as sd_id128_from_string(3); *ret with hyphens. 0 or -EINVAL, then
 * untouched. The id of zeros stands for none. */
int spawn_read_uuid(const char *value, char ret[static 37]);

/* "SIGTERM", "TERM", "15", "RTMIN+3". The number, or -EINVAL. */
int spawn_signal_from_name(const char *value);

/* The next field of "SRC:DST:OPTIONS", unescaped in place; a colon in a path is written "\:". NULL
 * when *rest is. */
char *spawn_next_field(char **rest);

/* C's escapes (\n, \x41, \101 ...) in place; bytes may be NUL. How many there are, or -EINVAL. */
ssize_t spawn_unescape(char *text);
