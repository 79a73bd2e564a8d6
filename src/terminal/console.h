/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Forwards between the user's terminal and the master side of the container's pty: raw mode,
 * window size, 8-bit clean, an escape sequence, output to a transcript. Owns no event loop: the
 * caller polls what console_poll() asks for and calls console_handle().
 */

#include "base/error.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define CONSOLE_POLL_MAX 4

struct console; /* opaque */

struct console_options {
    int in_fd, out_fd; /* usually 0 and 1; either may be no terminal */
    int escape;        /* byte of the escape key (0x1d: ^]); -1: none */
    int log_fd;        /* transcript of what is shown, whether held back or not; -1: none */
    bool unfiltered;   /* let every byte of the payload through to a terminal, and to the log. Else
                          what filter.h says; what is no terminal gets every byte in any case */
    bool hold_input;   /* keep input back until console_release_input() (the shell is ready) */
    bool hold_output;  /* keep output back (at most 64 KiB, the oldest goes) until
                          console_release_output(): boot messages before the banner */
};

enum console_event {
    CONSOLE_NOTHING,
    CONSOLE_ESCAPE,        /* escape key three times within a second: end in order */
    CONSOLE_INTERRUPT,     /* Ctrl-C while input is held: nobody else would hear it */
    CONSOLE_POWEROFF,      /* escape key twice, then p */
    CONSOLE_REBOOT,        /* escape key twice, then r */
    CONSOLE_INPUT_END,     /* end of input on a terminal-less stdin; ^D was sent to the pty */
    CONSOLE_HANGUP,        /* the user's terminal is gone (EIO, SIGHUP) */
    CONSOLE_OUTPUT_FAILED, /* writing the output failed (disk full, EPIPE) */
};

/* Take over @options->in_fd when it is a terminal (raw mode; restored by console_free() and, from
 * an atexit-safe path, by console_restore_terminal()). @pty_fd is borrowed, made non-blocking.
 * EIO on the master is not the end: between two openers of the slave there is none. */
int console_new(struct console **ret, int pty_fd, const struct console_options *options,
                struct error *e);

/* Fill @fds (CONSOLE_POLL_MAX) with what to wait for. Returns how many. *ret_timeout_ms: when
 * console_handle() wants to be called anyway, -1 never. */
unsigned console_poll(struct console *c, struct pollfd *fds, int *ret_timeout_ms);

/* After poll(2): move bytes. */
enum console_event console_handle(struct console *c, const struct pollfd *fds, unsigned count);

void console_release_input(struct console *c);
void console_release_output(struct console *c);
/* Hold it back again, after what the pty has at this moment. */
void console_hold_output(struct console *c);
/* Drop held output instead of showing it. */
void console_discard_held_output(struct console *c);
/* Has the payload said anything since then? */
bool console_has_heard(const struct console *c);

/* Print text of ours through the user's terminal while it is raw: \n becomes \r\n. */
void console_print(struct console *c, const char *text);

/* After SIGWINCH. */
void console_window_changed(struct console *c);

/*
 * The terminal is lost, or meant for somebody else: put it back as far as that is possible, and let
 * go of it. The payload's output is taken on all the same, since a full pty would stop it, and the
 * last 64 KiB are held.
 */
void console_detach(struct console *c);

/* Another terminal, after console_detach(): it gets what was held, and the payload is made to draw
 * anew. 0 or a negative errno (it stays detached). */
int console_attach(struct console *c, int in_fd, int out_fd, struct error *e);

/* Forward what the pty still holds (at most @wait_ms), then restore the terminal. NULL is fine. */
void console_free(struct console *c, int wait_ms);

/* Give the terminal back before _exit() in a fatal path, and forget what was typed or answered by
 * it and not read. Async-signal-safe. */
void console_restore_terminal(void);
