/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Words of a kernel command line, by the kernel's rules (lib/cmdline.c, next_arg()): blanks
 * separate them, but not between double quotes. Pure. */

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* The next word of *at; its length is in *ret_size. NULL at the end. */
const char *kernel_arguments_next(const char **at, size_t *ret_size);

/* The value of the last "KEY=value" (without its quotes) into @ret. False when there is none, or it
 * does not fit. */
bool kernel_arguments_get(const char *line, const char *key, char *ret, size_t size);

/* Is @word among them, exactly, before a "--", which ends the kernel's own? */
bool kernel_arguments_have(const char *line, const char *word);

/* Is there a key ("root" of "root=A") that both of them have? "-" and "_" are the same in one. */
bool kernel_arguments_share_key(const char *a, const char *b);

/*
 * Append @line, a line of whatever configuration file has a command line in it, to @out, with each
 * occurrence of @word replaced by @with, or taken out with a blank beside it (@with NULL). Returns
 * how many there were, or the failure of @out.
 */
int kernel_arguments_edit(const char *line, const char *word, const char *with, struct text *out);
