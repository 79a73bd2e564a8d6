/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command table and the global options; the one place that prints errors and exits. */

#include "base/nearest.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/list.h"
#include "faults/fault.h"
#include "libraries/libraries.h"
#include "session/interrupt.h"
#include "session/taken.h"
#include "terminal/ui.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command {
    const char *name;
    unsigned bit;
    int (*run)(const struct options *o, struct error *e);
    const char *arguments, *help;
    int failure_status; /* of our own failures; 0: by kind of the error */
} commands[] = {
    {"list", FOR_LIST, command_list, "[TARGET...]", "which disk holds which system; writes nothing",
     0},
    {"boot", FOR_BOOT, command_boot, "TARGET... [-- ARGS]", "rescue shell in its own system", 0},
    {"examine", FOR_EXAMINE, command_examine, "TARGET...", "why it does not boot; writes nothing",
     0},
    {"repair", FOR_REPAIR, command_repair, "TARGET... [ID...]",
     "apply the remedies, each shown before", 0},
    {"shell", FOR_SHELL, command_shell, "TARGET... [-- COMMAND]",
     "the same without its init, or a command", 125},
    {"enter", FOR_ENTER, command_enter, "[NAME] [-- COMMAND]",
     "a second shell in an open session, or its lost console", 125},
    {"stop", FOR_STOP, command_stop, "[NAME]", "end an open session from elsewhere", 0},
    {"mount", FOR_MOUNT, command_mount, "TARGET... DIR", "its file systems below a directory", 0},
    {"umount", FOR_UMOUNT, command_umount, "DIR", "take that down again", 0},
    {"status", FOR_STATUS, command_status, "", "what is open on this host", 0},
    {"cleanup", FOR_CLEANUP, command_cleanup, "", "take down what a crash left", 0},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_command(const char *name, const char *arguments, const char *help)
{
    char left[64];

    snprintf(left, sizeof left, "  %-8s%s", name, arguments);
    ui_print_field(34, left, help);
}

static void print_help(const struct command *only)
{
    if (only) {
        printf("unbrick %s%s%s%s\n  %s\n\n", only->name, " [OPTIONS]",
               only->arguments[0] ? " " : "", only->arguments, only->help);
        options_print_help(only->bit);
        return;
    }
    printf("unbrick: make a Linux disk boot again\n\n"
           "  unbrick [OPTIONS] COMMAND TARGET...\n\n");
    ui_print_field(0, "", "A TARGET is a disk, a partition, an image file or a directory.");
    printf("\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        print_command(commands[i].name, commands[i].arguments, commands[i].help);
    print_command("spawn", "[OPTIONS] [COMMAND]", "the container engine alone (options of nspawn)");
    printf("\n");
    options_print_common_help();
    printf("\n");
    ui_print_field(0, "",
                   "The options of a command: unbrick help COMMAND. All of it: man unbrick.");
    ui_print_field(0, "",
                   "Exit status: 0 done, 1 failed, 2 usage, 3 refused, 4 no usable target, "
                   "5 file-system errors left, 6 the host lacks something.");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int no_command(const char *word, struct error *e)
{
    const char *names[COMMAND_COUNT + 1], *meant;

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    names[COMMAND_COUNT] = "spawn";
    meant = nearest_word(word, names, COMMAND_COUNT + 1);
    (void)error_set(e, ERROR_USAGE, -EINVAL, "usage", "there is no command \"%s\"",
                    text_safe(word));
    if (meant)
        (void)error_advise(e, "is `unbrick %s` meant?", meant);
    else if (access(word, F_OK) == 0)
        (void)error_advise(e, "the command comes first: unbrick boot %s", shell_word(word));
    else
        (void)error_advise(e,
                           "unbrick --help shows what there is; the main one: unbrick boot DISK");
    return ERROR_USAGE;
}

/* A word that is no target may have been meant for something else. */
static void explain_word(const struct options *o, struct error *e)
{
    for (unsigned i = 0; i < o->target_count; i++) {
        const char *word = o->targets[i];

        if (access(word, F_OK) == 0)
            continue;
        if (find_command(word))
            (void)error_advise(e, "\"%s\" is a command: give one only", word);
        else if (fault_find(word))
            (void)error_advise(e, "\"%s\" is the id of a finding: unbrick repair TARGET %s", word,
                               word);
        return;
    }
}

static void print_error_json(const struct command *c, const struct error *e, int status)
{
    json_t *document = json_object();

    json_object_set_new(document, "schema", json_string("unbrick.error/1"));
    if (c)
        json_object_set_new(document, "command", json_string(c->name));
    json_object_set_new(document, "status", json_integer(status));
    json_object_set_new(document, "reason", json_string(e->reason));
    json_object_set_new(document, "message", json_string(e->text));
    if (e->advice[0])
        json_object_set_new(document, "advice", json_string(e->advice));
    (void)json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
}

/* A command of the patient that could not be executed has the statuses that a shell gives. */
static int failure_status(const struct command *c, const struct error *e, int status)
{
    if (!c || !c->failure_status || e->kind > 128) /* a signal, ERROR_INTERRUPTED among them */
        return status;
    if (strcmp(e->reason, "command-not-found") == 0)
        return 127;
    if (strcmp(e->reason, "command-not-executable") == 0)
        return 126;
    return c->failure_status;
}

static int report(const struct options *o, const struct command *c, const struct error *e,
                  int status)
{
    struct error output = {0};

    if (e->code) {
        status = failure_status(c, e, status);
        if (o->ui.json)
            print_error_json(c, e, status);
        else
            ui_error("%s%s%s", e->text, e->advice[0] ? "\n" : "", e->advice);
    }
    if (ui_flush_output(&output) < 0) {
        ui_error("%s", output.text);
        status = e->code ? status : (int)output.kind; /* 1 would be an answer of examine's */
    }
    return status;
}

/* `unbrick` alone: show what there is, and on a terminal go on with the one that is chosen. */
static int list_and_boot(struct options *o, const struct command **ret_command, struct error *e)
{
    static char target[4096], system[256];
    static char *targets[] = {target, NULL};
    int r = list_ask(o, target, sizeof target, system, sizeof system, e);

    *ret_command = find_command(r == 1 ? "boot" : "list");
    if (r == -EINTR)
        (void)error_set(e, ERROR_INTERRUPTED, r, "interrupted", "nothing was chosen");
    if (r == -EINTR)
        return ERROR_INTERRUPTED;
    if (r <= 0)
        return r < 0 ? (int)e->kind : 0;
    o->targets = targets;
    o->target_count = 1;
    o->system = system;
    r = command_boot(o, e);
    o->targets = NULL;
    o->target_count = 0;
    return r;
}

static int run(int argc, char **argv, struct options *o, const struct command **ret_command,
               struct error *e)
{
    const struct command *c;
    int next = argc, r;

    r = options_read(o, argc, argv, 1, FOR_ALL, true, &next, e);
    if (r < 0)
        return e->kind;
    ui_setup(&o->ui);
    if (o->version) {
        printf("unbrick %s\n", UNBRICK_VERSION);
        return 0;
    }
    if (next >= argc) {
        if (o->help) {
            print_help(NULL);
            return 0;
        }
        return list_and_boot(o, ret_command, e);
    }
    if (strcmp(argv[next], "help") == 0) {
        c = next + 1 < argc ? find_command(argv[++next]) : NULL;
        if (c || strcmp(argv[next], "help") == 0) {
            print_help(c);
            return 0;
        }
    } else {
        c = find_command(argv[next]);
    }
    if (!c)
        return no_command(argv[next], e);
    *ret_command = c;
    r = options_read(o, argc, argv, next + 1, c->bit, false, NULL, e);
    ui_setup(&o->ui);
    if (r < 0)
        return e->kind;
    if (o->help) {
        print_help(c);
        return 0;
    }
    r = c->run(o, e);
    if (e->code && strcmp(e->reason, "no-such-target") == 0)
        explain_word(o, e);
    return r;
}

int main(int argc, char **argv)
{
    const struct command *command = NULL;
    struct error e = {0};
    struct options o;
    int status;

    interrupt_setup();
    if (argc > 1 && strcmp(argv[1], "spawn") == 0) {
        status = command_spawn(argc - 1, argv + 1);
        taken_report(status);
        return status;
    }
    options_init(&o);
    ui_setup(&o.ui);
    status = libraries_load(&e) < 0 ? (int)e.kind : run(argc, argv, &o, &command, &e);
    status = report(&o, command, &e, status);
    options_free(&o);
    taken_report(status);
    return status;
}
