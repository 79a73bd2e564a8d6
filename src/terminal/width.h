/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How many columns text takes on a terminal. */

#include <locale.h>
#include <stddef.h>

/*
 * Bytes of the first character of @s (1 for a byte that is not UTF-8; 0 when @size is 0), and its
 * columns: 0 for combining marks, 2 for wide ones, 1 for everything unknown.
 */
size_t width_next(const char *s, size_t size, unsigned *ret_columns);

unsigned width_of(const char *s, size_t size);

/* How many bytes of @s fit into @columns. */
size_t width_fit(const char *s, size_t size, unsigned columns);

/* The locale of it, for uselocale(3); (locale_t)0 where the C library has none. */
locale_t width_utf8_locale(void);
