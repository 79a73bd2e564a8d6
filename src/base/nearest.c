/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/nearest.h"

#include <limits.h>
#include <string.h>

/* Longer words are not compared: names of units have at most that many (UNIT_NAME_MAX). */
#define LENGTH_MAX 255

/* No distance at all. */
#define TOO_FAR UINT_MAX

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Of the table of distances between all beginnings only three rows are needed at a time. */
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned rows[3][LENGTH_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];

    if (n > LENGTH_MAX || m > LENGTH_MAX)
        return TOO_FAR;
    for (unsigned j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *oldest = before;

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = smaller(last[j], row[j - 1]) + 1;
            row[j] = smaller(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = oldest;
    }
    return last[m];
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
