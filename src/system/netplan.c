/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/netplan.h"

#include <stdbool.h>
#include <string.h>

/* What is open where a line begins. */
struct state {
    char quote;          /* '"', '\'' or 0 */
    unsigned flow;       /* brackets */
    bool plain;          /* a scalar without quotes: it may go on, but not with a tab */
    size_t indent;       /* of the mapping or list that the last line was in */
    bool literal;        /* behind "|" or ">" */
    size_t literal_from; /* how far its lines are indented; 0: not known yet */
};

static size_t count_spaces(const char *line, size_t size)
{
    size_t n = 0;

    while (n < size && line[n] == ' ')
        n++;
    return n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_empty(const char *line, size_t size)
{
    while (size > 0 && is_blank(line[size - 1]))
        size--;
    return size == 0;
}

/* Does an indicator stand at @at, with a blank or the end behind it? */
static bool is_indicator(const char *line, size_t size, size_t at, char c)
{
    return at < size && line[at] == c && (at + 1 == size || is_blank(line[at + 1]));
}

/* The column of the innermost list or mapping that begins on a line, "- - name: x"; @indent when
 * none does. */
static size_t innermost(const char *line, size_t size, size_t indent)
{
    size_t at = count_spaces(line, size);

    while (is_indicator(line, size, at, '-')) {
        indent = at++;
        while (at < size && is_blank(line[at]))
            at++;
    }
    for (size_t i = at; i < size && line[i] != '"' && line[i] != '\''; i++)
        if (is_indicator(line, size, i, ':'))
            return at;
    return indent;
}

/* "|", ">-", "|2" and the like at the end of a line. */
static bool ends_with_literal(const char *line, size_t size)
{
    size_t end = size, start;

    while (end > 0 && is_blank(line[end - 1]))
        end--;
    for (start = end; start > 0 && !is_blank(line[start - 1]); start--)
        ;
    return start < end && start > 0 && (line[start] == '|' || line[start] == '>') &&
           end - start <= 3;
}

/* A quote opens a scalar only where one can begin. */
static bool can_begin(const struct state *s, char before)
{
    return !before || is_blank(before) || (s->flow && strchr(",[{", before));
}

static void take_quoted(struct state *s, const char *line, size_t size, size_t *i)
{
    if (s->quote == '"' && line[*i] == '\\')
        (*i)++;
    else if (line[*i] == s->quote && s->quote == '\'' && *i + 1 < size && line[*i + 1] == '\'')
        (*i)++;
    else if (line[*i] == s->quote)
        s->quote = 0;
}

/* @size is not 0, and the last byte no blank. */
static bool ends_with_indicator(const struct state *s, const char *line, size_t size)
{
    char last = line[size - 1];

    return last == ':' || (s->flow && strchr(",[{", last)) || (strchr("]}", last) && !s->plain) ||
           (last == '-' && (size == 1 || is_blank(line[size - 2])));
}

/* Follow what a line opens and closes. */
static void follow(struct state *s, const char *line, size_t size)
{
    char before = 0;
    bool commented = false, quoted = false;

    /* A line of a scalar that goes on is in the same mapping, whatever it looks like. */
    if (!s->quote && !s->flow && !is_empty(line, size) &&
        !(s->plain && count_spaces(line, size) > s->indent))
        s->indent = innermost(line, size, s->indent);
    for (size_t i = 0; i < size && !commented; i++) {
        char c = line[i];

        if (s->quote) {
            take_quoted(s, line, size, &i);
            quoted = true;
            before = c;
            continue;
        }
        if ((c == '"' || c == '\'') && can_begin(s, before))
            s->quote = c;
        else if ((c == '[' || c == '{') && (s->flow || can_begin(s, before)))
            s->flow++;
        else if ((c == ']' || c == '}') && s->flow)
            s->flow--;
        else if (c == '#' && (!before || is_blank(before)))
            commented = true;
        if (!is_blank(c))
            quoted = false;
        before = c;
    }
    while (size > 0 && is_blank(line[size - 1]))
        size--;
    if (size == 0)
        return; /* an empty line ends no scalar */
    s->plain = !commented && !s->quote && !quoted && !ends_with_indicator(s, line, size);
    s->literal = !commented && !s->quote && !s->flow && ends_with_literal(line, size);
    s->literal_from = 0;
}

/* Is the line one of the literal? *ret_bad: not with that tab. */
static bool is_of_literal(struct state *s, const char *line, size_t size, bool *ret_bad)
{
    size_t spaces = count_spaces(line, size);
    bool is_tab = spaces < size && line[spaces] == '\t',
         is_empty = spaces == size || line[spaces] == '\r';

    *ret_bad = is_tab && (!s->literal_from || spaces < s->literal_from);
    if (!is_empty && !is_tab && spaces <= s->indent)
        return false;
    if (!is_empty && !s->literal_from)
        s->literal_from = spaces;
    return true;
}

static bool tab_is_refused(const struct state *s, const char *line, size_t size)
{
    size_t spaces = count_spaces(line, size);

    if (spaces == size || line[spaces] != '\t' || s->quote)
        return false;
    return s->plain ? spaces <= s->indent : !s->flow;
}

unsigned netplan_find_tab(const char *data, size_t size)
{
    const char *end = size ? data + size : data; /* there may be no file */
    struct state s = {0};

    for (unsigned number = 1; data < end; number++) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        size_t length = (size_t)((newline ? newline : end) - data);
        bool bad = false;

        if (!s.literal || !is_of_literal(&s, data, length, &bad)) {
            s.literal = false;
            bad = tab_is_refused(&s, data, length);
            follow(&s, data, length);
        }
        if (bad)
            return number;
        data += length + 1;
    }
    return 0;
}

/* Eight columns are what most editors show for a tab; the person sees the diff. */
int netplan_untab(const char *data, size_t size, struct text *out)
{
    bool indent = true;

    for (size_t i = 0; i < size; i++) {
        if (indent && data[i] == '\t')
            (void)text_append(out, "        ", 8);
        else
            (void)text_append(out, data + i, 1);
        indent = data[i] == '\n' || (indent && (data[i] == ' ' || data[i] == '\t'));
    }
    return out->failed;
}
