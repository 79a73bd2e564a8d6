/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/spawn_options.h"

#include "base/fd.h"
#include "base/text.h"
#include "commands/spawn_values.h"
#include "container/capabilities.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct spawn_options *o;
    struct container_plan *plan;
    struct error *e;
};

/* Takes one option's value; @value is NULL for an option without. 0 or a negative errno with @e. */
typedef int take(struct reader *r, const char *name, const char *value);

static int bad_value(struct reader *r, const char *name, const char *value, const char *wanted)
{
    return error_set(r->e, ERROR_USAGE, -EINVAL, "usage", "--%s takes %s, not \"%s\"", name, wanted,
                     text_safe(value));
}

static int out_of_memory(struct reader *r)
{
    return error_errno(r->e, -ENOMEM, "cannot plan the container");
}

static int take_directory(struct reader *r, const char *name, const char *value)
{
    if (!*value)
        return bad_value(r, name, value, "a directory");
    r->o->directory = value;
    return 0;
}

static int take_boot(struct reader *r, const char *name, const char *value)
{
    r->o->boot = true;
    return 0;
}

static int take_as_pid2(struct reader *r, const char *name, const char *value)
{
    r->o->as_pid2 = true;
    return 0;
}

static int take_quiet(struct reader *r, const char *name, const char *value)
{
    r->o->quiet = true;
    return 0;
}

static int take_help(struct reader *r, const char *name, const char *value)
{
    r->o->help = true;
    return 0;
}

static int take_version(struct reader *r, const char *name, const char *value)
{
    r->o->version = true;
    return 0;
}

static int take_private_network(struct reader *r, const char *name, const char *value)
{
    r->o->private_network = true;
    return 0;
}

static int take_read_only(struct reader *r, const char *name, const char *value)
{
    r->o->read_only = true;
    return 0;
}

static int take_pipe(struct reader *r, const char *name, const char *value)
{
    r->o->console = SPAWN_CONSOLE_PIPE;
    return 0;
}

static int take_console(struct reader *r, const char *name, const char *value)
{
    if (strcmp(value, "pipe") == 0)
        r->o->console = SPAWN_CONSOLE_PIPE;
    else if (strcmp(value, "interactive") == 0)
        r->o->console = SPAWN_CONSOLE_INTERACTIVE;
    else if (strcmp(value, "autopipe") == 0)
        r->o->console = SPAWN_CONSOLE_AUTOPIPE;
    else if (strcmp(value, "raw") == 0)
        r->o->raw_console = true;
    else
        return bad_value(r, name, value, "interactive, pipe, autopipe or raw");
    return 0;
}

static int take_machine(struct reader *r, const char *name, const char *value)
{
    if (!spawn_is_hostname(value))
        return bad_value(r, name, value, "a machine name (letters, digits, - and .)");
    snprintf(r->plan->name, sizeof r->plan->name, "%s", value);
    return 0;
}

static int take_hostname(struct reader *r, const char *name, const char *value)
{
    if (!spawn_is_hostname(value))
        return bad_value(r, name, value, "a host name (letters, digits, - and .)");
    snprintf(r->plan->hostname, sizeof r->plan->hostname, "%s", value);
    return 0;
}

static int take_uuid(struct reader *r, const char *name, const char *value)
{
    if (spawn_read_uuid(value, r->plan->uuid) < 0)
        return bad_value(r, name, value, "a UUID");
    return container_plan_set_env(r->plan, "container_uuid", r->plan->uuid) < 0 ? out_of_memory(r)
                                                                                : 0;
}

