/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/mdadm_config.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool mdadm_uuid_digits(const char *uuid, char ret[static 33])
{
    unsigned n = 0;

    for (; *uuid; uuid++) {
        if (!isxdigit((unsigned char)*uuid)) {
            if (*uuid != ':' && *uuid != '-' && *uuid != '.')
                return false;
            continue;
        }
        if (n == 32)
            return false;
        ret[n++] = (char)tolower((unsigned char)*uuid);
    }
    ret[n] = '\0';
    return n == 32;
}

/* conf_word() of mdadm: a quote may stand anywhere in a word and takes blanks into it; "#" begins a
 * comment where a word could begin. */
static bool next_word(const char **at, const char *end, char *ret, size_t size)
{
    size_t used = 0;
    char quote = 0;

    while (*at < end && (**at == ' ' || **at == '\t' || **at == '\0'))
        (*at)++;
    if (*at == end || **at == '#')
        return false;
    for (; *at < end && (quote || (**at != ' ' && **at != '\t' && **at != '\0')); (*at)++) {
        if (quote ? **at == quote : **at == '"' || **at == '\'')
            quote = quote ? 0 : **at;
        else if (used + 1 < size)
            ret[used++] = **at;
    }
    ret[used] = '\0';
    return true;
}

static void take_word(struct mdadm_array *a, const char *word)
{
    if (!strchr(word, '=')) {
        if (!a->device[0])
            snprintf(a->device, sizeof a->device, "%.63s", word);
    } else if (strncasecmp(word, "uuid=", 5) == 0 && !mdadm_uuid_digits(word + 5, a->uuid)) {
        a->uuid[0] = '\0';
    }
}

unsigned mdadm_config_arrays(const char *data, size_t size, struct mdadm_array *ret, unsigned max)
{
    const char *end = data + size;
    struct mdadm_array *array = NULL; /* of the line that may go on */
    unsigned count = 0;

    for (unsigned line = 1; data < end; line++) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *stop = newline ? newline : end, *at = data;
        bool goes_on = at < stop && (*at == ' ' || *at == '\t');
        char word[256];

        if (!goes_on) {
            array = NULL;
            /* The keywords may be cut short to three letters. */
            if (next_word(&at, stop, word, sizeof word) && strlen(word) >= 3 &&
                strncasecmp("array", word, strlen(word)) == 0) {
                if (count == max)
                    break;
                array = &ret[count++];
                *array = (struct mdadm_array){.line = line};
            }
        }
        while (array && next_word(&at, stop, word, sizeof word))
            take_word(array, word);
        data = newline ? newline + 1 : end;
    }
    return count;
}
