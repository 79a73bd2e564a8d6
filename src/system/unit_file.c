/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/unit_file.h"

#include "base/text.h"
#include "system/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r"

static void trim_end(char *s)
{
    size_t length = strlen(s);

    while (length > 0 && strchr(BLANKS, s[length - 1]))
        s[--length] = '\0';
}

/* The next line with what goes on behind backslashes joined to it by a blank; comments between
 * them are passed over. *ret_line is where it begins. */
static bool next_joined(struct lines *l, char out[LINES_WIDTH], unsigned *ret_line)
{
    char line[LINES_WIDTH];
    size_t used = 0;

    *ret_line = 0;
    while (lines_next(l, line)) {
        const char *at = line + strspn(line, BLANKS);
        bool more;
        size_t length;

        trim_end(line);
        if (*at == '#' || *at == ';')
            continue;
        if (!*ret_line)
            *ret_line = l->number;
        length = strlen(at);
        more = length > 0 && at[length - 1] == '\\';
        length -= more;
        if (length > LINES_WIDTH - 2 - used)
            length = LINES_WIDTH - 2 - used;
        memcpy(out + used, at, length);
        used += length;
        if (!more)
            break;
        out[used++] = ' ';
        if (used == LINES_WIDTH - 1)
            break;
    }
    out[used] = '\0';
    return *ret_line != 0;
}

/* "[Mount]" */
static bool is_section(const char *line, const char *section)
{
    size_t length = strlen(section);

    return line[0] == '[' && strncmp(line + 1, section, length) == 0 && line[1 + length] == ']';
}

/* The value behind "Key =", or NULL. */
static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);

    if (strncmp(line, key, length) != 0)
        return NULL;
    line += length;
    line += strspn(line, BLANKS);
    if (*line != '=')
        return NULL;
    line++;
    return line + strspn(line, BLANKS);
}

int unit_file_get(const char *data, size_t size, const char *section, const char *key, char *ret,
                  size_t ret_size, unsigned *ret_line)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    bool inside = false;
    unsigned number;
    int r = -ENOENT;

    while (next_joined(&l, line, &number)) {
        const char *value = inside ? value_of(line, key) : NULL;

        trim_end(line);
        if (line[0] == '[')
            inside = is_section(line, section);
        if (!value)
            continue;
        if (strlen(value) >= ret_size)
            return -ENAMETOOLONG;
        snprintf(ret, ret_size, "%s", value);
        r = 0;
        if (ret_line)
            *ret_line = number;
    }
    return r;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '.';
}

int unit_name_from_path(const char *path, const char *suffix, char *ret, size_t size)
{
    _cleanup_text_ struct text t = TEXT_INIT(size ? size - 1 : 0);

    if (path[0] != '/')
        return -EINVAL;
    for (const char *at = path; *at; at++) {
        if (*at == '/') { /* several are one, and none is at the ends */
            at += strspn(at, "/") - 1;
            if (t.size && at[1])
                (void)text_append(&t, "-", 1);
        } else if (!is_plain(*at) || (*at == '.' && !t.size)) {
            (void)text_appendf(&t, "\\x%02x", (unsigned)(unsigned char)*at);
        } else {
            (void)text_append(&t, at, 1);
        }
    }
    if (!t.size)
        (void)text_append(&t, "-", 1);
    (void)text_append(&t, suffix, strlen(suffix));
    if (t.failed)
        return -ENAMETOOLONG;
    memcpy(ret, t.data, t.size + 1);
    return 0;
}
