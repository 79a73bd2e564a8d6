/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/console_private.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 0x03
#define CTRL_D 0x04

/* How often the end of input is sent again. */
#define END_AGAIN_MS 500

static enum console_event end_of_input(struct console *c)
{
    c->in_fd = -1;
    if (c->in_is_terminal)
        return CONSOLE_HANGUP;
    c->input_ended = true;
    c->end_next_ms = console_now_ms() + CONSOLE_END_SETTLE_MS;
    return CONSOLE_NOTHING;
}

/* While the shell is not there yet nobody inside can act on Ctrl-C, so it means us. */
static bool holds_ctrl_c(const struct console *c, const char *data, size_t size)
{
    if (!c->hold_input)
        return false;
    for (size_t i = 0; i < size; i++)
        if (data[i] == CTRL_C)
            return true;
    return false;
}

static enum console_event event_of(enum escape_action action)
{
    switch (action) {
    case ESCAPE_END:
        return CONSOLE_ESCAPE;
    case ESCAPE_POWEROFF:
        return CONSOLE_POWEROFF;
    case ESCAPE_REBOOT:
        return CONSOLE_REBOOT;
    case ESCAPE_NOTHING:
        break;
    }
    return CONSOLE_NOTHING;
}

bool console_wants_input(const struct console *c)
{
    if (c->in_fd < 0)
        return false;
    /* A terminal is read even when nobody takes the bytes: the escape key may be among them. */
    return c->in_is_terminal || (!c->hold_input && console_buffer_room(&c->input) > 0);
}

enum console_event console_read_input(struct console *c)
{
    char data[4096];
    size_t want = sizeof data, forward;
    ssize_t n;
    enum escape_action action = ESCAPE_NOTHING;

    if (!c->in_is_terminal && console_buffer_room(&c->input) < want)
        want = console_buffer_room(&c->input);
    n = read(c->in_fd, data, want);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return CONSOLE_NOTHING;
    if (n <= 0)
        return end_of_input(c);
    /* Only a person presses keys; a pipe may carry any bytes. */
    forward = (size_t)n;
    if (c->in_is_terminal)
        action = escape_key_scan(&c->escape, (unsigned char *)data, (size_t)n, console_now_ms(),
                                 &forward);
    if (c->in_is_terminal && holds_ctrl_c(c, data, (size_t)n))
        return CONSOLE_INTERRUPT;
    (void)console_buffer_append(&c->input, data, forward);
    return event_of(action);
}

void console_write_pty(struct console *c)
{
    while (!c->hold_input && !c->pty_down && c->input.size > 0) {
        const char *head = console_buffer_head(&c->input);
        ssize_t n = write(c->pty_fd, head, c->input.size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EIO)
            console_pty_is_down(c);
        if (n <= 0)
            return;
        c->line_is_partial = head[n - 1] != '\n' && head[n - 1] != '\r';
        console_buffer_consume(&c->input, (size_t)n);
        c->end_next_ms = console_now_ms() + CONSOLE_END_SETTLE_MS;
    }
}

/* How many bytes the payload has not read yet; -1 unknown. Only the slave side can tell
 * (ioctl_tty(2): TIOCGPTPEER, Linux 4.13); it is opened for no longer than the question takes. */
static int pty_unread(int pty_fd)
{
    _cleanup_fd_ int slave = ioctl(pty_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    int unread = 0;

    if (slave < 0 || ioctl(slave, FIONREAD, &unread) < 0)
        return -1;
    return unread;
}

/*
 * The end-of-file character means an end of file only on an empty line, and only to who reads it:
 * typed ahead while a command runs it is stored in the line buffer and becomes a NUL when the shell
 * switches to its line editor (n_tty.c: __DISABLED_CHAR). So it is sent when everything before it
 * was read, and again as long as the payload goes on without input.
 */
enum console_event console_send_end(struct console *c)
{
    struct termios t;
    char byte = CTRL_D;
    long long now = console_now_ms();

    if (!c->input_ended || c->hold_input || c->pty_down || c->input.size > 0 ||
        now < c->end_next_ms)
        return CONSOLE_NOTHING;
    c->end_next_ms = now + END_AGAIN_MS;
    if (pty_unread(c->pty_fd) > 0)
        return CONSOLE_NOTHING;
    /* On Linux the master answers with the slave's settings (tty_ioctl.c: tty_mode_ioctl). */
    if (tcgetattr(c->pty_fd, &t) == 0) {
        if (t.c_cc[VEOF] != _POSIX_VDISABLE)
            byte = (char)t.c_cc[VEOF];
        /* A line editor takes ^D in the middle of a line for a key of its own. */
        if (c->line_is_partial && !(t.c_lflag & ICANON))
            byte = '\n';
    }
    if (write(c->pty_fd, &byte, 1) != 1)
        return CONSOLE_NOTHING;
    if (c->line_is_partial) {
        /* It ended the line; the end of the input is the next one. */
        c->line_is_partial = false;
        c->end_next_ms = now + CONSOLE_END_SETTLE_MS;
        return CONSOLE_NOTHING;
    }
    if (c->end_was_sent)
        return CONSOLE_NOTHING;
    c->end_was_sent = true;
    return CONSOLE_INPUT_END;
}