static int take_setenv(struct reader *r, const char *name, const char *value)
{
    const char *equals = strchrnul(value, '=');
    _cleanup_free_ char *variable = strndup(value, (size_t)(equals - value));
    const char *content;

    if (!variable)
        return out_of_memory(r);
    if (!*variable || isdigit((unsigned char)*variable))
        return bad_value(r, name, value, "NAME=VALUE");
    for (const char *c = variable; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return bad_value(r, name, value, "NAME=VALUE");
    content = *equals ? equals + 1 : getenv(variable);
    if (content && container_plan_set_env(r->plan, variable, content) < 0)
        return out_of_memory(r);
    return 0;
}

static int take_chdir(struct reader *r, const char *name, const char *value)
{
    if (value[0] != '/')
        return bad_value(r, name, value, "an absolute path");
    free(r->plan->chdir);
    r->plan->chdir = strdup(value);
    return r->plan->chdir ? 0 : out_of_memory(r);
}

static int take_kill_signal(struct reader *r, const char *name, const char *value)
{
    int signal = spawn_signal_from_name(value);

    if (signal < 0)
        return bad_value(r, name, value, "a signal");
    r->o->kill_signal = signal;
    return 0;
}

static int change_capabilities(struct reader *r, const char *name, const char *value, bool keep)
{
    _cleanup_free_ char *copy = strdup(value);
    char *rest = copy, *word;

    if (!copy)
        return out_of_memory(r);
    while ((word = strsep(&rest, ","))) {
        int cap = strcasecmp(word, "all") == 0 ? -1 : capability_from_name(word);
        uint64_t bits = cap < 0 ? UINT64_MAX : CAPABILITY_BIT((unsigned)cap);

        if (cap == -EINVAL)
            return bad_value(r, name, word, "names of capabilities, such as CAP_NET_ADMIN");
        if (keep)
            r->plan->capabilities |= bits;
        else
            r->plan->capabilities &= ~bits;
    }
    return 0;
}

static int take_capability(struct reader *r, const char *name, const char *value)
{
    return change_capabilities(r, name, value, true);
}

static int take_drop_capability(struct reader *r, const char *name, const char *value)
{
    return change_capabilities(r, name, value, false);
}

static int add_bind(struct reader *r, const char *name, const char *value, bool read_only)
{
    _cleanup_free_ char *copy = strdup(value);
    char *rest = copy, *source, *target, *options;
    struct container_mount m = {
        .kind = MOUNT_BIND, .source_fd = -1, .read_only = read_only, .recursive = true};

    if (!copy)
        return out_of_memory(r);
    source = spawn_next_field(&rest);
    target = spawn_next_field(&rest);
    options = spawn_next_field(&rest);
    if (source[0] == '-' && source[1] == '/') { /* optional: systemd-nspawn(1), --bind= */
        m.optional = true;
        source++;
    }
    if (source[0] != '/' || (target && target[0] && target[0] != '/') || rest)
        return bad_value(r, name, value, "SOURCE[:TARGET[:rbind|norbind]] with absolute paths");
    if (options && strcmp(options, "norbind") == 0)
        m.recursive = false;
    else if (options && strcmp(options, "rbind") != 0)
        return bad_value(r, name, options, "the options rbind and norbind");
    m.source = source;
    m.target = target && target[0] ? target : source;
    return container_plan_add_mount(r->plan, &m) < 0 ? out_of_memory(r) : 0;
}

static int take_bind(struct reader *r, const char *name, const char *value)
{
    return add_bind(r, name, value, false);
}

static int take_bind_ro(struct reader *r, const char *name, const char *value)
{
    return add_bind(r, name, value, true);
}

static int take_tmpfs(struct reader *r, const char *name, const char *value)
{
    _cleanup_free_ char *copy = strdup(value);
    char *rest = copy, *target, *options;

    if (!copy)
        return out_of_memory(r);
    target = spawn_next_field(&rest);
    options = rest;
    if (target[0] != '/')
        return bad_value(r, name, value, "PATH[:OPTIONS] with an absolute path");
    return container_plan_add_mount(
               r->plan,
               &(struct container_mount){.kind = MOUNT_TMPFS,
                                         .source_fd = -1,
                                         .target = target,
                                         .options = options ? options : (char *)"mode=0755"}) < 0
               ? out_of_memory(r)
               : 0;
}

static int take_inaccessible(struct reader *r, const char *name, const char *value)
{
    if (value[0] != '/')
        return bad_value(r, name, value, "an absolute path");
    return container_plan_add_mount(r->plan, &(struct container_mount){.kind = MOUNT_MASK,
                                                                       .source_fd = -1,
                                                                       .target = (char *)value}) < 0
               ? out_of_memory(r)
               : 0;
}

static int take_resolv_conf(struct reader *r, const char *name, const char *value)
{
    if (strcmp(value, "off") == 0)
        r->o->resolv_conf = false;
    else if (strcmp(value, "bind-host") == 0 || strcmp(value, "auto") == 0)
        r->o->resolv_conf = true;
    else
        return error_set(r->e, ERROR_USAGE, -EINVAL, "usage",
                         "--resolv-conf takes off or bind-host: nothing is written to the disk");
    return 0;
}

static int take_timezone(struct reader *r, const char *name, const char *value)
{
    if (strcmp(value, "off") == 0 || strcmp(value, "auto") == 0)
        return 0;
    return error_set(r->e, ERROR_USAGE, -EINVAL, "usage",
                     "--timezone takes only off: nothing is written to the disk");
}

/* nspawn's option for a service that is not there: nothing to do when it says so. */
static int take_no(struct reader *r, const char *name, const char *value)
{
    bool wanted;

    if (strcmp(value, "auto") == 0 || strcmp(value, "try-guest") == 0 ||
        (spawn_read_bool(value, &wanted) == 0 && !wanted))
        return 0;
    return error_set(r->e, ERROR_USAGE, -EINVAL, "usage", "--%s takes only no here", name);
}

static int take_nothing(struct reader *r, const char *name, const char *value)
{
    return 0;
}

/* The table: what is taken, what is accepted because scripts give it, and what is refused with the
 * thing to use instead. */
static const struct {
    const char *name;
    char letter;
    bool has_value;
    take *take;           /* NULL: refused */
    const char *argument; /* for --help; refused: the reason */
    const char *help;
} table[] = {
    {"help", 'h', false, take_help, "", "show this"},
    {"version", 0, false, take_version, "", "show the version"},
    {"quiet", 'q', false, take_quiet, "", "no messages of unbrick itself"},
    {"directory", 'D', true, take_directory, "DIR", "root directory (default: the current one)"},
    {"boot", 'b', false, take_boot, "", "start the init of the tree; arguments are its own"},
    {"as-pid2", 'a', false, take_as_pid2, "", "the command is process 2 below a small init"},
    {"chdir", 0, true, take_chdir, "DIR", "working directory inside"},
    {"setenv", 'E', true, take_setenv, "NAME[=VALUE]", "environment of process 1"},
    {"kill-signal", 0, true, take_kill_signal, "SIGNAL", "asks process 1 for an orderly end"},
    {"machine", 'M', true, take_machine, "NAME", "name of the machine"},
    {"hostname", 0, true, take_hostname, "NAME", "host name, when it is another"},
    {"uuid", 0, true, take_uuid, "UUID", "machine id, where the tree has none"},
    {"read-only", 0, false, take_read_only, "", "the tree is mounted read-only"},
    {"private-network", 0, false, take_private_network, "", "a network of its own, loopback only"},
    {"capability", 0, true, take_capability, "CAP,...", "keep further capabilities; all"},
    {"drop-capability", 0, true, take_drop_capability, "CAP,...", "give up capabilities"},
    {"bind", 0, true, take_bind, "SRC[:DST[:OPT]]", "show a path of the host inside"},
    {"bind-ro", 0, true, take_bind_ro, "SRC[:DST[:OPT]]", "the same, read-only"},
    {"tmpfs", 0, true, take_tmpfs, "PATH[:OPT]", "an empty tmpfs"},
    {"inaccessible", 0, true, take_inaccessible, "PATH", "cover a path"},
    {"resolv-conf", 0, true, take_resolv_conf, "MODE", "bind-host (default) or off"},
    {"timezone", 0, true, take_timezone, "off", "the tree's own"},
    {"console", 0, true, take_console, "MODE", "interactive, pipe, autopipe; raw: unfiltered"},
    {"pipe", 'P', false, take_pipe, "", "as --console=pipe"},

    {"register", 0, true, take_no, NULL, NULL},
    {"keep-unit", 0, false, take_nothing, NULL, NULL},
    {"settings", 0, true, take_no, NULL, NULL},
    {"link-journal", 0, true, take_no, NULL, NULL},
    {"private-users", 0, true, take_no, NULL, NULL},
    {"notify-ready", 0, true, take_no, NULL, NULL},
    {"no-pager", 0, false, take_nothing, NULL, NULL},
    {"no-ask-password", 0, false, take_nothing, NULL, NULL},
    {"background", 0, true, take_nothing, NULL, NULL},
    {"suppress-sync", 0, true, take_no, NULL, NULL},

    {"image", 'i', true, NULL, "use `unbrick boot IMAGE` or `unbrick shell IMAGE`", NULL},
    {"private-users-chown", 0, false, NULL, "it would change every owner on the disk", NULL},
    {"private-users-ownership", 0, true, NULL, "it could change owners on the disk", NULL},
    {"template", 0, true, NULL, "unbrick makes no new trees", NULL},
    {"ephemeral", 'x', false, NULL, "use --read-only to look without writing", NULL},
    {"volatile", 0, true, NULL, "use --read-only to look without writing", NULL},
    {"network-veth", 'n', false, NULL, "use --private-network, or the host's network", NULL},
    {"network-bridge", 0, true, NULL, "use --private-network, or the host's network", NULL},
    {"network-zone", 0, true, NULL, "use --private-network, or the host's network", NULL},
    {"network-interface", 0, true, NULL, "use --private-network, or the host's network", NULL},
    {"port", 'p', true, NULL, "use the host's network", NULL},
    {"slice", 'S', true, NULL, "unbrick needs no systemd on the host", NULL},
    {"property", 0, true, NULL, "unbrick needs no systemd on the host", NULL},
    {"oci-bundle", 0, true, NULL, "use crun or runc for OCI bundles", NULL},
    {"user", 'u', true, NULL, "start it with `su USER -c COMMAND` inside", NULL},
};

#define COUNT (sizeof table / sizeof table[0])

/* Values that getopt_long() returns for options: 256 and the place in the table. */
#define FIRST 256

static int take_one(struct reader *r, size_t i, const char *value)
{
    if (!table[i].take)
        return error_set(r->e, ERROR_USAGE, -EINVAL, "usage", "--%s is not for a rescue: %s",
                         table[i].name, table[i].argument);
    return table[i].take(r, table[i].name, value);
}

static size_t find_letter(int letter)
{
    size_t i = 0;

    while (i < COUNT && table[i].letter != letter)
        i++;
    return i;
}

static void fill_getopt(struct option *options, char *letters)
{
    *letters++ = '+'; /* stop at the command */
    *letters++ = ':';
    for (size_t i = 0; i < COUNT; i++) {
        options[i] =
            (struct option){.name = table[i].name,
                            .has_arg = table[i].has_value ? required_argument : no_argument,
                            .val = FIRST + (int)i};
        if (!table[i].letter)
            continue;
        *letters++ = table[i].letter;
        if (table[i].has_value)
            *letters++ = ':';
    }
    options[COUNT] = (struct option){0};
    *letters = '\0';
}

/* @code is getopt_long()'s optopt: a letter, 0 for a long option, or a value of the table for a
 * long option that was given a value and takes none. */
static int unknown_option(struct error *e, int code, const char *argument)
{
    if (code >= FIRST)
        return error_set(e, ERROR_USAGE, -EINVAL, "usage", "--%s takes no value",
                         table[code - FIRST].name);
    return error_set(e, ERROR_USAGE, -EINVAL, "usage", "there is no option %s",
                     text_safe(code ? (char[]){'-', (char)code, '\0'} : argument));
}

int spawn_options_read(struct spawn_options *ret, struct container_plan *plan, int argc,
                       char **argv, struct error *e)
{
    struct reader r = {.o = ret, .plan = plan, .e = e};
    struct option options[COUNT + 1];
    char letters[3 * COUNT + 3];
    int code = container_plan_init(plan, "rescue", e), c;

    *ret = (struct spawn_options){.directory = ".", .resolv_conf = true};
    plan->name[0] = '\0'; /* from the directory, unless --machine names it */
    fill_getopt(options, letters);
    opterr = 0;
    optind = 0;
    while (code == 0 && (c = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        if (c == ':')
            return error_set(e, ERROR_USAGE, -EINVAL, "usage", "%s needs a value",
                             text_safe(argv[optind - 1]));
        if (c == '?')
            return unknown_option(e, optopt, argv[optind - 1]);
        code = take_one(&r, c >= FIRST ? (size_t)(c - FIRST) : find_letter(c), optarg);
    }
    if (code < 0)
        return code;
    if (ret->boot && ret->as_pid2)
        return error_set(e, ERROR_USAGE, -EINVAL, "usage",
                         "--boot and --as-pid2 exclude each other");
    ret->arguments = argv + optind;
    plan->read_only = ret->read_only;
    plan->private_network = ret->private_network;
    return 0;
}

void spawn_options_print_help(void)
{
    printf("unbrick spawn [OPTION...] [--] [COMMAND [ARGUMENT...]]\n\n"
           "Run a command, or with --boot the init, in a directory tree as in a machine of its\n"
           "own, with the options of systemd-nspawn(1).\n\n");
    for (size_t i = 0; i < COUNT; i++) {
        char left[64];

        if (!table[i].take || !table[i].help)
            continue;
        snprintf(left, sizeof left, "%c%c %s--%s%s%s", table[i].letter ? '-' : ' ',
                 table[i].letter ? table[i].letter : ' ', "", table[i].name,
                 table[i].has_value ? "=" : "", table[i].argument);
        printf("  %-34s %s\n", left, table[i].help);
    }
}
