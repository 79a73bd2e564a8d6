/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/grub_config.h"

#include "base/text.h"
#include "system/grub_script.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks within blocks; grub-mkconfig nests two. */
#define DEPTH_MAX 64

enum block { BLOCK_OTHER, BLOCK_ENTRY, BLOCK_SUBMENU, BLOCK_FUNCTION };

struct parse {
    struct grub_config *config;
    const char *file;
    struct grub_script script;
    const struct grub_environment *environment;
    struct {
        enum block kind;
        int entry; /* of an entry or a submenu; -1 */
        unsigned line;
    } stack[DEPTH_MAX];
    unsigned depth;
    unsigned conditions; /* open "if"s and loops */
    unsigned condition_line;
    int failed;
};

/* Values that GRUB gives by itself, as grub-mkconfig's files expect them (normal/main.c). */
static const struct {
    const char *name, *value;
} builtin[] = {
    {"menuentry_id_option", "--id"},
    {"root", "root"}, /* a device; it is taken off paths */
    {"feature_menuentry_id", "y"},
    {"feature_all_video_module", "y"},
    {"feature_platform_search_hint", "y"},
    {"feature_timeout_style", "y"},
    {"feature_default_font_path", "y"},
    {"linux_gfx_mode", ""},
    {"grub_platform", "pc"},
    {"vt_handoff", ""},
};

void grub_config_free(struct grub_config *c)
{
    boot_entries_free(&c->entries);
    free(c->default_entry);
    free(c->config_file);
    free(c->search);
    *c = (struct grub_config){0};
}

static void set_error(struct parse *p, unsigned line, const char *what)
{
    if (p->config->error_line)
        return;
    p->config->error_line = line;
    snprintf(p->config->error, sizeof p->config->error, "%s", what);
}

static void set_string(struct parse *p, char **member, const char *value)
{
    if (boot_entry_set(member, value, strlen(value)) < 0)
        p->failed = -ENOMEM;
}

static bool in_function(const struct parse *p)
{
    for (unsigned i = 0; i < p->depth; i++)
        if (p->stack[i].kind == BLOCK_FUNCTION)
            return true;
    return false;
}

/* The entry that is being read, or NULL. */
static struct boot_entry *current(const struct parse *p)
{
    for (unsigned i = p->depth; i-- > 0;)
        if (p->stack[i].kind == BLOCK_ENTRY && p->stack[i].entry >= 0)
            return &p->config->entries.items[p->stack[i].entry];
    return NULL;
}

static int current_submenu(const struct parse *p)
{
    for (unsigned i = p->depth; i-- > 0;)
        if (p->stack[i].kind == BLOCK_SUBMENU)
            return p->stack[i].entry;
    return -1;
}

/* --- commands --- */

static bool is_word(const struct grub_command *c, unsigned i, const char *word)
{
    return i < c->count && strcmp(c->words[i], word) == 0;
}

/* "menuentry 'Debian' --class debian --id 'x' {" */
static void begin_entry(struct parse *p, const struct grub_command *c, unsigned first,
                        enum block kind)
{
    static const char *const with_value[] = {"--class", "--users", "--hotkey", "--source"};
    struct boot_entry *e = boot_entries_add(&p->config->entries, p->file, c->line);
    bool titled = false;

    if (!e)
        return;
    e->submenu = kind == BLOCK_SUBMENU;
    e->parent = current_submenu(p);
    for (unsigned i = first; i < c->count; i++) {
        bool skip = false;

        for (size_t j = 0; j < sizeof with_value / sizeof with_value[0]; j++)
            skip |= is_word(c, i, with_value[j]);
        if (skip) {
            i++;
        } else if (is_word(c, i, "--id") && i + 1 < c->count) {
            set_string(p, &e->id, c->words[++i]);
        } else if (text_starts_with(c->words[i], "--id=")) {
            set_string(p, &e->id, c->words[i] + 5);
        } else if (c->words[i][0] != '-' && !titled) {
            set_string(p, &e->title, c->words[i]);
            titled = true;
        }
    }
    if (p->config->search && kind == BLOCK_ENTRY)
        set_string(p, &e->search, p->config->search);
}

