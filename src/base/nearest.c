/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/nearest.h"

#include <string.h>

/* Longer words are not compared. */
#define LENGTH_MAX 31

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned d[LENGTH_MAX + 1][LENGTH_MAX + 1];

    if (n > LENGTH_MAX || m > LENGTH_MAX)
        return LENGTH_MAX;
    for (unsigned i = 0; i <= n; i++)
        d[i][0] = i;
    for (unsigned j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            d[i][j] = smaller(d[i - 1][j], d[i][j - 1]) + 1;
            d[i][j] = smaller(d[i][j], d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = smaller(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

const char *nearest_word(const char *typed, const char *const *words, size_t count)
{
    unsigned best = (unsigned)(strlen(typed) + 2) / 3 + 1;
    const char *nearest = NULL;

    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(typed, words[i]);

        if (d >= best || d >= strlen(words[i]))
            continue;
        best = d;
        nearest = words[i];
    }
    return nearest;
}
