/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Configuration files line by line, and lines word by word. Pure and bounded. */

#include <stdbool.h>
#include <stddef.h>

/* A longer line is cut: no setting that we look for is that long. */
#define LINES_WIDTH 4096

struct lines {
    const char *at, *end;
    unsigned number; /* of the line that was read last, 1-based */
    size_t length;   /* its real length, without the newline */
};

/* @data may be NULL when @size is 0. */
#define LINES_OF(data, size)                                                                       \
    ((struct lines){.at = (data), .end = (size) ? (data) + (size) : (data)})

/* The next line, NUL-terminated and without its newline; a NUL in it becomes DEL, so that it ends
 * no comparison. false at the end. */
bool lines_next(struct lines *l, char line[LINES_WIDTH]);

/* Cut @line at the first "#" that stands at its start or behind a blank, and off blanks at both
 * ends. Returns where the rest begins. */
char *lines_strip(char *line);

/* Cut the next word (blanks separate) off *at; NULL when there is none. */
char *lines_word(char **at);

/* The value of "KEY = value", "KEY=value" or "KEY value" when the stripped line begins with @key
 * (case does not count), else NULL. */
char *lines_value(char *line, const char *key);
