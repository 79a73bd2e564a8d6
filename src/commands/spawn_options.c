/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/spawn_options.h"

#include "base/text.h"
#include "commands/spawn_take.h"
#include "terminal/ui.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options of systemd-nspawn(1) that change the network outside, and need more than the kernel. */
#define OF_NETWORKD "use --private-network, --network-namespace-path=, or the host's network"
#define OF_SYSTEMD  "use `systemd-run --scope` with it and `unbrick spawn --keep-unit` below"
#define OF_VERITY   "use `unbrick boot IMAGE`, which opens what is on a disk by itself"
#define OF_IDS      "use --untrusted, which leaves the owners on the disk as they are"

enum argument { NONE = no_argument, VALUE = required_argument, MAYBE = optional_argument };

/* Every option of systemd-nspawn 260: what is taken, what is accepted because scripts give it, and
 * what is refused with the thing to use instead. */
static const struct {
    const char *name;
    char letter;
    enum argument has_value;
    spawn_take *take;     /* NULL: refused */
    const char *argument; /* for --help; refused: the reason */
    const char *help;     /* NULL: not in it */
} table[] = {
    {"help", 'h', NONE, spawn_take_help, "", "show this"},
    {"version", 0, NONE, spawn_take_version, "", "show the version"},
    {"quiet", 'q', NONE, spawn_take_quiet, "", "no messages of unbrick itself"},
    {"cleanup", 0, NONE, spawn_take_cleanup, "", "take down what a crash left, and stop"},
    {"dry-run", 0, NONE, spawn_take_dry_run, "", "print the plan and stop (not of nspawn)"},

    {"directory", 'D', VALUE, spawn_take_directory, "DIR", "the tree (default: the current one)"},
    {"image", 'i', VALUE, spawn_take_image, "DISK", "a disk or image; again for each of its disks"},
    {"read-only", 0, NONE, spawn_take_read_only, "", "nothing is written to it"},
    {"ephemeral", 'x', NONE, spawn_take_ephemeral, "", "what is written is gone at the end"},
    {"volatile", 0, MAYBE, spawn_take_volatile, "overlay", "the same"},
    {"pivot-root", 0, VALUE, spawn_take_pivot_root, "NEW[:OLD]", "a directory of it as the root"},

    {"boot", 'b', NONE, spawn_take_boot, "", "start its init; arguments are its own"},
    {"as-pid2", 'a', NONE, spawn_take_as_pid2, "", "the command is process 2 below a small init"},
    {"chdir", 0, VALUE, spawn_take_chdir, "DIR", "working directory inside"},
    {"setenv", 'E', VALUE, spawn_take_setenv, "NAME[=VALUE]", "environment of process 1"},
    {"user", 'u', VALUE, spawn_take_user, "USER", "run the command as that user of the tree"},
    {"uid", 0, VALUE, spawn_take_user, NULL, NULL},
    {"kill-signal", 0, VALUE, spawn_take_kill_signal, "SIGNAL", "asks process 1 for an end"},
    {"notify-ready", 0, VALUE, spawn_take_notify_ready, "BOOL",
     "READY=1 to our own manager when process 1 says it"},
    {"personality", 0, VALUE, spawn_take_personality, "ARCH", "x86: what uname shows"},

    {"machine", 'M', VALUE, spawn_take_machine, "NAME", "name of the machine"},
    {"hostname", 0, VALUE, spawn_take_hostname, "NAME", "host name, when it is another"},
    {"uuid", 0, VALUE, spawn_take_uuid, "UUID", "machine id, where the tree has none"},

    {"untrusted", 0, NONE, spawn_take_untrusted, "",
     "root inside is nobody outside (not of nspawn)"},
    {"private-network", 0, NONE, spawn_take_private_network, "", "a network with loopback only"},
    {"network-namespace-path", 0, VALUE, spawn_take_network_namespace, "PATH", "that network"},
    {"capability", 0, VALUE, spawn_take_capability, "CAP,...", "keep further ones; all; help"},
    {"drop-capability", 0, VALUE, spawn_take_drop_capability, "CAP,...", "give up capabilities"},
    {"system-call-filter", 0, VALUE, spawn_take_system_call_filter, "CALL...",
     "allow further ones; ~CALL: refuse"},
    {"selinux-context", 'Z', VALUE, spawn_take_selinux_context, "LABEL",
     "SELinux label of the processes"},
    {"selinux-apifs-context", 'L', VALUE, spawn_take_selinux_apifs_context, "LABEL",
     "the same of what is in /dev, /run, /tmp ..."},

    {"bind", 0, VALUE, spawn_take_bind, "SRC[:DST[:OPT]]", "show a path of the host inside"},
    {"bind-ro", 0, VALUE, spawn_take_bind_ro, "SRC[:DST[:OPT]]", "the same, read-only"},
    {"tmpfs", 0, VALUE, spawn_take_tmpfs, "PATH[:OPT]", "an empty tmpfs"},
    {"overlay", 0, VALUE, spawn_take_overlay, "PATH...:DST", "directories laid over each other"},
    {"overlay-ro", 0, VALUE, spawn_take_overlay_ro, "PATH...:DST", "the same, read-only"},
    {"inaccessible", 0, VALUE, spawn_take_inaccessible, "PATH", "cover a path"},
    {"resolv-conf", 0, VALUE, spawn_take_resolv_conf, "MODE", "bind-host (default), off, ..."},
    {"timezone", 0, VALUE, spawn_take_timezone, "MODE", "off (default), bind, copy, ..."},

    {"console", 0, VALUE, spawn_take_console, "MODE", "interactive, read-only, passive, pipe ..."},
    {"pipe", 'P', NONE, spawn_take_pipe, "", "as --console=pipe"},
    {"set-credential", 0, VALUE, spawn_take_set_credential, "ID:VALUE", "a secret for the payload"},
    {"load-credential", 0, VALUE, spawn_take_load_credential, "ID:PATH", "the same, from a file"},

    {"register", 0, VALUE, spawn_take_no, NULL, NULL},
    {"keep-unit", 0, NONE, spawn_take_keep_unit, NULL, NULL},
    {"settings", 0, VALUE, spawn_take_no, NULL, NULL},
    {"link-journal", 0, VALUE, spawn_take_no, NULL, NULL},
    {"", 'j', NONE, spawn_take_nothing, NULL, NULL}, /* --link-journal=try-guest */
    {"private-users", 0, MAYBE, spawn_take_no, NULL, NULL},
    {"no-new-privileges", 0, VALUE, spawn_take_no, NULL, NULL},
    {"no-pager", 0, NONE, spawn_take_nothing, NULL, NULL},
    {"no-ask-password", 0, NONE, spawn_take_no_ask_password, "", "ask for no passphrase of a disk"},
    {"background", 0, VALUE, spawn_take_nothing, NULL, NULL},
    {"suppress-sync", 0, VALUE, spawn_take_no, NULL, NULL},

    {"", 'U', NONE, NULL, OF_IDS, NULL},
    {"private-users-chown", 0, NONE, NULL, OF_IDS, NULL},
    {"private-users-ownership", 0, VALUE, NULL, OF_IDS, NULL},
    {"private-users-delegate", 0, VALUE, NULL, OF_IDS, NULL},
    {"template", 0, VALUE, NULL, "use `cp -a` for a tree of its own, or --ephemeral", NULL},
    {"image-policy", 0, VALUE, NULL, OF_VERITY, NULL},
    {"root-hash", 0, VALUE, NULL, OF_VERITY, NULL},
    {"root-hash-sig", 0, VALUE, NULL, OF_VERITY, NULL},
    {"verity-data", 0, VALUE, NULL, OF_VERITY, NULL},
    {"mstack", 0, VALUE, NULL, "use --overlay=", NULL},
    {"oci-bundle", 0, VALUE, NULL, "use crun or runc for OCI bundles", NULL},
    {"network-veth", 'n', NONE, NULL, OF_NETWORKD, NULL},
    {"network-veth-extra", 0, VALUE, NULL, OF_NETWORKD, NULL},
    {"network-bridge", 0, VALUE, NULL, OF_NETWORKD, NULL},
    {"network-zone", 0, VALUE, NULL, OF_NETWORKD, NULL},
    {"network-interface", 0, VALUE, NULL, OF_NETWORKD, NULL},
    {"network-macvlan", 0, VALUE, NULL, OF_NETWORKD, NULL},
    {"network-ipvlan", 0, VALUE, NULL, OF_NETWORKD, NULL},
    {"port", 'p', VALUE, NULL, "use the host's network", NULL},
    {"slice", 'S', VALUE, NULL, OF_SYSTEMD, NULL},
    {"property", 0, VALUE, NULL, OF_SYSTEMD, NULL},
    {"forward-journal", 0, VALUE, NULL, "use journalctl inside", NULL},
    {"forward-journal-max-use", 0, VALUE, NULL, "use journalctl inside", NULL},
    {"forward-journal-keep-free", 0, VALUE, NULL, "use journalctl inside", NULL},
    {"forward-journal-max-file-size", 0, VALUE, NULL, "use journalctl inside", NULL},
    {"forward-journal-max-files", 0, VALUE, NULL, "use journalctl inside", NULL},
    {"ambient-capability", 0, VALUE, NULL, "use --user= and sudo inside", NULL},
    {"rlimit", 0, VALUE, NULL, "use `prlimit` inside", NULL},
    {"oom-score-adjust", 0, VALUE, NULL, "use `choom` inside", NULL},
    {"cpu-affinity", 0, VALUE, NULL, "use `taskset CPUS unbrick spawn`", NULL},
    {"bind-user", 0, VALUE, NULL, "use --user= with a user of the tree", NULL},
    {"bind-user-shell", 0, VALUE, NULL, "use --user= with a user of the tree", NULL},
    {"bind-user-group", 0, VALUE, NULL, "use --user= with a user of the tree", NULL},
    {"share-system", 0, NONE, NULL, "use `chroot`, a container keeps its namespaces", NULL},
};

