/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The user's side of the console: a terminal is taken over, given back, and another one taken. */

#include "terminal/console_private.h"
#include "terminal/encoding.h"
#include "terminal/raw_mode.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * O_NONBLOCK belongs to the open file description, which we share with the shell that started us;
 * set there it would stay after us. So a terminal or pipe is opened a second time. Where that
 * fails (a socket, another user's terminal) writes may block, and that is all.
 */
static void open_output(struct console *c, int fd)
{
    struct stat st;
    char path[32];

    c->own_out_fd = -1;
    c->out_fd = fd;
    c->out_is_terminal = isatty(fd);
    if (!c->out_is_terminal && (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode)))
        return;
    c->own_out_fd = open(fd_path(fd, path), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (c->own_out_fd >= 0)
        c->out_fd = c->own_out_fd;
}

void console_window_changed(struct console *c)
{
    struct winsize size, known;

    if ((!c->out_is_terminal || ioctl(c->out_fd, TIOCGWINSZ, &size) < 0) &&
        (!c->in_is_terminal || c->in_fd < 0 || ioctl(c->in_fd, TIOCGWINSZ, &size) < 0))
        return;
    /* A serial line says 0 by 0, which is no size to pass on. */
    if (size.ws_row == 0 || size.ws_col == 0)
        return;
    if (ioctl(c->pty_fd, TIOCGWINSZ, &known) == 0 && memcmp(&known, &size, sizeof size) == 0)
        return;
    (void)ioctl(c->pty_fd, TIOCSWINSZ, &size);
}

int console_take_terminal(struct console *c, int in_fd, int out_fd)
{
    int r;

    c->in_fd = in_fd;
    c->in_is_terminal = in_fd >= 0 && isatty(in_fd);
    open_output(c, out_fd);
    r = c->in_is_terminal ? raw_mode_enter(in_fd) : 0;
    if (r < 0) {
        c->in_is_terminal = c->out_is_terminal = false;
        c->own_out_fd = fd_close(c->own_out_fd);
        c->in_fd = c->out_fd = -1;
        return r;
    }
    c->output_error = 0;
    c->last_output = 0;
    console_window_changed(c);
    return 0;
}

/* What ran inside may have been killed in a full-screen program. Where everything went through
 * there may be more than the filter knows of: no focus, motion or paste reports, synchronized
 * output or keys that are told in another way. */
static void reset_terminal(struct console *c)
{
    static const char more[] = "\033[?25h\033[?9l\033[?1003l\033[?1004l\033[?1005l\033[?1015l"
                               "\033[?2004l\033[?2026l\033[?6l\033[?69l";
    char modes[FILTER_MODES_MAX];
    size_t size = filter_leave(&c->filter, modes);

    if (!c->out_is_terminal || c->output_error)
        return;
    if (size > 0)
        (void)!write(c->out_fd, modes, size);
    if (c->unfiltered)
        (void)!write(c->out_fd, more, sizeof more - 1);
    if (c->last_output && c->last_output != '\n')
        (void)!write(c->out_fd, "\r\n", 2);
}

void console_leave_terminal(struct console *c)
{
    reset_terminal(c);
    if (c->in_is_terminal)
        console_restore_terminal();
    c->in_is_terminal = c->out_is_terminal = false;
    c->own_out_fd = fd_close(c->own_out_fd);
    c->in_fd = c->out_fd = -1;
}

void console_detach(struct console *c)
{
    uint32_t modes = c->filter.modes;
    const char *line_end;

    if (c->detached)
        return;
    if (c->own_out_fd >= 0)
        console_write_output(c); /* which does not block */
    console_leave_terminal(c);
    c->filter.modes = modes; /* the payload has not changed them: for the next terminal */
    c->detached = true;
    /* The first bytes may be the rest of something that was shown by half. */
    line_end = memchr(console_buffer_head(&c->output), '\n', c->output.size);
    if (line_end) {
        console_buffer_consume(&c->output,
                               (size_t)(line_end + 1 - console_buffer_head(&c->output)));
        console_buffer_append_newest(&c->held, console_buffer_head(&c->output), c->output.size);
    }
    console_buffer_consume(&c->output, c->output.size);
}

/* Nothing happens at a size that is the same; full-screen programs draw anew at another. */
static void change_window_twice(struct console *c)
{
    struct winsize size;

    if (ioctl(c->pty_fd, TIOCGWINSZ, &size) < 0)
        return;
    size.ws_row++;
    (void)ioctl(c->pty_fd, TIOCSWINSZ, &size);
    size.ws_row--;
    (void)ioctl(c->pty_fd, TIOCSWINSZ, &size);
}

int console_attach(struct console *c, int in_fd, int out_fd, struct error *e)
{
    char modes[FILTER_MODES_MAX];
    int r = console_take_terminal(c, in_fd, out_fd);

    if (r < 0)
        return error_errno(e, r, "cannot take over the terminal");
    c->filter.utf8 = terminal_reads_utf8(c->out_fd);
    c->detached = false;
    console_move_held(c);
    (void)console_buffer_append(&c->output, modes, filter_enter(&c->filter, modes));
    change_window_twice(c);
    return 0;
}
