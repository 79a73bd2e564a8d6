/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/os_release.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* One shell word: quotes, backslashes; up to the end of the line. Returns its length. */
static size_t unquote(const char *s, char *ret, size_t size)
{
    size_t used = 0;
    char quote = '\0';

    for (; *s && *s != '\n'; s++) {
        if (*s == '\\' && quote != '\'' && s[1] && s[1] != '\n') {
            s++;
        } else if (quote ? *s == quote : *s == '"' || *s == '\'') {
            quote = quote ? '\0' : *s;
            continue;
        } else if (!quote && (*s == ' ' || *s == '\t' || *s == '\r')) {
            break;
        }
        if (used + 1 < size)
            ret[used++] = *s;
    }
    ret[used] = '\0';
    return used;
}

int os_release_get(const char *text, const char *key, char *ret, size_t size)
{
    const size_t length = strlen(key);
    bool found = false;

    while (*text) {
        const char *next = strchrnul(text, '\n');

        text += strspn(text, " \t");
        if (strncmp(text, key, length) == 0 && text[length] == '=') {
            (void)unquote(text + length + 1, ret, size);
            found = true;
        }
        text = *next ? next + 1 : next;
    }
    return found ? 0 : -ENOENT;
}
