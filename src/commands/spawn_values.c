/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/spawn_values.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int spawn_read_bool(const char *value, bool *ret)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"1", true},  {"yes", true},    {"y", true},  {"true", true},
                 {"t", true},  {"on", true},     {"0", false}, {"no", false},
                 {"n", false}, {"false", false}, {"f", false}, {"off", false}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(value, words[i].word) == 0) {
            *ret = words[i].value;
            return 0;
        }
    return -EINVAL;
}

bool spawn_is_hostname(const char *s)
{
    size_t length = strlen(s);

    if (!length || length > 64 || s[0] == '-' || s[0] == '.')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("-._", *s))
            return false;
    return true;
}

int spawn_read_uuid(const char *value, char ret[static 37])
{
    char hex[33] = "";
    size_t used = 0;

    for (const char *c = value; *c; c++) {
        if (*c == '-')
            continue;
        if (!isxdigit((unsigned char)*c) || used == 32)
            return -EINVAL;
        hex[used++] = (char)tolower((unsigned char)*c);
    }
    if (used != 32 || strspn(hex, "0") == 32)
        return -EINVAL;
    snprintf(ret, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return 0;
}

int spawn_signal_from_name(const char *value)
{
    const char *name = strncasecmp(value, "SIG", 3) == 0 ? value + 3 : value;
    char *end;
    long n = strtol(name, &end, 10);

    if (*name && !*end)
        return n > 0 && n < NSIG ? (int)n : -EINVAL;
    if (strncasecmp(name, "RTMIN+", 6) == 0) {
        n = strtol(name + 6, &end, 10);
        return name[6] && !*end && n >= 0 && SIGRTMIN + n <= SIGRTMAX ? (int)(SIGRTMIN + n)
                                                                      : -EINVAL;
    }
    for (int i = 1; i < NSIG; i++)
        if (sigabbrev_np(i) && strcasecmp(name, sigabbrev_np(i)) == 0)
            return i;
    return -EINVAL;
}

char *spawn_next_field(char **rest)
{
    char *start = *rest, *in = start, *out = start;

    if (!start)
        return NULL;
    while (*in && *in != ':') {
        if (in[0] == '\\' && in[1] == ':')
            in++;
        *out++ = *in++;
    }
    *rest = *in ? in + 1 : NULL;
    *out = '\0';
    return start;
}

/* A number of exactly @digits digits to the base of 8 or 16 at @text; -EINVAL. */
static int read_code(const char *text, int digits, int base)
{
    char copy[4] = "", *end;
    long value;

    if (strnlen(text, (size_t)digits) < (size_t)digits || !isxdigit((unsigned char)text[0]))
        return -EINVAL;
    memcpy(copy, text, (size_t)digits);
    value = strtol(copy, &end, base);
    return *end || value > 255 ? -EINVAL : (int)value;
}

ssize_t spawn_unescape(char *text)
{
    static const char letters[] = "abfnrtv\\\"'", bytes[] = "\a\b\f\n\r\t\v\\\"'";
    char *out = text;

    for (const char *in = text; *in; in++) {
        const char *letter;
        int code;

        if (*in != '\\') {
            *out++ = *in;
            continue;
        }
        in++;
        letter = *in ? strchr(letters, *in) : NULL;
        if (letter) {
            *out++ = bytes[letter - letters];
            continue;
        }
        code = *in == 'x' ? read_code(in + 1, 2, 16) : read_code(in, 3, 8);
        if (code < 0)
            return code;
        in += 2;
        *out++ = (char)code;
    }
    *out = '\0';
    return out - text;
}
