/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Words of commands that are printed to be copied into a shell. */

#include "base/text.h"

/*
 * @s as a shell takes it for one word: as it is where that is enough, in '...', or, with bytes in
 * it that do not show (see text_safe()), in $'...', which bash, zsh, ksh and busybox know. Safe to
 * print. In a ring of 16 static buffers of 1 KiB, for use as a printf argument; what is longer is
 * cut, and ends in "...".
 */
const char *shell_word(const char *s);

/* The same, appended without that limit. */
int shell_word_append(struct text *t, const char *s);
