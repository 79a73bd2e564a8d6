/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which word was meant. */

#include <stddef.h>

/*
 * The word of @words (@count of them) that @typed is with the fewest typing errors: a letter too
 * much, missing, wrong, or two exchanged ("optimal string alignment"). At most one of them in three
 * letters; NULL when there is none that near. Words of more than 255 letters are near to none.
 */
const char *nearest_word(const char *typed, const char *const *words, size_t count);
