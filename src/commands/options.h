/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options that mean the same in every command: one table (options.c) gives the parser, --help
 * and the check that a command takes them. `spawn` alone has options of its own (systemd-nspawn's).
 */

#include "base/error.h"
#include "storage/check.h"
#include "terminal/ui.h"

#include <stdbool.h>

/* Which commands take an option; values of the command table in main.c. */
enum command_bit {
    FOR_LIST = 1 << 0,
    FOR_BOOT = 1 << 1,
    FOR_SHELL = 1 << 2,
    FOR_MOUNT = 1 << 3,
    FOR_UMOUNT = 1 << 4,
    FOR_STATUS = 1 << 5,
    FOR_CLEANUP = 1 << 6,
    FOR_EXAMINE = 1 << 7,
    FOR_REPAIR = 1 << 8,
    FOR_ENTER = 1 << 9,
    FOR_STOP = 1 << 10,
    FOR_WRITER = FOR_BOOT | FOR_SHELL | FOR_MOUNT | FOR_REPAIR, /* may write to the disk */
    FOR_PATIENT = FOR_WRITER | FOR_EXAMINE,
    FOR_SESSION = FOR_BOOT | FOR_SHELL,
    FOR_INSIDE = FOR_SESSION | FOR_ENTER, /* what stands behind "--" goes to what runs inside */
    FOR_ALL = (1 << 11) - 1,
};

struct options {
    /* About the patient. */
    bool read_only;
    enum check_mode fsck;
    const char *system;
    const char *key_file, *luks_header;
    bool degraded;
    bool dry_run;
    /* About the session. */
    int escape;                         /* byte; -1 none */
    bool raw_console;                   /* the console's output is not filtered */
    char **binds, **binds_ro, **setenv; /* NULL-ended; NULL when none */
    bool private_network, network_chosen;
    bool untrusted; /* the disk may have been prepared by an attacker */
    const char *log;
    const char *run; /* boot: --run FILE */
    bool login;
    bool host_tools, no_mount;
    bool take; /* enter: the console, although another terminal has it */
    bool kill; /* stop: at once */
    /* examine */
    bool quick, strict, list_faults, each;
    const char *html;              /* file for the report */
    const struct machine *machine; /* --for: faults/machine.h; NULL: not said */
    /* repair */
    const char *root_password; /* file, "-" standard input, "" ask at the terminal; NULL: no */
    const char *unlock;        /* a user */
    const char *ssh_key;       /* USER:FILE */
    /* About the output. */
    struct ui_settings ui;
    bool help, version;
    const char *took_option, *took_value; /* the last whose value was the next word; NULL: none */
    /* What is left. */
    char **targets; /* the words that are no options; with FOR_INSIDE those before "--" */
    unsigned target_count;
    char **args; /* FOR_INSIDE: the words after "--", NULL-ended; NULL when there was none */
};

/* Start values. */
void options_init(struct options *o);

/*
 * Read @argv[@first..]. Options and targets may be mixed; behind "--" there are no more options,
 * and with a command of FOR_INSIDE no more targets. Strings are borrowed from @argv. Returns 0, or
 * -EINVAL with ERROR_USAGE: unknown option, bad value, or an option that the command @bit does not
 * take. With @stop_at_word reading ends at the first word that is no option (the command itself);
 * its index goes to *ret_next (may be NULL).
 */
int options_read(struct options *o, int argc, char **argv, int first, unsigned bit,
                 bool stop_at_word, int *ret_next, struct error *e);

void options_free(struct options *o);

/* Print the options of the commands in @bits to stdout, at the terminal's width. */
void options_print_help(unsigned bits);

/* The same with those that go with every command. */
void options_print_common_help(void);