/* "search --no-floppy --fs-uuid --set=root HINTS UUID", "search.fs_uuid UUID root HINTS" */
static void note_search(struct parse *p, const struct grub_command *c, unsigned first)
{
    static const struct {
        const char *word, *tag;
    } kinds[] = {{"--fs-uuid", "UUID"}, {"-u", "UUID"},   {"--label", "LABEL"},
                 {"-l", "LABEL"},       {"--file", NULL}, {"-f", NULL}};
    const char *tag = NULL, *value = NULL;
    struct boot_entry *e = current(p);
    char text[300];

    if (is_word(c, first, "search.fs_uuid") || is_word(c, first, "search.fs_label")) {
        tag = is_word(c, first, "search.fs_uuid") ? "UUID" : "LABEL";
        value = first + 1 < c->count ? c->words[first + 1] : NULL;
    } else {
        for (unsigned i = first + 1; i < c->count; i++) {
            for (size_t j = 0; j < sizeof kinds / sizeof kinds[0]; j++)
                if (is_word(c, i, kinds[j].word))
                    tag = kinds[j].tag;
            if (is_word(c, i, "--set") && i + 2 < c->count && c->words[i + 1][0] != '-')
                i++; /* "--set root": the variable */
            else if (c->words[i][0] != '-')
                value = c->words[i];
        }
    }
    if (!tag || !value || c->opaque)
        return;
    snprintf(text, sizeof text, "%s=%.280s", tag, value);
    if (e) {
        set_string(p, &e->search, text);
    } else {
        set_string(p, &p->config->search, text);
        p->config->search_line = c->line;
    }
}

/* "(hd0,gpt2)/vmlinuz" or "($root)/vmlinuz" without the device. */
static const char *path_of(const char *word)
{
    const char *end = word[0] == '(' ? strchr(word, ')') : NULL;

    return end ? end + 1 : word;
}

static void note_linux(struct parse *p, const struct grub_command *c, unsigned first)
{
    _cleanup_text_ struct text options = TEXT_INIT(65536);
    struct boot_entry *e = current(p);

    if (!e || first + 1 >= c->count)
        return;
    set_string(p, &e->kernel, path_of(c->words[first + 1]));
    e->kernel_line = c->line;
    e->opaque |= c->opaque;
    for (unsigned i = first + 2; i < c->count; i++)
        (void)text_appendf(&options, "%s%s", options.size ? " " : "", c->words[i]);
    set_string(p, &e->options, options.data ? options.data : "");
}

static void note_initrd(struct parse *p, const struct grub_command *c, unsigned first)
{
    struct boot_entry *e = current(p);

    if (!e)
        return;
    e->initrd_line = c->line;
    e->opaque |= c->opaque;
    for (unsigned i = first + 1; i < c->count; i++) {
        const char *path = path_of(c->words[i]);

        if (path[0] == '-' || !path[0] || text_starts_with(path, "newc:"))
            continue;
        if (boot_entry_add_initrd(e, path, strlen(path)) < 0)
            p->failed = -ENOMEM;
    }
}

static void note_devicetree(struct parse *p, const struct grub_command *c, unsigned first)
{
    struct boot_entry *e = current(p);

    if (e && first + 1 < c->count && !c->opaque)
        set_string(p, &e->devicetree, path_of(c->words[first + 1]));
}

