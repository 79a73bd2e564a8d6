/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/options.h"

#include "base/nearest.h"
#include "base/text.h"
#include "faults/machine.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option_id {
    OPT_READ_ONLY,
    OPT_FSCK,
    OPT_SYSTEM,
    OPT_KEY_FILE,
    OPT_LUKS_HEADER,
    OPT_DEGRADED,
    OPT_DRY_RUN,
    OPT_QUICK,
    OPT_STRICT,
    OPT_FOR,
    OPT_LIST_FAULTS,
    OPT_EACH,
    OPT_HTML,
    OPT_ROOT_PASSWORD,
    OPT_UNLOCK,
    OPT_SSH_KEY,
    OPT_RUN,
    OPT_LOGIN,
    OPT_HOST_TOOLS,
    OPT_NO_MOUNT,
    OPT_BIND,
    OPT_BIND_RO,
    OPT_SETENV,
    OPT_NETWORK,
    OPT_UNTRUSTED,
    OPT_TAKE,
    OPT_KILL,
    OPT_ESCAPE,
    OPT_CONSOLE,
    OPT_LOG,
    OPT_YES,
    OPT_JSON,
    OPT_COLOR,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION,
};

static const struct option_row {
    enum option_id id;
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* name of its value in the help; NULL: takes none */
    unsigned commands;
    const char *help;
} table[] = {
    {OPT_READ_ONLY, "read-only", 0, NULL, FOR_WRITER & ~FOR_REPAIR, "write nothing to the disk"},
    {OPT_FSCK, "fsck", 0, "MODE", FOR_WRITER,
     "ask (default), repair, quick (only what is marked dirty), skip"},
    {OPT_SYSTEM, "system", 0, "NAME", FOR_PATIENT, "which system, when there are several"},
    {OPT_KEY_FILE, "key-file", 0, "FILE", FOR_PATIENT | FOR_LIST, "key of its LUKS volumes"},
    {OPT_LUKS_HEADER, "luks-header", 0, "FILE", FOR_PATIENT | FOR_LIST,
     "detached header of its LUKS volume"},
    {OPT_DEGRADED, "degraded", 0, NULL, FOR_PATIENT | FOR_LIST,
     "open arrays and volume groups that lack members"},
    {OPT_DRY_RUN, "dry-run", 'n', NULL, FOR_WRITER, "print the plan and stop"},
    {OPT_QUICK, "quick", 0, NULL, FOR_EXAMINE, "do not check the file systems"},
    {OPT_STRICT, "strict", 0, NULL, FOR_EXAMINE, "status 1 for any finding"},
    {OPT_FOR, "for", 0, "MACHINE", FOR_EXAMINE | FOR_REPAIR | FOR_SESSION,
     "where the disk goes: virtio, nvme, xen, hyperv, vmware, sata"},
    {OPT_LIST_FAULTS, "list-faults", 0, NULL, FOR_EXAMINE, "list what is looked for, and stop"},
    {OPT_EACH, "each", 0, NULL, FOR_EXAMINE,
     "each target is a machine of its own: a line for each"},
    {OPT_HTML, "html", 0, "FILE", FOR_EXAMINE, "write the report as one page, too"},
    {OPT_ROOT_PASSWORD, "root-password", 0, "[FILE]", FOR_REPAIR,
     "a new password for root: asked for, or FILE's (- for stdin)"},
    {OPT_UNLOCK, "unlock", 0, "USER", FOR_REPAIR, "let a locked or expired account in again"},
    {OPT_SSH_KEY, "ssh-key", 0, "USER:FILE", FOR_REPAIR, "let a public key in by ssh"},
    {OPT_RUN, "run", 0, "FILE", FOR_BOOT, "run a script there; its status is ours"},
    {OPT_LOGIN, "login", 0, NULL, FOR_BOOT, "ask for the system's own login"},
    {OPT_HOST_TOOLS, "host-tools", 0, NULL, FOR_SHELL,
     "the host's programs, the patient at /sysroot"},
    {OPT_NO_MOUNT, "no-mount", 0, NULL, FOR_SHELL,
     "with --host-tools: open its layers, mount nothing"},
    {OPT_BIND, "bind", 0, "SRC[:DST]", FOR_SESSION, "show a path of the host inside"},
    {OPT_BIND_RO, "bind-ro", 0, "SRC[:DST]", FOR_SESSION, "the same, read-only"},
    {OPT_SETENV, "setenv", 'E', "NAME=VALUE", FOR_SESSION, "set a variable inside"},
    {OPT_NETWORK, "network", 0, "host|none", FOR_SESSION, "which network is seen inside"},
    {OPT_UNTRUSTED, "untrusted", 0, NULL, FOR_SESSION,
     "an attacker may have had the disk: root inside is nobody outside"},
    {OPT_TAKE, "take", 0, NULL, FOR_ENTER, "the console, although another terminal has it"},
    {OPT_KILL, "kill", 0, NULL, FOR_STOP, "at once, without an orderly end"},
    {OPT_ESCAPE, "escape", 0, "CHAR", FOR_SESSION | FOR_ENTER,
     "key that ends the session when pressed 3 times (default ^])"},
    {OPT_CONSOLE, "console", 0, "safe|raw", FOR_SESSION | FOR_ENTER,
     "raw: pass all control sequences to the terminal"},
    {OPT_LOG, "log", 0, "FILE", FOR_SESSION | FOR_MOUNT | FOR_REPAIR, "write a transcript"},
    {OPT_YES, "yes", 'y', NULL, FOR_ALL, "answer yes to questions"},
    {OPT_JSON, "json", 0, NULL, FOR_LIST | FOR_STATUS | FOR_PATIENT, "output for programs"},
    {OPT_COLOR, "color", 0, "WHEN", FOR_ALL, "auto, always, never"},
    {OPT_QUIET, "quiet", 'q', NULL, FOR_ALL, "only errors and questions"},
    {OPT_VERBOSE, "verbose", 'v', NULL, FOR_ALL, "say more"},
    {OPT_HELP, "help", 'h', NULL, FOR_ALL, "show help"},
    {OPT_VERSION, "version", 'V', NULL, FOR_ALL, "show the version"},
};

