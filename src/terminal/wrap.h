/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/text.h"

/* Do not wrap at all. */
#define WRAP_NEVER 0

/*
 * Append @s to @out, broken between words so that no line is wider than @columns. The first line
 * starts at column @used; lines that are continued start with @hang spaces. Line ends in @s stay,
 * and so do spaces at the start of its lines. A word that fits no line (a path, a UUID) is broken.
 * No line end is added. Returns 0 or the failure of @out.
 */
int wrap_append(struct text *out, const char *s, unsigned columns, unsigned used, unsigned hang);
