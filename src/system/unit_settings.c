/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/unit_settings.h"

#include "base/fd.h"
#include "base/text.h"
#include "system/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void unit_settings_free(struct unit_settings *u)
{
    for (unsigned i = 0; i < u->count; i++) {
        free(u->settings[i].section);
        free(u->settings[i].key);
        free(u->settings[i].value);
    }
    free(u->settings);
    *u = (struct unit_settings){0};
}

/* @key may be NULL. */
static int add(struct unit_settings *u, unsigned line, const char *section, const char *key,
               const char *value)
{
    struct unit_setting *grown, *s;

    if (u->count == UNIT_SETTINGS_MAX)
        return 0;
    grown = reallocarray(u->settings, u->count + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    u->settings = grown;
    s = grown + u->count++;
    *s = (struct unit_setting){
        .line = line,
        .section = strdup(section),
        .key = key ? strdup(key) : NULL,
        .value = strdup(value),
    };
    return s->section && s->value && (!key || s->key) ? 0 : -ENOMEM;
}

static char *trim(char *s)
{
    size_t length;

    s += strspn(s, " \t\r");
    length = strlen(s);
    while (length > 0 && strchr(" \t\r", s[length - 1]))
        s[--length] = '\0';
    return s;
}

/* One logical line. @section is changed by a section's line. */
static int read_line(struct unit_settings *u, unsigned number, char *text, char section[128])
{
    char *equals;
    size_t length = strlen(text);

    if (text[0] == '[') {
        if (length < 3 || length > 128 || text[length - 1] != ']')
            return add(u, number, section, NULL, text);
        memcpy(section, text + 1, length - 2);
        section[length - 2] = '\0';
        return add(u, number, section, "", ""); /* so that an empty section is one */
    }
    equals = strchr(text, '=');
    if (!equals || equals == text)
        return add(u, number, section, NULL, text);
    *equals = '\0';
    return add(u, number, section, trim(text), trim(equals + 1));
}

int unit_settings_parse(const char *data, size_t size, struct unit_settings *ret)
{
    _cleanup_text_ struct text whole = TEXT_INIT(UNIT_VALUE_MAX);
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH], section[128] = "";
    unsigned first = 0;
    int r = 0;

    *ret = (struct unit_settings){0};
    while (r == 0 && lines_next(&l, line)) {
        char *text = trim(line);
        size_t length = strlen(text);
        bool continued = length > 0 && text[length - 1] == '\\';

        /* Comments between continued lines are dropped, too. */
        if (text[0] == '#' || text[0] == ';' || (!whole.size && !length))
            continue;
        if (!whole.size)
            first = l.number;
        if (continued)
            text[length - 1] = ' ';
        (void)text_append(&whole, text, length);
        if (continued)
            continue;
        if (!whole.failed)
            r = read_line(ret, first, trim(whole.data), section);
        text_free(&whole);
    }
    if (r == 0 && whole.size && !whole.failed)
        r = read_line(ret, first, trim(whole.data), section);
    if (r < 0)
        unit_settings_free(ret);
    return r;
}

const struct unit_setting *unit_settings_get(const struct unit_settings *u, const char *section,
                                             const char *key)
{
    for (unsigned i = u->count; i-- > 0;)
        if (u->settings[i].key && strcmp(u->settings[i].section, section) == 0 &&
            strcmp(u->settings[i].key, key) == 0)
            return &u->settings[i];
    return NULL;
}

int unit_boolean(const char *value)
{
    static const char *const yes[] = {"1", "yes", "y", "true", "t", "on"}, *const no[] = {
                                                                               "0", "no",
                                                                               "n", "false",
                                                                               "f", "off"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (strcasecmp(value, yes[i]) == 0)
            return 1;
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strcasecmp(value, no[i]) == 0)
            return 0;
    return -1;
}

bool unit_is_endless(const char *value)
{
    return strcmp(value, "infinity") == 0 || strcmp(value, "0") == 0 || strcmp(value, "0s") == 0;
}