/* "set name=value", or without the word. In a condition the environment's own value stands. */
static void note_assignment(struct parse *p, const struct grub_command *c, unsigned at)
{
    char name[64], ignored[GRUB_ENVIRONMENT_SIZE + 1];
    const char *equals = at < c->count ? strchr(c->words[at], '=') : NULL;

    if (!equals || (size_t)(equals - c->words[at]) >= sizeof name)
        return;
    snprintf(name, sizeof name, "%.*s", (int)(equals - c->words[at]), c->words[at]);
    for (size_t i = 0; i < sizeof builtin / sizeof builtin[0]; i++)
        if (strcmp(builtin[i].name, name) == 0)
            return;
    if (strcmp(name, "default") == 0) {
        /* Deeper than one condition is what is done when a boot has failed (Fedora's
         * fallback_counting). */
        if (p->conditions > 1)
            return;
        set_string(p, &p->config->default_entry, equals + 1);
        p->config->default_unknown = c->opaque;
        return;
    }
    if (p->conditions && p->environment &&
        grub_environment_get(p->environment, name, ignored, sizeof ignored) == 0)
        return;
    if (!c->opaque)
        grub_script_set(&p->script, name, equals + 1);
}

static void note_blscfg(struct parse *p, const struct grub_command *c, unsigned first)
{
    (void)c;
    (void)first;
    p->config->blscfg = true;
}

static void note_configfile(struct parse *p, const struct grub_command *c, unsigned first)
{
    if (!current(p) && first + 1 < c->count)
        set_string(p, &p->config->config_file, path_of(c->words[first + 1]));
}

/* SUSE's stub goes on by it; grub-mkconfig(8) puts in what else a person has, "custom.cfg". */
static void note_source(struct parse *p, const struct grub_command *c, unsigned first)
{
    if (first + 1 < c->count && text_ends_with(c->words[first + 1], "/grub.cfg"))
        note_configfile(p, c, first);
}

static const struct {
    const char *word;
    void (*note)(struct parse *p, const struct grub_command *c, unsigned first);
} commands[] = {
    {"linux", note_linux},           {"linuxefi", note_linux},
    {"linux16", note_linux},         {"initrd", note_initrd},
    {"initrdefi", note_initrd},      {"initrd16", note_initrd},
    {"devicetree", note_devicetree}, {"search", note_search},
    {"search.fs_uuid", note_search}, {"search.fs_label", note_search},
    {"blscfg", note_blscfg},         {"configfile", note_configfile},
    {"source", note_source},
};

/* Words that only lead to a command; the depth of conditions goes by them. */
static unsigned skip_keywords(struct parse *p, const struct grub_command *c)
{
    static const char *const before[] = {"then", "else", "do", "!", "time"};
    unsigned at = 0;

    for (bool skipped = true; skipped && at < c->count;) {
        skipped = false;
        if (is_word(c, at, "if") || is_word(c, at, "while") || is_word(c, at, "until") ||
            is_word(c, at, "for")) {
            if (p->conditions++ == 0)
                p->condition_line = c->line;
            at++;
            skipped = true;
        } else if (is_word(c, at, "fi") || is_word(c, at, "done")) {
            if (p->conditions == 0)
                set_error(p, c->line, "an end of a condition without a beginning");
            else
                p->conditions--;
            at++;
        } else if (is_word(c, at, "elif")) {
            at++;
            skipped = true;
        }
        for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
            if (is_word(c, at, before[i])) {
                at++;
                skipped = true;
            }
    }
    return at;
}

static void run(struct parse *p, const struct grub_command *c)
{
    unsigned at = skip_keywords(p, c);

    if (at >= c->count || in_function(p))
        return;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (is_word(c, at, commands[i].word)) {
            commands[i].note(p, c, at);
            return;
        }
    if (is_word(c, at, "set"))
        note_assignment(p, c, at + 1);
    else if (at + 1 == c->count && isalpha((unsigned char)c->words[at][0]) &&
             strchr(c->words[at], '='))
        note_assignment(p, c, at);
}

/* --- blocks --- */

