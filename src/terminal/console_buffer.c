/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/console_buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int console_buffer_init(struct console_buffer *b, size_t max)
{
    char *data = malloc(max);

    if (!data)
        return -ENOMEM;
    *b = (struct console_buffer){.data = data, .max = max};
    return 0;
}

void console_buffer_free(struct console_buffer *b)
{
    free(b->data);
    *b = (struct console_buffer){0};
}

size_t console_buffer_room(const struct console_buffer *b)
{
    return b->max - b->size;
}

size_t console_buffer_append(struct console_buffer *b, const void *data, size_t size)
{
    if (size > console_buffer_room(b))
        size = console_buffer_room(b);
    if (size == 0)
        return 0;
    if (b->start + b->size + size > b->max) {
        memmove(b->data, b->data + b->start, b->size);
        b->start = 0;
    }
    memcpy(b->data + b->start + b->size, data, size);
    b->size += size;
    return size;
}

void console_buffer_append_newest(struct console_buffer *b, const void *data, size_t size)
{
    size_t whole = b->size + size, too_much = whole > b->max ? whole - b->max : 0;
    const char *bytes = data, *line_end;

    if (too_much > b->size) {
        bytes += too_much - b->size;
        size -= too_much - b->size;
        console_buffer_consume(b, b->size);
    } else {
        console_buffer_consume(b, too_much);
    }
    (void)console_buffer_append(b, bytes, size);
    line_end = too_much > 0 ? memchr(console_buffer_head(b), '\n', b->size) : NULL;
    if (line_end)
        console_buffer_consume(b, (size_t)(line_end + 1 - console_buffer_head(b)));
}

const char *console_buffer_head(const struct console_buffer *b)
{
    return b->data + b->start;
}

void console_buffer_consume(struct console_buffer *b, size_t size)
{
    b->start += size;
    b->size -= size;
    if (b->size == 0)
        b->start = 0;
}
