/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The verbs. Each takes the options as read, calls the layers below, prints results to stdout and
 * returns an exit status; a failure is recorded in *e for main() to print, and the status is then
 * e->kind.
 */

#include "base/error.h"
#include "commands/options.h"

int command_list(const struct options *o, struct error *e);
int command_boot(const struct options *o, struct error *e);
int command_shell(const struct options *o, struct error *e);
int command_enter(const struct options *o, struct error *e);
int command_stop(const struct options *o, struct error *e);
int command_mount(const struct options *o, struct error *e);
int command_umount(const struct options *o, struct error *e);
int command_examine(const struct options *o, struct error *e);
int command_repair(const struct options *o, struct error *e);
int command_status(const struct options *o, struct error *e);
int command_cleanup(const struct options *o, struct error *e);

/* nspawn's option names and statuses: reads its arguments itself, prints its own errors. */
int command_spawn(int argc, char **argv);
