/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of `unbrick spawn`: systemd-nspawn(1)'s names, short forms and argument syntax,
 * as far as a rescue needs them. Arguments in, a container plan out; nothing is touched. */

#include "base/error.h"
#include "container/plan.h"
#include "session/patient.h"

enum spawn_console {
    SPAWN_CONSOLE_DEFAULT,     /* interactive when standard input and output are terminals, else
                                  read-only */
    SPAWN_CONSOLE_INTERACTIVE, /* a terminal of the container's own, whatever ours are */
    SPAWN_CONSOLE_READ_ONLY,   /* the same, and our standard input is not read */
    SPAWN_CONSOLE_PASSIVE,     /* a terminal that nobody looks at */
    SPAWN_CONSOLE_PIPE,        /* our standard descriptors are the payload's */
    SPAWN_CONSOLE_AUTOPIPE,    /* interactive when standard input and output are terminals, else
                                  pipe */
};

/* What happens to a file of the tree (--resolv-conf=, --timezone=). Only what is asked for by name
 * writes to the tree. */
enum spawn_file_mode {
    SPAWN_FILE_DEFAULT,
    SPAWN_FILE_OFF,
    SPAWN_FILE_BIND,    /* the host's is laid over it */
    SPAWN_FILE_COPY,    /* written, unless there is something else than a regular file */
    SPAWN_FILE_REPLACE, /* written in place of whatever is there */
    SPAWN_FILE_LINK,    /* a link to the tree's own file of that name, as on the host */
    SPAWN_FILE_DELETE,
};

struct spawn_file {
    enum spawn_file_mode mode;
    const char *source; /* path of the host */
};

struct spawn_options {
    const char *directory; /* borrowed from argv, as all of these; NULL: the current one */
    const char *images[PATIENT_TARGETS_MAX]; /* the disks of one machine */
    unsigned image_count;                    /* 0: a directory */
    const char *pivot_new, *pivot_old;       /* owned by this struct; --pivot-root=NEW:OLD; NULL */
    const char *user;                        /* NULL: root */
    bool owner_mapping;                      /* a bind's rootidmap or owneridmap */
    bool keep_unit;                          /* no scope of the host's systemd */
    bool boot, as_pid2, quiet, help, version, cleanup, list_capabilities, dry_run;
    bool personality_chosen; /* --personality= */
    bool notify_ready;       /* our own READY=1 waits for that of process 1 */
    bool no_passphrase;      /* --no-ask-password */
    enum spawn_console console;
    bool raw_console; /* its output is not filtered: ours, nspawn has no filter */
    struct spawn_file resolv_conf, timezone;
    int kill_signal;  /* 0: the default of what is started */
    char **arguments; /* the command, or further arguments of the init */
};

/*
 * Read @argv (argv[0] is "spawn"), and put what concerns the container into *plan, which is
 * initialised here. Both belong to the caller also after a failure. Values are checked before
 * anything is touched. 0, or -EINVAL with ERROR_USAGE.
 */
int spawn_options_read(struct spawn_options *ret, struct container_plan *plan, int argc,
                       char **argv, struct error *e);
void spawn_options_free(struct spawn_options *o);

/* An option of the table; .name is "" where there is a letter alone. */
struct spawn_option {
    const char *name;
    char letter;
    bool has_value, refused;
};

/* The options one after the other, @i from 0 on. False when there are no more. */
bool spawn_options_at(size_t i, struct spawn_option *ret);

/* One line an option, for --help. */
void spawn_options_print_help(void);
