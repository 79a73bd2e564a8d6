/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the console*.c files only. */

#include "terminal/console.h"
#include "terminal/console_buffer.h"
#include "terminal/escape_key.h"
#include "terminal/filter.h"

/* The end of input is sent this long after the last byte, or after the shell said that it is there:
 * its line editor is then ready to take it. */
#define CONSOLE_END_SETTLE_MS 100

struct console {
    int in_fd;  /* -1: none, or it has ended */
    int out_fd; /* ours when own_out_fd is it: a second, non-blocking opening of the same */
    int own_out_fd;
    int pty_fd, log_fd;
    bool in_is_terminal, out_is_terminal;
    bool hold_input, hold_output;
    bool heard;    /* output came since console_discard_held_output() */
    bool detached; /* there is no terminal at the moment */
    bool unfiltered;
    struct filter filter; /* sees all output, also where it changes nothing: it knows the modes */
    struct escape_key escape;

    struct console_buffer input;  /* for the pty */
    struct console_buffer output; /* for the user */
    struct console_buffer held; /* output that waits for console_release_output(), or a terminal */

    bool pty_down;          /* nobody has the other side open right now */
    long long pty_retry_ms; /* when to look again */
    unsigned pty_wait_ms;   /* how long the next pause is */

    bool input_ended;     /* end of a terminal-less input was read */
    bool line_is_partial; /* what went to the pty last was no line end */
    bool end_was_sent;
    long long end_next_ms; /* when to send the end of input (again) */

    char last_output;
    int output_error; /* negative errno of a failed write; 0 */
};

long long console_now_ms(void);

/* Take over what @in_fd and @out_fd are. 0 or a negative errno, with nothing taken over. */
int console_take_terminal(struct console *c, int in_fd, int out_fd);

/* Put the terminal back: modes and colours, a line of its own for what comes, its settings. */
void console_leave_terminal(struct console *c);

/* Hand buffered output to the user, as much as is taken now. */
void console_write_output(struct console *c);

/* Is output kept back now? */
bool console_holds_output(const struct console *c);

/* Move as much as fits of what was held to the user. */
void console_move_held(struct console *c);

/* Read what the user typed or the pipe brings: an escape key, CONSOLE_HANGUP, or nothing. */
enum console_event console_read_input(struct console *c);

/* True when input should be polled. */
bool console_wants_input(const struct console *c);

/* Hand buffered input to the pty. */
void console_write_pty(struct console *c);

/* Tell the payload that there is no more input, when it is time to. */
enum console_event console_send_end(struct console *c);

/* Reading or writing the pty said EIO: nobody has the other side open. Look again later. */
void console_pty_is_down(struct console *c);
