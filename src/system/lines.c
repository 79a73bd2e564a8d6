/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/lines.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\f\v"

bool lines_next(struct lines *l, char line[LINES_WIDTH])
{
    const char *newline;
    size_t length;

    if (l->at >= l->end)
        return false;
    newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
    length = (size_t)((newline ? newline : l->end) - l->at);
    l->length = length;
    if (length >= LINES_WIDTH)
        length = LINES_WIDTH - 1;
    for (size_t i = 0; i < length; i++)
        line[i] = l->at[i] ? l->at[i] : '\x7f';
    line[length] = '\0';
    l->at = newline ? newline + 1 : l->end;
    l->number++;
    return true;
}

char *lines_strip(char *line)
{
    size_t length;

    for (char *c = line; *c; c++)
        if (*c == '#' && (c == line || strchr(BLANKS, c[-1]))) {
            *c = 0;
            break;
        }
    line += strspn(line, BLANKS);
    length = strlen(line);
    while (length > 0 && strchr(BLANKS, line[length - 1]))
        line[--length] = '\0';
    return line;
}

char *lines_word(char **at)
{
    char *word = *at + strspn(*at, BLANKS), *end = word + strcspn(word, BLANKS);

    if (!*word)
        return NULL;
    *at = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

char *lines_value(char *line, const char *key)
{
    size_t length = strlen(key);
    char *value = line + length;

    if (strncasecmp(line, key, length) != 0)
        return NULL;
    value += strspn(value, BLANKS);
    if (value == line + length && *value != '=')
        return NULL;
    if (*value == '=')
        value += 1 + strspn(value + 1, BLANKS);
    return value;
}
