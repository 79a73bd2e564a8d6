/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/regex_bound.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Nodes that an expression may be written out to (posix/regcomp.c of glibc, duplicate_tree()): four
 * times what the longest one that is looked at has without repetitions. */
#define NODES_MAX  2000
#define GROUPS_MAX 32

struct count {
    unsigned long total, last; /* of this group so far; of what a repetition would repeat */
};

/* Past a bracket expression: "]" may be its first member, "[:alpha:]" is one. */
static const char *skip_bracket(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    if (*p == ']')
        p++;
    while (*p && *p != ']') {
        if (*p == '[' && p[1] && strchr(":.=", p[1])) {
            const char *end = strchr(p + 2, ']');

            if (!end)
                return p + strlen(p);
            p = end;
        }
        p++;
    }
    return *p ? p + 1 : p;
}

/* How often "{2,5}" at @p repeats; @ret_end: past it. */
static unsigned long repetitions(const char *p, const char **ret_end)
{
    char *end;
    unsigned long from = strtoul(p + 1, &end, 10), to = from;

    if (*end == ',')
        to = isdigit((unsigned char)end[1]) ? strtoul(end + 1, &end, 10) : (end++, from + 1);
    *ret_end = *end == '}' ? end + 1 : end;
    return to > from ? to : from;
}

static void add(struct count *c, unsigned long nodes)
{
    c->last = nodes;
    c->total += nodes;
}

/* A repetition of nothing is taken for a character. */
static bool repeat(struct count *c, unsigned long times)
{
    if (c->last == 0)
        add(c, 1);
    if (times > NODES_MAX || c->last * times > NODES_MAX)
        return false;
    c->total += c->last * times - (times ? c->last : 0);
    c->last *= times ? times : 1;
    return c->total <= NODES_MAX;
}

bool regex_is_bounded(const char *pattern)
{
    struct count stack[GROUPS_MAX] = {0}, *c = stack;
    const char *p = pattern;

    while (*p) {
        switch (*p) {
        case '\\':
            if (isdigit((unsigned char)p[1]))
                return false;
            add(c, 1);
            p += p[1] ? 2 : 1;
            continue;
        case '[':
            add(c, 1);
            p = skip_bracket(p);
            continue;
        case '(':
            if (c == stack + GROUPS_MAX - 1)
                return false;
            *++c = (struct count){0};
            break;
        case ')':
            if (c > stack) {
                unsigned long nodes = c->total + 1;

                add(--c, nodes);
            }
            break;
        case '+':
            if (!repeat(c, 2))
                return false;
            break;
        case '{':
            if (!isdigit((unsigned char)p[1])) {
                add(c, 1);
                break;
            }
            if (!repeat(c, repetitions(p, &p)))
                return false;
            continue;
        case '*':
        case '?':
            (void)repeat(c, 1);
            break;
        default:
            add(c, 1);
        }
        if (c->total > NODES_MAX)
            return false;
        p++;
    }
    return true;
}
