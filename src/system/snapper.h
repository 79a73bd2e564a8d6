/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* What snapper(8) wrote down about a snapshot: the text of the element @name ("description",
 * "date") of an info.xml, with XML's entities decoded, into @ret. 0 or -ENOENT. Pure. */
int snapper_info_get(const char *text, const char *name, char *ret, size_t size);