#define TABLE_ROWS (sizeof table / sizeof table[0])

void options_init(struct options *o)
{
    *o = (struct options){.fsck = CHECK_ASK, .escape = 0x1d, .ui = {.log_fd = -1}};
}

static void free_list(char ***list)
{
    free(*list);
    *list = NULL;
}

void options_free(struct options *o)
{
    free_list(&o->binds);
    free_list(&o->binds_ro);
    free_list(&o->setenv);
    free_list(&o->targets);
}

/* Append to a NULL-ended list of borrowed strings. */
static int list_add(char ***list, char *item)
{
    size_t count = 0;
    char **grown;

    while (*list && (*list)[count])
        count++;
    grown = reallocarray(*list, count + 2, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    grown[count] = item;
    grown[count + 1] = NULL;
    *list = grown;
    return 0;
}

static int usage(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int usage(struct error *e, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)error_set(e, ERROR_USAGE, -EINVAL, "usage", "%s", text);
    return error_advise(e, "unbrick --help shows what there is");
}

/* Index of @value in the NULL-ended @words, or -1. */
static int word_index(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return -1;
}

static int parse_escape(const char *value)
{
    if (strcmp(value, "none") == 0)
        return -1;
    if (value[0] == '^' && value[1] && !value[2])
        return value[1] & 0x1f;
    return value[0] && !value[1] ? (unsigned char)value[0] : -EINVAL;
}

static int parse_setenv(struct options *o, char *value, struct error *e)
{
    size_t name = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    if (name == 0 || value[name] != '=' || (value[0] >= '0' && value[0] <= '9'))
        return usage(e, "--setenv=%s: NAME=VALUE is expected", text_safe(value));
    return list_add(&o->setenv, value);
}

static int parse_bind(char ***list, char *value, const char *name, struct error *e)
{
    const char *target = strchr(value, ':');

    if (value[0] != '/' || (target && target[1] != '/'))
        return usage(e, "--%s=%s: absolute paths are expected, SRC or SRC:DST", name,
                     text_safe(value));
    return list_add(list, value);
}

/* "--html --json": a word that looks like an option was hardly meant as a name. */
static int refuse_option_as_name(const struct option_row *row, const char *value, struct error *e)
{
    static const struct {
        const char *value, *name;
    } names[] = {
        {"FILE", "a file name"},
        {"[FILE]", "a file name"},
        {"NAME", "the name of a system"},
        {"USER", "the name of a user"},
    };

    for (size_t i = 0; value[0] == '-' && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(row->value, names[i].value) != 0)
            continue;
        if (row->id == OPT_ROOT_PASSWORD && !value[1])
            return 0; /* standard input */
        (void)error_set(e, ERROR_USAGE, -EINVAL, "usage", "--%s wants %s, not %s", row->name,
                        names[i].name, text_safe(value));
        return i < 2 ? error_advise(e, "a file of that name is ./%s", text_safe(value)) : -EINVAL;
    }
    return 0;
}

