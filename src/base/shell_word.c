/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/shell_word.h"

#include <stdio.h>
#include <string.h>

/* No shell does anything with these, wherever in a word they are. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "@%+=:,./_-";

/* Does all of it show? */
static bool is_safe(const char *s)
{
    _cleanup_text_ struct text t = TEXT_INIT(4 * strlen(s) + 1);

    return text_append_safe(&t, s, strlen(s)) == 0 && strcmp(t.data ? t.data : "", s) == 0;
}

int shell_word_append(struct text *t, const char *s)
{
    bool safe = is_safe(s);

    if (*s && s[strspn(s, plain)] == '\0')
        return text_append(t, s, strlen(s));
    (void)text_appendf(t, safe ? "'" : "$'");
    for (const char *c = s; *c; c++) {
        if (*c == '\'')
            (void)text_appendf(t, safe ? "'\\''" : "\\'");
        else if (!safe && *c == '\\')
            (void)text_append(t, "\\\\", 2);
        else if (!safe && ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f))
            (void)text_appendf(t, "\\%03o", (unsigned char)*c);
        else
            (void)text_append(t, c, 1);
    }
    return text_append(t, "'", 1);
}

const char *shell_word(const char *s)
{
    static char ring[16][1024];
    static unsigned turn;
    char *out = ring[turn++ % 16];
    _cleanup_text_ struct text t = TEXT_INIT(sizeof ring[0] - 8);

    (void)shell_word_append(&t, s);
    /* What was cut may end within a character. */
    snprintf(out, sizeof ring[0], "%s%s", t.failed ? text_safe(t.data) : t.data,
             t.failed ? "..." : "");
    return out;
}