static void open_block(struct parse *p, const struct grub_command *c)
{
    unsigned at = skip_keywords(p, c);
    enum block kind = is_word(c, at, "menuentry")  ? BLOCK_ENTRY
                      : is_word(c, at, "submenu")  ? BLOCK_SUBMENU
                      : is_word(c, at, "function") ? BLOCK_FUNCTION
                                                   : BLOCK_OTHER;
    unsigned count = p->config->entries.count;

    if (p->depth == DEPTH_MAX) {
        set_error(p, c->line, "blocks within blocks without an end");
        return;
    }
    if ((kind == BLOCK_ENTRY || kind == BLOCK_SUBMENU) && !in_function(p))
        begin_entry(p, c, at + 1, kind);
    p->stack[p->depth].kind = kind;
    p->stack[p->depth].entry = p->config->entries.count > count ? (int)count : -1;
    p->stack[p->depth].line = c->line;
    p->depth++;
}

static void close_block(struct parse *p, const struct grub_command *c)
{
    if (p->depth == 0)
        set_error(p, c->line, "a } without a {");
    else
        p->depth--;
}

static void finish(struct parse *p, const struct grub_command *c)
{
    if (c->end == GRUB_END_QUOTE)
        set_error(p, c->line, "a quote that is not closed");
    else if (p->depth > 0)
        set_error(p, p->stack[p->depth - 1].line, "a { that is not closed");
    else if (p->conditions > 0)
        set_error(p, p->condition_line, "a condition that is not closed");
}

static void set_environment(struct parse *p)
{
    char name[64], value[GRUB_ENVIRONMENT_SIZE + 1];
    size_t at = 0;

    for (size_t i = 0; i < sizeof builtin / sizeof builtin[0]; i++)
        grub_script_set(&p->script, builtin[i].name, builtin[i].value);
    /* Unset is empty for these, whatever the block has. */
    grub_script_set(&p->script, "next_entry", "");
    grub_script_set(&p->script, "saved_entry", "");
    while (p->environment &&
           grub_environment_next(p->environment, &at, name, sizeof name, value, sizeof value))
        grub_script_set(&p->script, name, value);
}

int grub_config_parse(const char *data, size_t size, const char *file,
                      const struct grub_environment *environment, struct grub_config *ret)
{
    struct grub_config config = {0};
    struct parse p = {.config = &config, .file = file, .environment = environment};
    struct grub_command c = {0};

    grub_script_init(&p.script, data, size);
    set_environment(&p);
    while (grub_script_next(&p.script, &c)) {
        if (c.end == GRUB_END_OPEN) {
            open_block(&p, &c);
            continue;
        }
        run(&p, &c);
        if (c.end == GRUB_END_CLOSE)
            close_block(&p, &c);
    }
    run(&p, &c);
    finish(&p, &c);
    grub_command_free(&c);
    grub_script_free(&p.script);
    if (p.failed) {
        grub_config_free(&config);
        return p.failed;
    }
    *ret = config;
    return 0;
}

/* --- the default --- */

/* The next level of "a>b>>c": "a", then "b>c". */
static void next_level(const char **choice, char *ret, size_t size)
{
    size_t used = 0;

    while (**choice) {
        if ((*choice)[0] == '>' && (*choice)[1] != '>') {
            (*choice)++;
            break;
        }
        if ((*choice)[0] == '>')
            (*choice)++;
        if (used + 1 < size)
            ret[used++] = **choice;
        (*choice)++;
    }
    ret[used] = '\0';
}

static int find_in_level(const struct boot_entries *entries, int parent, const char *word)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    bool is_number = isdigit((unsigned char)word[0]) && !*end;
    unsigned position = 0;

    for (unsigned i = 0; i < entries->count; i++) {
        const struct boot_entry *e = &entries->items[i];

        if (e->parent != parent)
            continue;
        if (is_number ? position == number
                      : strcmp(e->title, word) == 0 || (e->id[0] && strcmp(e->id, word) == 0))
            return (int)i;
        position++;
    }
    return -1;
}

int grub_config_find(const struct boot_entries *entries, const char *choice)
{
    int found = -1;

    if (!*choice) /* not set: the first one */
        choice = "0";
    do {
        char word[512];

        next_level(&choice, word, sizeof word);
        found = find_in_level(entries, found, word);
    } while (found >= 0 && *choice);
    while (found >= 0 && entries->items[found].submenu)
        found = find_in_level(entries, found, "0");
    return found;
}
