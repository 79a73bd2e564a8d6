/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A queue of bytes with a maximum. */

#include <stddef.h>

struct console_buffer {
    char *data;
    size_t start, size, max;
};

/* 0 or -ENOMEM. */
int console_buffer_init(struct console_buffer *b, size_t max);
void console_buffer_free(struct console_buffer *b);

size_t console_buffer_room(const struct console_buffer *b);
/* Appends what fits and returns how much that was. */
size_t console_buffer_append(struct console_buffer *b, const void *data, size_t size);
/* Appends everything; what is oldest goes when there is too much, up to the end of its line, so
 * that what is left begins with no half of a character or sequence. */
void console_buffer_append_newest(struct console_buffer *b, const void *data, size_t size);
/* The bytes that come next, all in one piece: @b->size of them. */
const char *console_buffer_head(const struct console_buffer *b);
void console_buffer_consume(struct console_buffer *b, size_t size);
