/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of `unbrick spawn`: systemd-nspawn(1)'s names, short forms and argument syntax,
 * as far as a rescue needs them. Pure: arguments in, a container plan out. */

#include "base/error.h"
#include "container/plan.h"

enum spawn_console {
    SPAWN_CONSOLE_INTERACTIVE, /* a terminal of the container's own, whatever ours are */
    SPAWN_CONSOLE_PIPE,
    SPAWN_CONSOLE_AUTOPIPE, /* interactive when standard input and output are terminals */
};

struct spawn_options {
    const char *directory; /* borrowed from argv; "." when not given */
    bool boot, as_pid2, quiet, private_network, read_only, help, version, resolv_conf;
    enum spawn_console console;
    bool raw_console; /* its output is not filtered: ours, nspawn has no filter */
    int kill_signal;  /* 0: the default of what is started */
    char **arguments; /* borrowed: the command, or further arguments of the init */
};

/*
 * Read @argv (argv[0] is "spawn"), and put what concerns the container into *plan, which is
 * initialised here and belongs to the caller also after a failure. Values are checked before
 * anything is touched. 0, or -EINVAL with ERROR_USAGE.
 */
int spawn_options_read(struct spawn_options *ret, struct container_plan *plan, int argc,
                       char **argv, struct error *e);

/* One line an option, for --help. */
void spawn_options_print_help(void);
