/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Changes to one line of an fstab that leave everything else in it as it was: the spaces between
 * the fields, a comment at its end. Pure: text in, text out. @line is without its newline. */

#include "base/text.h"

enum fstab_field {
    FSTAB_SOURCE,
    FSTAB_TARGET,
    FSTAB_TYPE,
    FSTAB_OPTIONS,
    FSTAB_FREQ,
    FSTAB_PASSNO
};

/* Where field @field (0-based) of @line is. Its length; 0 when the line has no such field. */
size_t fstab_edit_find(const char *line, unsigned field, const char **ret);

/* Append @line to @out with another value of @field. Fields before it that the line does not have
 * get the value that they have without being there. 0 or the failure of @out. */
int fstab_edit_field(const char *line, enum fstab_field field, const char *value, struct text *out);

/* Append @line to @out with @options ("nofail,x-systemd.device-timeout=10s") added to its own:
 * those that it does not have yet, by their names. */
int fstab_edit_add_options(const char *line, const char *options, struct text *out);

/* Append @line to @out with @with in place of the option of that name ("errors" with any value,
 * "default"), unless it has that already; NULL: with nothing. Nothing left is "defaults". */
int fstab_edit_replace_option(const char *line, const char *name, const char *with,
                              struct text *out);

/*
 * Append @line to @out as six fields when something stands in place of the two numbers at its end:
 * a piece of the options that a blank cut off ("defaults, noatime 0 2") goes back to them, the rest
 * becomes a comment.
 */
int fstab_edit_join(const char *line, struct text *out);