#define COUNT (sizeof table / sizeof table[0])

/* Values that getopt_long() returns for options: 256 and the place in the table. */
#define FIRST 256

static int take_one(struct reader *r, size_t i, const char *value)
{
    if (!table[i].take && !table[i].name[0])
        return error_set(r->e, ERROR_USAGE, -EINVAL, "usage", "-%c is not for a rescue: %s",
                         table[i].letter, table[i].argument);
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
        if (table[i].name[0])
            *options++ = (struct option){
                .name = table[i].name, .has_arg = (int)table[i].has_value, .val = FIRST + (int)i};
        if (!table[i].letter)
            continue;
        *letters++ = table[i].letter;
        if (table[i].has_value)
            *letters++ = ':';
    }
    *options = (struct option){0};
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

static int exclude(struct error *e, const char *one, const char *other)
{
    return error_set(e, ERROR_USAGE, -EINVAL, "usage", "%s and %s exclude each other", one, other);
}

static int check_together(const struct spawn_options *o, const struct container_plan *plan,
                          struct error *e)
{
    if (o->boot && o->as_pid2)
        return exclude(e, "--boot", "--as-pid2");
    if (o->notify_ready && o->as_pid2) /* process 1 is ours, and says nothing */
        return exclude(e, "--notify-ready=yes", "--as-pid2");
    if (o->boot && o->user)
        return exclude(e, "--boot", "--user");
    if (o->directory && o->image_count)
        return exclude(e, "--directory", "--image");
    if (plan->untrusted && o->owner_mapping)
        return exclude(e, "--untrusted", "a bind's rootidmap or owneridmap");
    if (plan->untrusted && plan->network_namespace)
        return exclude(e, "--untrusted", "--network-namespace-path");
    if (plan->private_network && plan->network_namespace)
        return exclude(e, "--private-network", "--network-namespace-path");
    return 0;
}

