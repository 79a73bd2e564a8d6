/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/grub_script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Of all words of one command together. */
#define COMMAND_MAX 65536

void grub_script_init(struct grub_script *s, const char *data, size_t size)
{
    *s = (struct grub_script){.at = data, .end = data + size, .line = 1};
}

void grub_script_free(struct grub_script *s)
{
    for (unsigned i = 0; i < s->variable_count; i++) {
        free(s->variables[i].name);
        free(s->variables[i].value);
    }
    s->variable_count = 0;
}

void grub_command_free(struct grub_command *c)
{
    text_free(&c->text);
    c->count = 0;
}

static struct grub_variable *find(const struct grub_script *s, const char *name)
{
    for (unsigned i = 0; i < s->variable_count; i++)
        if (strcmp(s->variables[i].name, name) == 0)
            return (struct grub_variable *)&s->variables[i];
    return NULL;
}

const char *grub_script_get(const struct grub_script *s, const char *name)
{
    const struct grub_variable *v = find(s, name);

    return v ? v->value : NULL;
}

void grub_script_set(struct grub_script *s, const char *name, const char *value)
{
    struct grub_variable *v = find(s, name);
    char *copy = strdup(value);

    if (!copy)
        return;
    if (!v) {
        char *own = s->variable_count < GRUB_VARIABLES_MAX ? strdup(name) : NULL;

        if (!own) {
            free(copy);
            return;
        }
        v = &s->variables[s->variable_count++];
        *v = (struct grub_variable){.name = own};
    }
    free(v->value);
    v->value = copy;
}

static int peek(const struct grub_script *s)
{
    return s->at < s->end ? (unsigned char)*s->at : -1;
}

static int take(struct grub_script *s)
{
    int c = peek(s);

    if (c >= 0)
        s->at++;
    if (c == '\n')
        s->line++;
    return c;
}

static void put(struct grub_command *c, int byte)
{
    char one = (char)byte;

    if (byte) /* a NUL would end the word: GRUB does not read it either */
        (void)text_append(&c->text, &one, 1);
}

/* "$name" or "${name}", behind the dollar sign. */
static void put_variable(struct grub_script *s, struct grub_command *c)
{
    bool braces = peek(s) == '{';
    const char *value;
    char name[64];
    size_t length = 0;

    if (braces)
        (void)take(s);
    while (length + 1 < sizeof name && (isalnum(peek(s)) || peek(s) == '_'))
        name[length++] = (char)take(s);
    name[length] = '\0';
    if (!length) {
        if (!braces && (peek(s) == '?' || peek(s) == '#' || peek(s) == '@' || peek(s) == '*'))
            (void)take(s);
        c->opaque = true;
    }
    if (braces) {
        while (peek(s) >= 0 && peek(s) != '}' && peek(s) != '\n')
            (void)take(s);
        if (peek(s) == '}')
            (void)take(s);
    }
    value = grub_script_get(s, name);
    if (!value)
        c->opaque = true;
    else
        (void)text_append(&c->text, value, strlen(value));
}

/* Up to the closing quote. False when the file ends before it. */
static bool put_quoted(struct grub_script *s, struct grub_command *c, int quote)
{
    int byte;

    while ((byte = take(s)) >= 0) {
        if (byte == quote)
            return true;
        if (quote == '"' && byte == '\\' &&
            (peek(s) == '"' || peek(s) == '\\' || peek(s) == '$' || peek(s) == '\n')) {
            byte = take(s);
            if (byte == '\n')
                continue;
            put(c, byte);
        } else if (quote == '"' && byte == '$') {
            put_variable(s, c);
        } else {
            put(c, byte);
        }
    }
    return false;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

/* Blanks, lines that go on, and a comment. */
static void skip_blanks(struct grub_script *s)
{
    for (;;) {
        if (is_blank(peek(s))) {
            (void)take(s);
        } else if (peek(s) == '\\' && s->at + 1 < s->end && s->at[1] == '\n') {
            (void)take(s);
            (void)take(s);
        } else if (peek(s) == '#') {
            while (peek(s) >= 0 && peek(s) != '\n')
                (void)take(s);
        } else {
            return;
        }
    }
}

/* One word. False when the file ends inside quotes. */
static bool read_word(struct grub_script *s, struct grub_command *c)
{
    for (;;) {
        int byte = peek(s);

        if (byte < 0 || is_blank(byte) || byte == '\n' || byte == ';' || byte == '|' || byte == '&')
            return true;
        (void)take(s);
        if (byte == '\'' || byte == '"') {
            if (!put_quoted(s, c, byte))
                return false;
        } else if (byte == '$') {
            put_variable(s, c);
        } else if (byte == '\\') {
            byte = take(s);
            if (byte >= 0 && byte != '\n')
                put(c, byte);
        } else {
            put(c, byte);
        }
    }
}

/* A brace that is a word by itself. */
static bool is_brace(const struct grub_script *s, char brace)
{
    const char *next = s->at + 1;

    return peek(s) == brace && (next >= s->end || is_blank(*next) || *next == '\n' || *next == ';');
}

static void end_command(struct grub_command *c, enum grub_end end)
{
    c->end = end;
    for (unsigned i = 0; i < c->count; i++)
        c->words[i] = c->text.data + c->offsets[i];
}

bool grub_script_next(struct grub_script *s, struct grub_command *c)
{
    text_free(&c->text);
    *c = (struct grub_command){.text = TEXT_INIT(COMMAND_MAX)};
    for (;;) {
        size_t start;
        int byte;

        skip_blanks(s);
        byte = peek(s);
        if (!c->count)
            c->line = s->line;
        if (byte < 0) {
            end_command(c, GRUB_END_FILE);
            return false;
        }
        if (byte == '\n' || byte == ';' || byte == '|' || byte == '&') {
            (void)take(s);
            end_command(c, GRUB_END_LINE);
            return true;
        }
        if (is_brace(s, '{') || is_brace(s, '}')) {
            (void)take(s);
            end_command(c, byte == '{' ? GRUB_END_OPEN : GRUB_END_CLOSE);
            return true;
        }
        start = c->text.size;
        if (!read_word(s, c)) {
            end_command(c, GRUB_END_QUOTE);
            return false;
        }
        /* Words that do not fit are dropped: the command is not what it says then. */
        if (c->count < GRUB_WORDS_MAX && text_append(&c->text, "", 1) == 0)
            c->offsets[c->count++] = (unsigned)start;
        else
            c->opaque = true;
    }
}
