/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/width.h"

#include <locale.h>
#include <wchar.h>

/*
 * mbrtowc(3) and wcwidth(3) follow the thread's locale. Under LC_ALL=C, which is what rescue
 * systems often have, they would call every character beyond ASCII an error; terminals are UTF-8
 * all the same. glibc has C.UTF-8 built in since 2.35 and distributions carry it longer.
 */
locale_t width_utf8_locale(void)
{
    static locale_t locale = (locale_t)0;

    if (!locale)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return locale;
}

size_t width_next(const char *s, size_t size, unsigned *ret_columns)
{
    locale_t locale, old;
    mbstate_t state = {0};
    wchar_t c = 0;
    size_t n;
    int columns;

    if (size == 0)
        return 0;
    *ret_columns = 1;
    if ((unsigned char)*s < 0x80)
        return 1;
    locale = width_utf8_locale();
    if (!locale)
        return 1;
    old = uselocale(locale);
    n = mbrtowc(&c, s, size, &state);
    columns = n > 0 && n <= size ? wcwidth(c) : 1;
    (void)uselocale(old);
    if (n == 0 || n > size)
        return 1;
    if (columns >= 0)
        *ret_columns = (unsigned)columns;
    return n;
}

unsigned width_of(const char *s, size_t size)
{
    unsigned total = 0, columns = 0;

    for (size_t at = 0; at < size; total += columns)
        at += width_next(s + at, size - at, &columns);
    return total;
}

size_t width_fit(const char *s, size_t size, unsigned columns)
{
    size_t at = 0;

    while (at < size) {
        unsigned wide = 0;
        size_t n = width_next(s + at, size - at, &wide);

        if (wide > columns)
            break;
        columns -= wide;
        at += n;
    }
    return at;
}
