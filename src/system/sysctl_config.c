/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/sysctl_config.h"

#include "system/lines.h"

#include <string.h>

#define BLANKS " \t\r"

static bool copy(const char *from, size_t size, char *ret, size_t ret_size)
{
    while (size > 0 && strchr(BLANKS, from[size - 1]))
        size--;
    if (size >= ret_size)
        return false;
    memcpy(ret, from, size);
    ret[size] = '\0';
    return true;
}

/* "kernel.panic = 1" and "kernel/panic=1" are the same; names with dots in a part of theirs are
 * written with slashes ("net/ipv4/conf/eth0.1/...") and mean nothing here. */
static bool parse(const char *line, struct sysctl_line *ret)
{
    const char *equals;

    line += strspn(line, BLANKS);
    if (*line == '#' || *line == ';')
        return false;
    line += *line == '-'; /* failures do not count */
    equals = strchr(line, '=');
    if (!equals || !copy(line, (size_t)(equals - line), ret->name, sizeof ret->name))
        return false;
    equals++;
    equals += strspn(equals, BLANKS);
    if (!copy(equals, strlen(equals), ret->value, sizeof ret->value))
        return false;
    for (char *c = ret->name; *c; c++)
        *c = *c == '/' ? '.' : *c;
    return ret->name[0] != '\0';
}

bool sysctl_next(struct sysctl_walk *w, struct sysctl_line *ret)
{
    struct lines l = {.at = w->at, .end = w->end, .number = w->line};
    char line[LINES_WIDTH];
    bool found = false;

    while (!found && lines_next(&l, line)) {
        ret->line = l.number;
        found = parse(line, ret);
    }
    w->at = l.at;
    w->line = l.number;
    return found;
}
