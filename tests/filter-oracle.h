/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What may come out of the console filter, said a second time and in another way, for the unit
 * tests and the fuzzer: a list of shapes, matched against the output from its first byte to its
 * last.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* '*': numbers with ; between them, or none. '+': the same with : too. '~': nothing, or 0 to 2. */
static const char *const oracle_shapes[] = {
    "\033D",   "\033E",   "\033M",   "\0337",   "\0338",   "\033=",   "\033>",   "\033(B",
    "\033(0",  "\033)B",  "\033)0",  "\033[+m", "\033[*A", "\033[*B", "\033[*C", "\033[*D",
    "\033[*E", "\033[*F", "\033[*G", "\033[*H", "\033[*I", "\033[*Z", "\033[*`", "\033[*a",
    "\033[*d", "\033[*e", "\033[*f", "\033[s",  "\033[u",  "\033[*K", "\033[*L", "\033[*M",
    "\033[*P", "\033[*S", "\033[*T", "\033[*X", "\033[*@", "\033[*b", "\033[*r", "\033[~J",
};

static const unsigned oracle_modes[] = {1,    5,    7,    12,   25,   47,  1000,
                                        1002, 1006, 1047, 1048, 1049, 2004};

static inline size_t oracle_digits(const char *s, size_t size)
{
    size_t n = 0;

    while (n < size && s[n] >= '0' && s[n] <= '9')
        n++;
    return n;
}

/* The length of the numbers at @s; larger than @size when one is too long. */
static inline size_t oracle_numbers(const char *s, size_t size, bool colons)
{
    for (size_t at = 0;;) {
        size_t digits = oracle_digits(s + at, size - at);

        if (digits > 4)
            return size + 1;
        at += digits;
        if (at == size || (s[at] != ';' && (!colons || s[at] != ':')))
            return at;
        at++;
    }
}

/* ESC [ and what follows: modes of the list (without a question mark: 4), then h or l. 0: it is not
 * so. */
static inline size_t oracle_mode(const char *s, size_t size)
{
    bool dec = size > 2 && s[2] == '?';

    for (size_t at = 2 + (size_t)dec;;) {
        size_t digits = oracle_digits(s + at, size - at);
        unsigned number = 0;
        bool known;

        if (digits == 0 || digits > 4)
            return 0;
        for (size_t i = 0; i < digits; i++)
            number = number * 10 + (unsigned)(s[at + i] - '0');
        known = !dec && number == 4;
        for (size_t i = 0; dec && i < sizeof oracle_modes / sizeof oracle_modes[0]; i++)
            known |= oracle_modes[i] == number;
        at += digits;
        if (!known || at == size)
            return 0;
        if (s[at] == 'h' || s[at] == 'l')
            return at + 1;
        if (s[at++] != ';')
            return 0;
    }
}

static inline size_t oracle_shape(const char *shape, const char *s, size_t size)
{
    size_t at = 0;

    for (; *shape; shape++) {
        if (*shape == '*' || *shape == '+') {
            at += oracle_numbers(s + at, size - at, *shape == '+');
            if (at > size)
                return 0;
        } else if (*shape == '~') {
            while (at < size && at < 5 && s[at] == '0')
                at++;
            at += at < size && at < 6 && (s[at] == '1' || s[at] == '2');
        } else if (at < size && s[at] == *shape) {
            at++;
        } else {
            return 0;
        }
    }
    return at;
}

/* The length of one character of printable UTF-8 at @s; 0: it is none. */
static inline size_t oracle_character(const char *s, size_t size)
{
    unsigned char c = (unsigned char)s[0];
    size_t length = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 0;
    unsigned long code = length == 1 ? c : c & (0x7fu >> length);

    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | ((unsigned char)s[i] & 0x3f);
    }
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000) ||
        code > 0x10ffff || (length == 2 && code < 0x80) || (length == 3 && code < 0x800) ||
        (length == 4 && code < 0x10000))
        return 0;
    return length;
}

/* Is all of @s allowed? */
static inline bool oracle_allows(const char *s, size_t size, bool utf8)
{
    for (size_t at = 0; at < size;) {
        size_t n = 0;

        if (s[at] >= '\a' && s[at] <= '\017')
            n = 1;
        else if (s[at] != '\033')
            n = oracle_character(s + at, size - at);
        for (size_t i = 0; n == 0 && i < sizeof oracle_shapes / sizeof oracle_shapes[0]; i++)
            n = oracle_shape(oracle_shapes[i], s + at, size - at);
        if (n == 0 && size - at > 2 && memcmp(s + at, "\033[", 2) == 0)
            n = oracle_mode(s + at, size - at);
        if (n == 0 || (!utf8 && n > 1 && s[at] != '\033'))
            return false;
        at += n;
    }
    return true;
}