static int apply_value(struct options *o, const struct option_row *row, char *value,
                       struct error *e)
{
    static const char *const modes[] = {"ask", "repair", "quick", "skip", NULL};
    static const char *const networks[] = {"host", "none", NULL};
    static const char *const consoles[] = {"safe", "raw", NULL};
    static const char *const colors[] = {"auto", "always", "never", NULL};
    int n;

    switch (row->id) {
    case OPT_FSCK:
        n = word_index(value, modes);
        if (n < 0)
            return usage(e, "--fsck=%s: ask, repair, quick or skip is expected", text_safe(value));
        o->fsck = (enum check_mode)n;
        return 0;
    case OPT_NETWORK:
        n = word_index(value, networks);
        if (n < 0)
            return usage(e, "--network=%s: host or none is expected", text_safe(value));
        o->private_network = n == 1;
        o->network_chosen = true;
        return 0;
    case OPT_CONSOLE:
        n = word_index(value, consoles);
        if (n < 0)
            return usage(e, "--console=%s: safe or raw is expected", text_safe(value));
        o->raw_console = n == 1;
        return 0;
    case OPT_COLOR:
        n = word_index(value, colors);
        if (n < 0)
            return usage(e, "--color=%s: auto, always or never is expected", text_safe(value));
        o->ui.color = (enum ui_color)n;
        return 0;
    case OPT_ESCAPE:
        n = parse_escape(value);
        if (n == -EINVAL)
            return usage(e, "--escape=%s: one character, ^X or none is expected", text_safe(value));
        o->escape = n;
        return 0;
    case OPT_SETENV:
        return parse_setenv(o, value, e);
    case OPT_BIND:
        return parse_bind(&o->binds, value, row->name, e);
    case OPT_BIND_RO:
        return parse_bind(&o->binds_ro, value, row->name, e);
    case OPT_FOR:
        o->machine = machine_find(value);
        if (!o->machine)
            return usage(e, "--for=%s: virtio, nvme, xen, hyperv, vmware or sata is expected",
                         text_safe(value));
        return 0;
    case OPT_SYSTEM:
        o->system = value;
        break;
    case OPT_KEY_FILE:
        o->key_file = value;
        break;
    case OPT_LUKS_HEADER:
        o->luks_header = value;
        break;
    case OPT_RUN:
        o->run = value;
        break;
    case OPT_HTML:
        o->html = value;
        break;
    case OPT_ROOT_PASSWORD:
        o->root_password = value;
        return 0;
    case OPT_UNLOCK:
        o->unlock = value;
        break;
    case OPT_SSH_KEY:
        if (!strchr(value, ':') || value[0] == ':' || text_ends_with(value, ":"))
            return usage(e, "--ssh-key=%s: USER:FILE is expected", text_safe(value));
        o->ssh_key = value;
        break;
    case OPT_LOG:
        o->log = value;
        break;
    default:
        break;
    }
    if (!value[0])
        return usage(e, "--%s: the value is empty", row->name);
    return 0;
}

static void apply_flag(struct options *o, enum option_id id)
{
    switch (id) {
    case OPT_READ_ONLY:
        o->read_only = true;
        break;
    case OPT_DEGRADED:
        o->degraded = true;
        break;
    case OPT_DRY_RUN:
        o->dry_run = true;
        break;
    case OPT_QUICK:
        o->quick = true;
        break;
    case OPT_STRICT:
        o->strict = true;
        break;
    case OPT_LIST_FAULTS:
        o->list_faults = true;
        break;
    case OPT_EACH:
        o->each = true;
        break;
    case OPT_LOGIN:
        o->login = true;
        break;
    case OPT_HOST_TOOLS:
        o->host_tools = true;
        break;
    case OPT_TAKE:
        o->take = true;
        break;
    case OPT_KILL:
        o->kill = true;
        break;
    case OPT_UNTRUSTED:
        o->untrusted = true;
        break;
    case OPT_NO_MOUNT:
        o->no_mount = true;
        break;
    case OPT_YES:
        o->ui.yes = true;
        break;
    case OPT_JSON:
        o->ui.json = true;
        break;
    case OPT_QUIET:
        o->ui.quiet = true;
        break;
    case OPT_VERBOSE:
        o->ui.verbose = true;
        break;
    case OPT_HELP:
        o->help = true;
        break;
    case OPT_VERSION:
        o->version = true;
        break;
    default:
        break;
    }
}

