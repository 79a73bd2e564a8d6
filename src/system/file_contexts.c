/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/file_contexts.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/lines.h"
#include "system/regex_bound.h"

#include <errno.h>
#include <limits.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Fedora's policy has 6000 rules. */
#define RULES_MAX   32768
#define PATTERN_MAX 512
#define ALIASES_MAX 512

struct rule {
    char *pattern, *label;
    size_t stem;  /* bytes of the pattern before its first special character */
    mode_t type;  /* S_IFREG ...; 0: any */
    bool literal; /* no special character at all */
};

/* What is below .from is labelled as if it were below .to: file_contexts.subs(5). */
struct alias {
    char *from, *to;
};

struct aliases {
    struct alias *items;
    unsigned count;
};

struct file_contexts {
    struct rule *rules;
    unsigned count;
    struct aliases aliases[FILE_CONTEXTS_ALIASES];
};

void file_contexts_close(struct file_contexts *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->count; i++) {
        free(f->rules[i].pattern);
        free(f->rules[i].label);
    }
    free(f->rules);
    for (unsigned i = 0; i < FILE_CONTEXTS_ALIASES; i++) {
        for (unsigned k = 0; k < f->aliases[i].count; k++) {
            free(f->aliases[i].items[k].from);
            free(f->aliases[i].items[k].to);
        }
        free(f->aliases[i].items);
    }
    free(f);
}

static mode_t type_of(const char *word)
{
    static const struct {
        const char *word;
        mode_t type;
    } types[] = {{"--", S_IFREG}, {"-d", S_IFDIR},  {"-l", S_IFLNK}, {"-c", S_IFCHR},
                 {"-b", S_IFBLK}, {"-s", S_IFSOCK}, {"-p", S_IFIFO}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].word, word) == 0)
            return types[i].type;
    return 0;
}

static int add_rule(struct file_contexts *f, const char *pattern, mode_t type, const char *label)
{
    struct rule *grown, rule = {.type = type, .stem = strcspn(pattern, ".^$?*+|[({\\")};

    if (f->count == RULES_MAX || strlen(pattern) > PATTERN_MAX || !regex_is_bounded(pattern))
        return 0;
    grown = reallocarray(f->rules, f->count + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    f->rules = grown;
    rule.literal = !pattern[rule.stem];
    rule.pattern = strdup(pattern);
    rule.label = strdup(label);
    grown[f->count++] = rule;
    return rule.pattern && rule.label ? 0 : -ENOMEM;
}

int file_contexts_add(struct file_contexts **f, const char *data, size_t size)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    int r = 0;

    if (!*f && !(*f = calloc(1, sizeof **f)))
        return -ENOMEM;
    while (r == 0 && lines_next(&l, line)) {
        char *text = lines_strip(line), *pattern = lines_word(&text), *second = lines_word(&text),
             *third = lines_word(&text);

        if (pattern && second)
            r = add_rule(*f, pattern, third ? type_of(second) : 0, third ? third : second);
    }
    return r;
}

static int add_alias(struct aliases *a, const char *from, const char *to)
{
    struct alias *grown;

    if (a->count == ALIASES_MAX)
        return 0;
    grown = reallocarray(a->items, a->count + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    a->items = grown;
    grown += a->count++;
    *grown = (struct alias){strdup(from), strdup(to)};
    return grown->from && grown->to ? 0 : -ENOMEM;
}

int file_contexts_add_aliases(struct file_contexts *f, enum file_contexts_aliases which,
                              const char *data, size_t size)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    int r = 0;

    while (r == 0 && lines_next(&l, line)) {
        char *text = lines_strip(line), *from = lines_word(&text), *to = lines_word(&text);

        if (from && to)
            r = add_alias(&f->aliases[which], from, to);
    }
    return r;
}

/* The line that stands last counts first, in all versions of libselinux. */
static bool apply_aliases(const struct aliases *a, const char *path, char *ret, size_t size)
{
    for (unsigned i = a->count; i-- > 0;) {
        const char *from = a->items[i].from, *to = a->items[i].to;
        size_t length = strlen(from);

        if (strncmp(path, from, length) == 0 && (path[length] == '/' || !path[length]))
            return (size_t)snprintf(ret, size, "%s%s",
                                    strcmp(to, "/") == 0 && path[length] ? "" : to,
                                    path + length) < size;
    }
    return false;
}

