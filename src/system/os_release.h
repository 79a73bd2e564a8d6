/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* os-release(5). Pure: text in, data out. */

#include <stddef.h>

/* The value of @key ("PRETTY_NAME") in the file's text, unquoted by the shell's rules as far as
 * os-release(5) uses them, into @ret. 0, or -ENOENT. The last assignment wins. */
int os_release_get(const char *text, const char *key, char *ret, size_t size);
