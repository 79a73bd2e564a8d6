/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/option_list.h"

#include <stddef.h>
#include <string.h>

static size_t word_length(const char *at)
{
    size_t length = 0;

    for (bool quoted = false; at[length] && (quoted || at[length] != ','); length++)
        if (at[length] == '"')
            quoted = !quoted;
    return length;
}

static bool is_word(const char *at, size_t length, const char *word)
{
    return word && strlen(word) == length && memcmp(at, word, length) == 0;
}

bool option_list_says(const char *options, const char *yes, const char *no)
{
    bool said = false;

    while (*options) {
        size_t length = word_length(options);

        if (is_word(options, length, yes))
            said = true;
        else if (is_word(options, length, no))
            said = false;
        options += length + (options[length] == ',');
    }
    return said;
}
