/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by console.c and console_input.c only. */

#include "terminal/console.h"
#include "terminal/console_buffer.h"
#include "terminal/escape_key.h"

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
    struct escape_key escape;

    struct console_buffer input;  /* for the pty */
    struct console_buffer output; /* for the user */
    struct console_buffer held;   /* output that waits for console_release_output() */

    bool pty_down;          /* nobody has the other side open right now */
    long long pty_retry_ms; /* when to look again */
    unsigned pty_wait_ms;   /* how long the next pause is */

    bool input_ended;     /* end of a terminal-less input was read */
    bool line_is_partial; /* what went to the pty last was no line end */
    bool end_was_sent;
    long long end_next_ms; /* when to send the end of input (again) */

    bool output_used_escapes; /* colours and modes of the terminal may have been changed */
    char last_output;
    int output_error; /* negative errno of a failed write; 0 */
};

long long console_now_ms(void);

/* Read what the user typed or the pipe brings. May return CONSOLE_ESCAPE or CONSOLE_HANGUP. */
enum console_event console_read_input(struct console *c);

/* True when input should be polled. */
bool console_wants_input(const struct console *c);

/* Hand buffered input to the pty. */
void console_write_pty(struct console *c);

/* Tell the payload that there is no more input, when it is time to. */
enum console_event console_send_end(struct console *c);

/* Reading or writing the pty said EIO: nobody has the other side open. Look again later. */
void console_pty_is_down(struct console *c);
