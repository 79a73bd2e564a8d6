/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/fstab_edit.h"

#include <string.h>

#define BLANK " \t"

/* fstab(5): what a line means that ends before the field. */
static const char *const defaults[] = {
    [FSTAB_SOURCE] = "none",      [FSTAB_TARGET] = "none", [FSTAB_TYPE] = "auto",
    [FSTAB_OPTIONS] = "defaults", [FSTAB_FREQ] = "0",      [FSTAB_PASSNO] = "0",
};

/* Where @field is in @line: its start and length; length 0 at the end of what the line has. Returns
 * how many fields are there, up to and with this one. */
static unsigned find_field(const char *line, unsigned field, size_t *ret_start, size_t *ret_length)
{
    size_t at = 0, length = 0, end = strlen(line);

    /* Of a line end of another system; elsewhere a carriage return is a part of a word, to
     * getmntent(3) and libmount. */
    while (end > 0 && (line[end - 1] == '\r' || line[end - 1] == ' ' || line[end - 1] == '\t'))
        end--;
    for (unsigned n = 0;; n++) {
        size_t blank = strspn(line + at, BLANK);

        if (at + blank >= end || line[at + blank] == '#') {
            *ret_start = at;
            *ret_length = 0;
            return n;
        }
        at += blank;
        length = strcspn(line + at, BLANK);
        length = length < end - at ? length : end - at;
        if (n == field) {
            *ret_start = at;
            *ret_length = length;
            return n + 1;
        }
        at += length;
    }
}

size_t fstab_edit_find(const char *line, unsigned field, const char **ret)
{
    size_t start, length;

    (void)find_field(line, field, &start, &length);
    *ret = line + start;
    return length;
}

int fstab_edit_field(const char *line, enum fstab_field field, const char *value, struct text *out)
{
    size_t start, length;
    unsigned have = find_field(line, field, &start, &length);

    (void)text_append(out, line, start);
    if (length == 0) {
        for (; have < (unsigned)field; have++)
            (void)text_appendf(out, " %s", defaults[have]);
        (void)text_append(out, " ", 1);
    }
    (void)text_append(out, value, strlen(value));
    return text_append(out, line + start + length, strlen(line + start + length));
}

/* Is an option of that name in the list? */
static bool has_option(const char *list, size_t size, const char *name, size_t name_size)
{
    while (size > 0) {
        const char *comma = memchr(list, ',', size);
        size_t length = comma ? (size_t)(comma - list) : size;

        if (length >= name_size && memcmp(list, name, name_size) == 0 &&
            (length == name_size || list[name_size] == '='))
            return true;
        size -= length + (comma ? 1 : 0);
        list += length + 1;
    }
    return false;
}

int fstab_edit_add_options(const char *line, const char *options, struct text *out)
{
    _cleanup_text_ struct text value = TEXT_INIT(8192);
    size_t start, length;

    (void)find_field(line, FSTAB_OPTIONS, &start, &length);
    if (length)
        (void)text_append(&value, line + start, length);
    else
        (void)text_appendf(&value, "%s", defaults[FSTAB_OPTIONS]);
    while (*options) {
        size_t size = strcspn(options, ","), name = 0;

        while (name < size && options[name] != '=')
            name++;
        if (!has_option(line + start, length, options, name)) {
            (void)text_append(&value, ",", 1);
            (void)text_append(&value, options, size);
        }
        options += size + (options[size] == ',');
    }
    return value.failed ? value.failed : fstab_edit_field(line, FSTAB_OPTIONS, value.data, out);
}

int fstab_edit_replace_option(const char *line, const char *name, const char *with,
                              struct text *out)
{
    _cleanup_text_ struct text value = TEXT_INIT(8192);
    const char *options;
    size_t left = fstab_edit_find(line, FSTAB_OPTIONS, &options);

    if (with && has_option(options, left, with, strlen(with)))
        with = NULL;
    while (left > 0) {
        const char *comma = memchr(options, ',', left);
        size_t length = comma ? (size_t)(comma - options) : left;

        if (!has_option(options, length, name, strlen(name))) {
            (void)text_append(&value, ",", value.size ? 1 : 0);
            (void)text_append(&value, options, length);
        } else if (with) {
            (void)text_appendf(&value, "%s%s", value.size ? "," : "", with);
            with = NULL;
        }
        left -= length + (comma ? 1 : 0);
        options += length + 1;
    }
    if (value.failed)
        return value.failed;
    return fstab_edit_field(line, FSTAB_OPTIONS, value.size ? value.data : defaults[FSTAB_OPTIONS],
                            out);
}

static bool is_number(const char *s, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return length > 0;
}

int fstab_edit_join(const char *line, struct text *out)
{
    _cleanup_text_ struct text options = TEXT_INIT(8192);
    const char *at, *rest;
    size_t length = fstab_edit_find(line, FSTAB_OPTIONS, &at);
    unsigned next = FSTAB_FREQ;

    (void)text_append(out, line, (size_t)(at - line));
    (void)text_append(&options, at, length);
    while ((length = fstab_edit_find(line, next, &at)) > 0 && !is_number(at, length) &&
           (at[0] == ',' || text_ends_with(options.data ? options.data : "", ","))) {
        (void)text_append(&options, at, length);
        next++;
    }
    (void)text_append(out, options.data ? options.data : "", options.size);
    for (unsigned i = 0; i < 2; i++) {
        length = fstab_edit_find(line, next, &at);
        if (is_number(at, length)) {
            (void)text_appendf(out, " %.*s", (int)length, at);
            next++;
        } else {
            (void)text_append(out, " 0", 2);
        }
    }
    if (fstab_edit_find(line, next, &rest) > 0)
        (void)text_appendf(out, " # %s", rest);
    return options.failed ? options.failed : out->failed;
}
