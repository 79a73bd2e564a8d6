/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/sudoers.h"

#include "base/text.h"
#include "system/lines.h"

#include <stdbool.h>
#include <string.h>

static bool is_alias(const char *word)
{
    static const char *const words[] = {"User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias",
                                        "Cmd_Alias"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* The "=" of a specification, outside of quotes and not escaped; NULL: none. */
static const char *find_equals(const char *s)
{
    bool quoted = false;

    for (; *s; s++) {
        if (*s == '\\' && s[1])
            s++;
        else if (*s == '"')
            quoted = !quoted;
        else if (*s == '=' && !quoted)
            return s;
    }
    return NULL;
}

static bool quotes_match(const char *s)
{
    bool quoted = false;

    for (; *s; s++) {
        if (*s == '\\' && s[1])
            s++;
        else if (*s == '"')
            quoted = !quoted;
    }
    return !quoted;
}

/* As whom a command may be run, "(root:adm)", with the command behind it. @s: what follows the "=".
 */
static const char *runas_problem(const char *s)
{
    const char *end;

    s += strspn(s, " \t");
    if (*s != '(')
        return NULL;
    end = strchr(s, ')');
    if (!end)
        return "has a parenthesis without its partner";
    return end[1 + strspn(end + 1, " \t\r")] ? NULL : "breaks off";
}

/* A comment begins at "#" unless that is between quotes, a user id ("#1000") or an old include. */
static void cut_comment(char *s)
{
    bool quoted = false;

    for (char *c = s; *c; c++) {
        if (*c == '\\' && c[1]) {
            c++;
        } else if (*c == '"') {
            quoted = !quoted;
        } else if (*c == '#' && !quoted && (c[1] < '0' || c[1] > '9') && c[1] != '-') {
            *c = '\0';
            return;
        }
    }
}

/* Does it end where more has to come? What is escaped ("CPUQuota\=") is of a command's argument. */
static bool breaks_off(const char *text)
{
    const char *end = text + strlen(text);
    size_t escapes = 0;

    while (end > text && strchr(" \t\r", end[-1]))
        end--;
    if (end == text || (end[-1] != '=' && end[-1] != ','))
        return false;
    for (end--; end > text && end[-1] == '\\'; end--)
        escapes++;
    return escapes % 2 == 0;
}

static const char *problem_of(char *text)
{
    char word[64];
    const char *equals;
    size_t length;

    if (text_starts_with(text, "#include") || text_starts_with(text, "@include"))
        return NULL;
    cut_comment(text);
    text += strspn(text, " \t\r");
    length = strcspn(text, " \t\r");
    if (!length)
        return NULL;
    if (!quotes_match(text))
        return "has a quotation mark without its partner";
    if (text_starts_with(text, "Defaults"))
        return NULL;
    if (breaks_off(text))
        return "breaks off";
    equals = find_equals(text);
    if (!equals)
        return "has no \"=\"";
    if (length < sizeof word) {
        memcpy(word, text, length);
        word[length] = '\0';
        text += length + strspn(text + length, " \t\r");
        if (is_alias(word))
            return *text >= 'A' && *text <= 'Z'
                       ? NULL
                       : "has an alias whose name does not begin with a capital letter";
    }
    return runas_problem(equals + 1);
}

/* A logical line, with what goes on behind backslashes joined to it, and the number of its first
 * one. NULL in @text: it is too long to be judged. */
typedef void logical_line(void *userdata, unsigned line, char *text);

static void for_each_line(const char *data, size_t size, logical_line *each, void *userdata)
{
    _cleanup_text_ struct text whole = TEXT_INIT(65536);
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    unsigned first = 0;

    while (lines_next(&l, line)) {
        size_t length = strlen(line);
        bool continued = length > 0 && line[length - 1] == '\\' && l.length < LINES_WIDTH;

        if (!first)
            first = l.number;
        (void)text_append(&whole, line, continued ? length - 1 : length);
        if (continued && l.at < l.end)
            continue;
        each(userdata, first, whole.failed || l.length >= LINES_WIDTH ? NULL : whole.data);
        text_free(&whole);
        first = 0;
    }
}

struct check {
    void (*bad)(void *userdata, unsigned line, const char *why);
    void *userdata;
};

static void check_line(void *userdata, unsigned line, char *text)
{
    const struct check *c = userdata;
    const char *why = text ? problem_of(text) : NULL;

    if (why)
        c->bad(c->userdata, line, why);
}

void sudoers_check(const char *data, size_t size,
                   void (*bad)(void *userdata, unsigned line, const char *why), void *userdata)
{
    for_each_line(data, size, check_line, &(struct check){.bad = bad, .userdata = userdata});
}

struct password {
    enum sudoers_password whose;
    unsigned line;
};

/* "Defaults env_reset, !targetpw": a list of options. Those for some users or hosts only
 * ("Defaults:user") are passed over. */
static void look_for_password(void *userdata, unsigned line, char *text)
{
    static const char *const options[] = {"targetpw", "rootpw", "runaspw"};
    struct password *p = userdata;
    char *word;

    if (!text)
        return;
    cut_comment(text);
    word = lines_word(&text);
    if (!word || strcmp(word, "Defaults") != 0)
        return;
    while ((word = strsep(&text, ","))) {
        word += strspn(word, " \t\r");
        word[strcspn(word, " \t\r")] = '\0';
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
            bool off = word[0] == '!';

            if (strcmp(word + off, options[i]) == 0)
                *p = (struct password){off ? SUDOERS_OWN : SUDOERS_OTHER, line};
        }
    }
}

enum sudoers_password sudoers_password_of(const char *data, size_t size, unsigned *ret_line)
{
    struct password p = {SUDOERS_UNSAID, 0};

    for_each_line(data, size, look_for_password, &p);
    *ret_line = p.line;
    return p.whose;
}
