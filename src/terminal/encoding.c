/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/encoding.h"

#include <stddef.h>
#include <stdlib.h>
#include <strings.h>
#include <termios.h>

/* The first of these that is set decides (setlocale(3), locale(7)). */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]), *codeset;

        if (!value || !*value)
            continue;
        for (codeset = value; *codeset && *codeset != '.'; codeset++)
            ;
        return strncasecmp(codeset, ".UTF-8", 6) == 0 || strncasecmp(codeset, ".utf8", 5) == 0;
    }
    return false;
}

/* Terminal emulators, agetty(8), the kernel's console and sshd (RFC 8160) mark a terminal of UTF-8,
 * so that erasing works on it (termios(3), IUTF8). Where that is missing the locale is asked. */
bool terminal_reads_utf8(int fd)
{
    struct termios t;

    return tcgetattr(fd, &t) == 0 && ((t.c_iflag & IUTF8) || locale_is_utf8());
}
