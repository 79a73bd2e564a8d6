/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/modprobe_config.h"

#include "system/lines.h"

#include <string.h>

/* What "install" runs in place of loading, when it is to do nothing. */
static bool does_nothing(const char *command)
{
    static const char *const programs[] = {
        "/bin/true", "/bin/false", "/usr/bin/true", "/usr/bin/false", "true", "false",
        ":",         "/dev/null",  "exit"};

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(command, programs[i]) == 0)
            return true;
    return false;
}

/* In the names of modules "-" and "_" are the same (libkmod, modname_normalize()). */
static bool copy_module(const char *word, char ret[64])
{
    size_t length = strlen(word);

    if (length >= 64)
        return false;
    for (size_t i = 0; i <= length; i++)
        ret[i] = word[i] == '-' ? '_' : word[i];
    return true;
}

static bool parse(char *line, struct modprobe_line *ret)
{
    const char *keyword = lines_word(&line), *module = keyword ? lines_word(&line) : NULL, *command;

    if (!module || *keyword == '#' || !copy_module(module, ret->module))
        return false;
    if (strcmp(keyword, "blacklist") == 0) {
        ret->kind = MODPROBE_BLACKLIST;
        return true;
    }
    if (strcmp(keyword, "install") != 0)
        return false;
    command = lines_word(&line);
    ret->kind = MODPROBE_INSTALL;
    return command && does_nothing(command);
}

bool modprobe_next(struct modprobe_walk *w, struct modprobe_line *ret)
{
    struct lines l = {.at = w->at, .end = w->end, .number = w->line};
    char line[LINES_WIDTH];
    bool found = false;

    while (!found && lines_next(&l, line)) {
        size_t length = strlen(line);
        char more[LINES_WIDTH];

        ret->line = l.number;
        while (length > 0 && line[length - 1] == '\\' && lines_next(&l, more)) {
            size_t more_length = strlen(more);

            length -= 1;
            if (more_length >= sizeof more - length) /* no line of this file is that long */
                more_length = 0;
            memcpy(line + length, more, more_length);
            line[length + more_length] = '\0';
            length = strlen(line);
        }
        found = parse(line, ret);
    }
    w->at = l.at;
    w->line = l.number;
    return found;
}
