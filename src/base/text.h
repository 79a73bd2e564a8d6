/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Strings: a growing buffer that is born with a maximum, and text of strangers made safe. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A growing string. Zero-initialise with TEXT_INIT(max); the first failure sticks in .failed, so a
 * caller may append many times and look once. .data is NUL-terminated or NULL when empty. */
struct text {
    char *data;
    size_t size, room, max;
    int failed; /* negative errno of the first append that did not fit */
};

#define TEXT_INIT(maximum) ((struct text){.max = (maximum)})
#define _cleanup_text_     __attribute__((cleanup(text_free)))

void text_free(struct text *t);
/* 0; -E2BIG when it would exceed the maximum; -ENOMEM. */
int text_append(struct text *t, const void *data, size_t size);
int text_appendf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int text_vappendf(struct text *t, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/*
 * Make foreign text safe to print: control characters (C0, DEL, C1), bytes that are not UTF-8 and
 * characters that reorder or hide text (bidi controls, zero width) become \xNN; a backslash stays.
 * At most @max columns are kept; what is cut ends in "...". Returns a pointer into a ring of 16
 * static buffers of 1 KiB each, for use as a printf argument; never NULL (@s NULL gives "-").
 */
const char *text_safe(const char *s);
/* As text_safe() for bytes that are not NUL-terminated. */
const char *text_safe_bytes(const char *s, size_t size);

/* "\040" and its like become the byte, in place: mountinfo and /proc/swaps write space, tab,
 * newline and backslash so (proc_pid_mountinfo(5)). */
void text_decode_octal(char *s);
/* Only zeros, or nothing at all. */
bool bytes_are_zero(const void *data, size_t size);

/* Append the safe form of @s to @t, without the 1 KiB limit. */
int text_append_safe(struct text *t, const char *s, size_t size);

/* "1.5 GiB", "20 GiB", "512 B": binary units, at most one decimal. @buf of 24 bytes is returned. */
char *text_bytes(unsigned long long bytes, char buf[24]);

/* "40 s", "27 min", "5 h": rounded down, in the largest unit that there are two of. */
char *text_duration(unsigned seconds, char buf[24]);

bool text_starts_with(const char *s, const char *prefix);
bool text_ends_with(const char *s, const char *suffix);
static inline bool text_is_empty(const char *s)
{
    return !s || !*s;
}
