/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/interfaces.h"

#include "base/text.h"

#include <string.h>

/* What begins a stanza. */
static bool begins_stanza(const char *word)
{
    static const char *const words[] = {
        "auto",   "iface",        "mapping",    "source",  "source-directory",
        "rename", "no-auto-down", "no-scripts", "template"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return text_starts_with(word, "allow-");
}

static const char *problem_of(char *text, bool *in_stanza)
{
    char *word = lines_word(&text);
    unsigned count = 0;
    bool is_iface;

    if (!word || word[0] == '#')
        return NULL;
    if (!begins_stanza(word))
        return *in_stanza ? NULL : "stands before any iface";
    is_iface = strcmp(word, "iface") == 0;
    *in_stanza = is_iface || strcmp(word, "mapping") == 0;
    while (lines_word(&text))
        count++;
    if (is_iface && count < 3)
        return "is an iface without name, family and method";
    return NULL;
}

const char *interfaces_next_problem(struct interfaces_walk *w)
{
    char line[LINES_WIDTH];

    while (lines_next(&w->lines, line)) {
        bool is_rest = w->continued;
        const char *why;

        w->continued = text_ends_with(line, "\\");
        why = is_rest ? NULL : problem_of(line, &w->in_stanza);
        if (why)
            return why;
    }
    return NULL;
}
