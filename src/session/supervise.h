/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The event loop while a container runs: console, control FIFO, signals, the pipes of --run, and
 * the way out. Whatever happens the loop ends with the payload dead and the terminal restored.
 */

#include "base/error.h"
#include "container/container.h"
#include "container/plan.h"
#include "session/pump.h"
#include "terminal/console.h"

#include <stdbool.h>

#define SUPERVISE_PUMPS 3

struct supervise_options {
    const char *dir; /* of the session, for the socket of `unbrick enter`; NULL: nobody can enter */
    const struct container_plan *plan; /* what enters gets its privileges */
    char *const
        *shell;        /* and this, when it names no command; NULL: the first shell that is there */
    int in_fd, out_fd; /* the user's terminal or what stands for it */
    int escape;        /* byte of the escape key, -1 none */
    int log_fd;        /* transcript, -1 none */
    bool unfiltered;   /* --console=raw */
    int control_fd;    /* FIFO with lines "ready", "exit N", "poweroff", "reboot"; -1: none, then
                          the payload counts as ready from the start */
    int gate_fd; /* .on_ready also waits until this is readable, or .gate_ms after "ready"; -1 */
    int gate_ms;
    bool waits_for_output; /* ready, its input still waits until the payload has said something, for
                              a moment: an interactive shell that begins would die of a Ctrl-C */
    int stop_signal;       /* what asks the payload for an orderly end; 0: there is no such way */
    int poweroff_signal, reboot_signal; /* for the keys that ask for these; 0: stop_signal */
    unsigned stop_seconds;              /* deadline of an orderly end, with a visible countdown */
    unsigned grace_seconds;             /* how long it goes on without a terminal */
    void (*on_ready)(void *userdata, struct console *c); /* may be NULL; @c NULL without a pty */
    void *userdata;
    void (*on_notify)(void); /* process 1 says that it has booted, the first time; may be NULL */
    struct pump *pumps;      /* stdin, stdout and stderr of --run; the first waits for ready */
    unsigned pump_count;     /* at most SUPERVISE_PUMPS */
};

enum supervise_end {
    SUPERVISE_PAYLOAD,  /* the payload ended by itself: container_how_ended() tells how */
    SUPERVISE_EXIT,     /* the shell or script ended: .code */
    SUPERVISE_POWEROFF, /* asked for inside, or by the escape key and p */
    SUPERVISE_REBOOT,   /* asked for inside, or by the escape key and r */
    SUPERVISE_ESCAPE,   /* the escape key */
    SUPERVISE_STOPPED,  /* `unbrick stop` */
    SUPERVISE_SIGNAL,   /* SIGTERM, SIGINT: number in .code */
    SUPERVISE_HANGUP,   /* the terminal was lost and the grace time is over */
};

struct supervise_result {
    enum supervise_end end;
    int code;
    bool killed; /* it did not end in order in time, or was told to be killed at once */
    bool ready;  /* the shell was reached */
};

/* Run until the payload is dead. 0 or a negative errno (the payload is dead then, too). */
int supervise(struct container *c, const struct supervise_options *o, struct supervise_result *ret,
              struct error *e);