struct file_contexts *file_contexts_open(int root_fd)
{
    static const char *const suffixes[] = {"", ".homedirs", ".local"};
    static const char *const alias_suffixes[] = {
        [FILE_CONTEXTS_LOCAL_ALIASES] = ".subs",
        [FILE_CONTEXTS_POLICY_ALIASES] = ".subs_dist",
    };
    struct file_contexts *f = NULL;
    _cleanup_free_ char *config = NULL;
    char line[LINES_WIDTH], type[128] = "", mode[64] = "";
    struct lines l;
    size_t size;

    if (path_read(root_fd, "/etc/selinux/config", 65536, &config, &size) < 0)
        return NULL;
    l = LINES_OF(config, size);
    while (lines_next(&l, line)) {
        char *text = lines_strip(line), *value = lines_value(text, "SELINUXTYPE");

        if (value)
            snprintf(type, sizeof type, "%s", value);
        value = lines_value(text, "SELINUX");
        if (value)
            snprintf(mode, sizeof mode, "%s", value);
    }
    if (!type[0] || strchr(type, '/') || strcmp(mode, "disabled") == 0)
        return NULL;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        _cleanup_free_ char *data = NULL;
        char path[PATH_MAX];

        snprintf(path, sizeof path, "/etc/selinux/%s/contexts/files/file_contexts%s", type,
                 suffixes[i]);
        if (path_read(root_fd, path, PATH_CONFIG_MAX, &data, &size) == 0 &&
            file_contexts_add(&f, data, size) < 0)
            break;
    }
    for (unsigned i = 0; f && i < FILE_CONTEXTS_ALIASES; i++) {
        _cleanup_free_ char *data = NULL;
        char path[PATH_MAX];

        snprintf(path, sizeof path, "/etc/selinux/%s/contexts/files/file_contexts%s", type,
                 alias_suffixes[i]);
        if (path_read(root_fd, path, PATH_CONFIG_MAX, &data, &size) == 0 &&
            file_contexts_add_aliases(f, (enum file_contexts_aliases)i, data, size) < 0)
            break;
    }
    return f;
}

/* The whole path, by a POSIX extended expression, which these are but for groups that are not
 * captured. */
static bool matches(const struct rule *rule, const char *path)
{
    char pattern[PATTERN_MAX + 8];
    regex_t regex;
    bool found;

    if (rule->literal)
        return strcmp(rule->pattern, path) == 0;
    if (strncmp(rule->pattern, path, rule->stem ? rule->stem - 1 : 0) != 0)
        return false; /* the last character of the stem may be the one that "?" is about */
    if (strchr(rule->pattern, '{'))
        return false; /* a hostile "a{1,9999}{1,9999}" would take all memory; policies have none */
    snprintf(pattern, sizeof pattern, "^(%s)$", rule->pattern);
    for (char *c; (c = strstr(pattern, "(?:"));)
        memmove(c + 1, c + 3, strlen(c + 3) + 1);
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    found = regexec(&regex, path, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

const char *file_contexts_lookup(const struct file_contexts *f, const char *path, mode_t mode)
{
    const struct rule *best = NULL;
    char aliased[FILE_CONTEXTS_ALIASES][PATH_MAX];

    for (unsigned i = 0; f && i < FILE_CONTEXTS_ALIASES; i++)
        if (apply_aliases(&f->aliases[i], path, aliased[i], sizeof aliased[i]))
            path = aliased[i];
    for (unsigned i = f ? f->count : 0; i-- > 0;) {
        const struct rule *rule = &f->rules[i];

        if ((rule->type && rule->type != (mode & S_IFMT)) || (best && !rule->literal) ||
            !matches(rule, path))
            continue;
        if (!best || (rule->literal && !best->literal))
            best = rule;
        if (best->literal)
            break;
    }
    return best && strcmp(best->label, "<<none>>") != 0 ? best->label : NULL;
}
