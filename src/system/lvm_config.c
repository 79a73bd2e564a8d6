/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/lvm_config.h"

#include <string.h>

/* Sections of lvm.conf lie one in the other once, profiles of it twice. */
#define DEPTH_MAX 8

enum kind {
    TOKEN_END,
    TOKEN_WORD,   /* a name, a number, or text without quotes */
    TOKEN_STRING, /* in quotes */
    TOKEN_SIGN,   /* one of the signs below */
};

#define SIGNS "{}[],="

struct token {
    enum kind kind;
    char sign;
    const char *at, *end; /* without quotes */
    const char *from;     /* where it begins, with them */
    unsigned line;        /* that it begins on */
};

struct scanner {
    const char *start, *at, *end;
    unsigned line;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static void skip_blanks(struct scanner *s)
{
    for (bool comment = false; s->at < s->end && (comment || is_blank(*s->at) || *s->at == '#');
         s->at++) {
        if (*s->at == '\n') {
            s->line++;
            comment = false;
        } else if (*s->at == '#') {
            comment = true;
        }
    }
}

/* Text in "..." has escapes, text in '...' has none. Both may go over several lines. */
static void scan_string(struct scanner *s, struct token *t)
{
    char quote = *s->at++;

    t->kind = TOKEN_STRING;
    for (t->at = s->at; s->at < s->end && *s->at != quote; s->at++) {
        if (*s->at == '\\' && quote == '"' && s->at + 1 < s->end)
            s->at++;
        if (*s->at == '\n')
            s->line++;
    }
    t->end = s->at;
    if (s->at < s->end)
        s->at++;
}

static struct token next_token(struct scanner *s)
{
    struct token t = {.kind = TOKEN_END};

    skip_blanks(s);
    t.at = t.from = t.end = s->at;
    t.line = s->line;
    if (s->at == s->end)
        return t;
    if (*s->at == '"' || *s->at == '\'') {
        scan_string(s, &t);
    } else if (strchr(SIGNS, *s->at)) { /* no NUL: that is a blank */
        t.kind = TOKEN_SIGN;
        t.sign = *s->at++;
    } else {
        t.kind = TOKEN_WORD;
        while (s->at < s->end && !is_blank(*s->at) && *s->at != '#' && !strchr(SIGNS, *s->at))
            s->at++;
        t.end = s->at;
    }
    return t;
}

static void keep_value(struct lvm_setting *setting, const struct token *t)
{
    size_t used = 0;
    char *to;

    if (setting->count == LVM_VALUES_MAX) {
        setting->cut = true;
        return;
    }
    to = setting->values[setting->count];
    for (const char *c = t->at; c < t->end; c++) {
        /* Only a quote and the escape itself are escaped: "\." stays one of the expression. */
        if (t->kind == TOKEN_STRING && t->from[0] == '"' && *c == '\\' && c + 1 < t->end &&
            (c[1] == '"' || c[1] == '\\'))
            c++;
        if (*c == '\0' || used + 1 == sizeof setting->values[0]) {
            setting->cut = true;
            break;
        }
        to[used++] = *c;
    }
    to[used] = '\0';
    setting->count++;
}

/* Is there nothing but blanks between the beginning of the line and @at? */
static bool begins_line(const struct scanner *s, const char *at)
{
    while (at > s->start && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    return at == s->start || at[-1] == '\n';
}

static bool ends_line(const struct scanner *s)
{
    const char *at = s->at;

    while (at < s->end && *at != '\n' && is_blank(*at))
        at++;
    return at == s->end || *at == '\n' || *at == '#';
}

/* The value behind "NAME =": one, or an array of them. */
static void read_value(struct scanner *s, const struct token *name, struct lvm_setting *setting)
{
    struct token t = next_token(s);

    *setting = (struct lvm_setting){.line = name->line};
    if (t.kind == TOKEN_SIGN && t.sign == '[') {
        /* Each sign but the comma ends it, and so does a value too many: what is read for one
         * setting is never read for another. */
        while (!setting->cut && (t = next_token(s)).kind != TOKEN_END &&
               (t.kind != TOKEN_SIGN || t.sign == ','))
            if (t.kind != TOKEN_SIGN)
                keep_value(setting, &t);
        setting->cut = setting->cut || t.sign != ']';
    } else if (t.kind == TOKEN_WORD || t.kind == TOKEN_STRING) {
        keep_value(setting, &t);
    } else {
        setting->cut = true; /* lvm refuses the file */
    }
    setting->last_line = s->line;
    setting->alone = begins_line(s, name->from) && ends_line(s);
}

/* Where we are: "devices", and in it perhaps more. Names that are too long are none that we ask
 * for. */
struct place {
    size_t lengths[DEPTH_MAX + 1]; /* of .name, a section each */
    unsigned depth;
    char name[256];
};

static bool enter(struct place *p, const struct token *t)
{
    size_t used = p->lengths[p->depth], more = (size_t)(t->end - t->at);

    if (p->depth == DEPTH_MAX || used + more + 2 > sizeof p->name)
        return false;
    memcpy(p->name + used, t->at, more);
    p->name[used + more] = '/';
    p->name[used + more + 1] = '\0';
    p->lengths[++p->depth] = used + more + 1;
    return true;
}

static bool is_named(const struct place *p, const struct token *t, const char *name)
{
    size_t used = p->lengths[p->depth], more = (size_t)(t->end - t->at);

    return strlen(name) == used + more && memcmp(name, p->name, used) == 0 &&
           memcmp(name + used, t->at, more) == 0;
}

bool lvm_config_find(const char *data, size_t size, const char *name, struct lvm_setting *ret)
{
    struct scanner s = {.start = data, .at = data, .end = data + size, .line = 1};
    struct place place = {0};
    unsigned unknown = 0; /* sections entered that lie too deep */
    bool found = false;
    struct token before = {0}, t;

    for (; (t = next_token(&s)).kind != TOKEN_END; before = t) {
        bool has_name = before.kind == TOKEN_WORD || before.kind == TOKEN_STRING;

        if (t.sign == '{') {
            if (unknown || !has_name || !enter(&place, &before))
                unknown++;
        } else if (t.sign == '}') {
            if (unknown)
                unknown--;
            else if (place.depth)
                place.depth--;
        } else if (t.sign == '=' && has_name) {
            struct scanner value = s;

            if (!unknown && is_named(&place, &before, name)) {
                read_value(&value, &before, ret);
                found = true;
            }
        }
    }
    return found;
}
