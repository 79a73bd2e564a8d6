/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(struct text *t)
{
    free(t->data);
    *t = TEXT_INIT(t->max);
}

static int reserve(struct text *t, size_t more)
{
    size_t room;
    char *grown;

    if (t->failed)
        return t->failed;
    if (more > t->max || t->size > t->max - more)
        return t->failed = -E2BIG;
    if (t->size + more < t->room)
        return 0;
    room = t->room ? t->room : 64;
    while (room <= t->size + more)
        room *= 2;
    grown = realloc(t->data, room);
    if (!grown)
        return t->failed = -ENOMEM;
    t->data = grown;
    t->room = room;
    return 0;
}

int text_append(struct text *t, const void *data, size_t size)
{
    int r = reserve(t, size);

    if (r < 0)
        return r;
    memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = '\0';
    return 0;
}

int text_vappendf(struct text *t, const char *fmt, va_list ap)
{
    va_list again;
    int n, r;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return t->failed = -EINVAL;
    r = reserve(t, (size_t)n);
    if (r < 0)
        return r;
    vsnprintf(t->data + t->size, (size_t)n + 1, fmt, ap);
    t->size += (size_t)n;
    return 0;
}

int text_appendf(struct text *t, const char *fmt, ...)
{
    va_list ap;
    int r;

    va_start(ap, fmt);
    r = text_vappendf(t, fmt, ap);
    va_end(ap);
    return r;
}

/* Length of the UTF-8 sequence at @s (RFC 3629: no overlong forms, no surrogates), 0 when there is
 * none. */
static size_t utf8_decode(const unsigned char *s, size_t size, uint32_t *ret_char)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80   ? 1
                 : s[0] < 0xc2 ? 0
                 : s[0] < 0xe0 ? 2
                 : s[0] < 0xf0 ? 3
                 : s[0] < 0xf5 ? 4
                               : 0;
    uint32_t c;

    if (len == 0 || len > size)
        return 0;
    if (len == 1) {
        *ret_char = s[0];
        return 1;
    }
    c = s[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret_char = c;
    return len;
}

static bool is_printable(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return false;
    /* Soft hyphen, zero width, line separators, bidi embedding, override and isolate, byte order
     * mark, interlinear annotation, tags: they hide or reorder what a person reads. */
    return !(c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
             (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
             (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff));
}

int text_append_safe(struct text *t, const char *s, size_t size)
{
    const unsigned char *p = (const unsigned char *)s;

    while (size > 0 && !t->failed) {
        uint32_t c = 0;
        size_t len = utf8_decode(p, size, &c);

        if (len > 0 && is_printable(c)) {
            text_append(t, p, len);
        } else {
            if (len == 0)
                len = 1;
            for (size_t i = 0; i < len; i++)
                text_appendf(t, "\\x%02x", p[i]);
        }
        p += len;
        size -= len;
    }
    return t->failed;
}

const char *text_safe_bytes(const char *s, size_t size)
{
    static char ring[16][1024];
    static unsigned turn;
    char *out = ring[turn++ % 16];
    _cleanup_text_ struct text t = TEXT_INIT(sizeof ring[0] - 8);

    (void)text_append_safe(&t, s, size);
    snprintf(out, sizeof ring[0], "%s%s", t.data ? t.data : "", t.failed ? "..." : "");
    return out;
}

const char *text_safe(const char *s)
{
    return s ? text_safe_bytes(s, strnlen(s, 4096)) : "-";
}

char *text_bytes(unsigned long long bytes, char buf[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned long long whole = bytes, tenths = 0;
    size_t unit = 0;

    while (whole >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit++;
    }
    if (tenths > 0 && whole < 100)
        snprintf(buf, 24, "%llu.%llu %s", whole, tenths, units[unit]);
    else
        snprintf(buf, 24, "%llu %s", whole, units[unit]);
    return buf;
}

char *text_duration(unsigned seconds, char buf[24])
{
    if (seconds >= 2 * 3600)
        snprintf(buf, 24, "%u h", seconds / 3600);
    else if (seconds >= 2 * 60)
        snprintf(buf, 24, "%u min", seconds / 60);
    else
        snprintf(buf, 24, "%u s", seconds);
    return buf;
}

bool text_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *s, const char *suffix)
{
    size_t a = strlen(s), b = strlen(suffix);

    return a >= b && strcmp(s + a - b, suffix) == 0;
}

void text_decode_octal(char *s)
{
    char *out = s;

    for (; *s; s++) {
        if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
            s[3] >= '0' && s[3] <= '7') {
            *out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
            s += 3;
        } else {
            *out++ = *s;
        }
    }
    *out = '\0';
}

bool bytes_are_zero(const void *data, size_t size)
{
    const char *bytes = data;

    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}