int spawn_options_read(struct spawn_options *ret, struct container_plan *plan, int argc,
                       char **argv, struct error *e)
{
    struct reader r = {.o = ret, .plan = plan, .e = e};
    struct option options[COUNT + 1];
    char letters[3 * COUNT + 3];
    int code = container_plan_init(plan, "rescue", e), c;

    *ret = (struct spawn_options){.arguments = argv + argc};
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
    ret->arguments = argv + optind;
    code = check_together(ret, plan, e);
    if (code == 0 && plan->untrusted && container_plan_distrust(plan) < 0)
        code = error_errno(e, -ENOMEM, "cannot plan the container");
    return code;
}

bool spawn_options_at(size_t i, struct spawn_option *ret)
{
    if (i >= COUNT)
        return false;
    *ret = (struct spawn_option){.name = table[i].name,
                                 .letter = table[i].letter,
                                 .has_value = table[i].has_value == VALUE,
                                 .refused = !table[i].take};
    return true;
}

void spawn_options_free(struct spawn_options *o)
{
    free((char *)o->pivot_new);
    o->pivot_new = o->pivot_old = NULL;
}

void spawn_options_print_help(void)
{
    printf("unbrick spawn [OPTION...] [--] [COMMAND [ARGUMENT...]]\n\n");
    ui_print_field(0, "",
                   "Run a command, or with --boot the init, in a directory tree as in a machine of "
                   "its own, with the options of systemd-nspawn(1).");
    printf("\n");
    for (size_t i = 0; i < COUNT; i++) {
        const char *before = table[i].has_value == NONE    ? ""
                             : table[i].has_value == MAYBE ? "[="
                                                           : "=";
        char left[64], indented[72];

        if (!table[i].help)
            continue;
        snprintf(left, sizeof left, "%c%c --%s%s%s%s", table[i].letter ? '-' : ' ',
                 table[i].letter ? table[i].letter : ' ', table[i].name, before, table[i].argument,
                 table[i].has_value == MAYBE ? "]" : "");
        snprintf(indented, sizeof indented, "  %s", left);
        ui_print_field(34, indented, table[i].help);
    }
}
