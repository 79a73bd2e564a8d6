/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/multipath.h"

#include "system/lines.h"

#include <string.h>

/* What stands between the name of a disk and the number of its partition (kpartx(8), -p; udev's
 * rules of multipath-tools). */
static const char *const delimiters[] = {"-part", "p", ""};

static bool is_digits(const char *s)
{
    return *s && s[strspn(s, "0123456789")] == '\0';
}

/* Is @name the disk @alias, or a partition of it? */
static bool is_of(const char *name, const char *alias)
{
    size_t length = strlen(alias);

    if (length == 0 || strncmp(name, alias, length) != 0)
        return false;
    if (!name[length])
        return true;
    for (size_t i = 0; i < sizeof delimiters / sizeof delimiters[0]; i++) {
        size_t used = strlen(delimiters[i]);

        if (strncmp(name + length, delimiters[i], used) == 0 && is_digits(name + length + used))
            return true;
    }
    return false;
}

/* The value of a keyword may be quoted. */
static char *unquote(char *word)
{
    size_t length = strlen(word);

    if (word[0] != '"' || length < 2)
        return word;
    if (word[length - 1] == '"')
        word[length - 1] = '\0';
    return word + 1;
}

bool multipath_knows(const char *bindings, size_t bindings_size, const char *config,
                     size_t config_size, const char *name)
{
    struct lines l = LINES_OF(bindings, bindings_size);
    char line[LINES_WIDTH];

    while (lines_next(&l, line)) {
        char *at = lines_strip(line), *alias = lines_word(&at);

        if (alias && lines_word(&at) && is_of(name, alias))
            return true;
    }
    l = LINES_OF(config, config_size);
    while (lines_next(&l, line)) {
        char *at = lines_strip(line);

        /* "multipath { wwid x alias y }" may be one line. */
        for (char *word = lines_word(&at); word; word = lines_word(&at)) {
            char *value = strcmp(word, "alias") == 0 ? lines_word(&at) : NULL;

            if (value && is_of(name, unquote(value)))
                return true;
        }
    }
    return false;
}
