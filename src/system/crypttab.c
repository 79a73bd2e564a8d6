/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/crypttab.h"

#include "base/fd.h"
#include "base/text.h"
#include "system/option_list.h"

#include <string.h>

/* The next word of [*at, end), without a NUL in it: where it begins, *ret_size 0 when there is none.
 */
static const char *next_word(const char **at, const char *end, size_t *ret_size)
{
    const char *start;

    while (*at < end && (**at == ' ' || **at == '\t'))
        (*at)++;
    start = *at;
    while (*at < end && **at != ' ' && **at != '\t' && **at != '\0')
        (*at)++;
    *ret_size = (size_t)(*at - start);
    return start;
}

/* The same, copied. False when there is none, or it is too long. */
static bool take_word(const char **at, const char *end, char *ret, size_t size)
{
    size_t length;
    const char *start = next_word(at, end, &length);

    if (length == 0 || length >= size)
        return false;
    memcpy(ret, start, length);
    ret[length] = '\0';
    return true;
}

/* dm-ioctl and /dev/mapper take no other. */
static bool is_mapping_name(const char *name)
{
    return !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strcmp(name, "control") != 0;
}

static bool parse_line(const char *at, const char *end, struct crypttab_entry *ret)
{
    struct crypttab_entry entry = {.line = ret->line};
    _cleanup_free_ char *options = NULL;
    const char *start;
    size_t length;

    if (!take_word(&at, end, entry.name, sizeof entry.name) || entry.name[0] == '#' ||
        !is_mapping_name(entry.name) || !take_word(&at, end, entry.source, sizeof entry.source))
        return false;
    /* "none" and "-" ask for a passphrase; a device as a key is random data for swap;
     * "path:UUID=..." is a key on another device. No file has a name that is too long for .key. */
    if (take_word(&at, end, entry.key, sizeof entry.key) &&
        (entry.key[0] != '/' || text_starts_with(entry.key, "/dev/") || strchr(entry.key, ':')))
        entry.key[0] = '\0';
    start = next_word(&at, end, &length);
    options = length ? strndup(start, length) : NULL;
    if (options) {
        entry.noauto = option_list_says(options, "noauto", "auto");
        entry.nofail = option_list_says(options, "nofail", "fail");
    }
    *ret = entry;
    return true;
}

unsigned crypttab_parse(const char *data, size_t size, struct crypttab_entry *ret, unsigned max)
{
    const char *end = data + size;
    unsigned count = 0, line = 0;

    while (data < end && count < max) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *stop = newline ? newline : end;

        ret[count].line = ++line;
        count += parse_line(data, stop, &ret[count]);
        data = newline ? newline + 1 : end;
    }
    return count;
}