static const struct option_row *find_long(const char *name, size_t length)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
            return &table[i];
    return NULL;
}

static const struct option_row *find_letter(char letter)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (table[i].letter == letter)
            return &table[i];
    return NULL;
}

static int unknown_option(const char *word, unsigned bit, struct error *e)
{
    const char *names[TABLE_ROWS], *meant;
    char name[64];
    size_t count = 0;

    /* Before the command all are taken, but only those of every command are likely. */
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (bit == FOR_ALL ? table[i].commands == FOR_ALL : table[i].commands & bit)
            names[count++] = table[i].name;
    (void)usage(e, "unknown option %s", text_safe(word));
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 1 + (word[1] == '-'), "="),
             word + 1 + (word[1] == '-'));
    meant = word[1] == '-' ? nearest_word(name, names, count) : NULL;
    if (meant)
        return error_advise(e, "is --%s meant?", meant);
    return access(word, F_OK) == 0 ? error_advise(e, "a file of that name is ./%s", text_safe(word))
                                   : -EINVAL;
}

/* One option word; *i is moved on when its value is the next word. */
static int read_option(struct options *o, int argc, char **argv, int *i, unsigned bit,
                       struct error *e)
{
    char *word = argv[*i], *value = NULL;
    const struct option_row *row;
    int r;

    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");

        row = find_long(word + 2, length);
        value = word[2 + length] == '=' ? word + 3 + length : NULL;
    } else {
        row = find_letter(word[1]);
        value = word[2] ? word + 2 : NULL;
    }
    if (!row)
        return unknown_option(word, bit, e);
    if (!(row->commands & bit))
        return usage(e, "--%s does not go with this command", row->name);
    if (!row->value) {
        if (value)
            return usage(e, "--%s takes no value (%s)", row->name, text_safe(word));
        apply_flag(o, row->id);
        return 0;
    }
    if (!value && row->value[0] == '[') {
        value = (char *)""; /* "--root-password" alone: its value is never the next word */
    } else if (!value) {
        if (*i + 1 >= argc)
            return usage(e, "--%s wants a value: --%s=...", row->name, row->name);
        value = argv[++*i];
        o->took_option = row->name;
        o->took_value = value;
    }
    r = refuse_option_as_name(row, value, e);
    return r < 0 ? r : apply_value(o, row, value, e);
}

int options_read(struct options *o, int argc, char **argv, int first, unsigned bit,
                 bool stop_at_word, int *ret_next, struct error *e)
{
    bool only_words = false;
    int i, r;

    for (i = first; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            /* Before the command it ends the options, and no more. */
            if (bit & FOR_INSIDE && !stop_at_word) {
                o->args = argv + i + 1;
                i = argc;
                break;
            }
            only_words = true;
            continue;
        }
        if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            r = read_option(o, argc, argv, &i, bit, e);
            if (r < 0)
                return r;
            continue;
        }
        if (stop_at_word)
            break;
        if (!argv[i][0])
            return usage(e, "a target is empty");
        r = list_add(&o->targets, argv[i]);
        if (r < 0)
            return error_errno(e, r, "reading the arguments");
        o->target_count++;
    }
    if (ret_next)
        *ret_next = i;
    return 0;
}

static void print_row(const struct option_row *row)
{
    char left[48], letter[8] = "    ";

    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name,
             !row->value            ? ""
             : row->value[0] == '[' ? "[="
                                    : "=",
             row->value ? row->value + (row->value[0] == '[') : "");
    ui_print_field(29, left, row->help);
}

void options_print_help(unsigned bits)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (table[i].commands & bits)
            print_row(&table[i]);
}

void options_print_common_help(void)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (table[i].commands == FOR_ALL)
            print_row(&table[i]);
}
