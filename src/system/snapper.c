/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/snapper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *entity;
    char c;
} entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}};

/* Length of the entity at @s, with its character in *c; 0 when there is none. */
static size_t entity_at(const char *s, char *c)
{
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        if (strncmp(s, entities[i].entity, strlen(entities[i].entity)) == 0) {
            *c = entities[i].c;
            return strlen(entities[i].entity);
        }
    return 0;
}

int snapper_info_get(const char *text, const char *name, char *ret, size_t size)
{
    char tag[64];
    const char *start, *end;
    size_t used = 0;

    snprintf(tag, sizeof tag, "<%s>", name);
    start = strstr(text, tag);
    if (!start)
        return -ENOENT;
    start += strlen(tag);
    end = strchr(start, '<');
    if (!end)
        return -ENOENT;
    while (start < end && used + 1 < size) {
        char c = *start;
        size_t skip = c == '&' ? entity_at(start, &c) : 0;

        ret[used++] = c;
        start += skip ? skip : 1;
    }
    ret[used] = '\0';
    return 0;
}
