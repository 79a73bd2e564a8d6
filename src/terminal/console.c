/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/console.h"
#include "terminal/console_private.h"
#include "terminal/encoding.h"
#include "terminal/raw_mode.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX  ((size_t)64 << 10)
#define INPUT_MAX ((size_t)64 << 10)
/* The pty is not read while more than this waits for the user; above it is room for what was held
 * back and for text of ours. */
#define OUTPUT_FULL ((size_t)64 << 10)
#define OUTPUT_MAX  (OUTPUT_FULL + HELD_MAX + ((size_t)32 << 10))

/* A pty that nobody has open reports POLLHUP all the time, so it is looked at by the clock. */
#define PTY_WAIT_MIN_MS 5
#define PTY_WAIT_MAX_MS 100

enum slot { SLOT_IN, SLOT_PTY, SLOT_OUT, SLOT_COUNT };

_Static_assert(SLOT_COUNT <= CONSOLE_POLL_MAX, "console_poll() fills more than it promises");

long long console_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

void console_pty_is_down(struct console *c)
{
    c->pty_down = true;
    c->pty_wait_ms = c->pty_wait_ms ? c->pty_wait_ms * 2 : PTY_WAIT_MIN_MS;
    if (c->pty_wait_ms > PTY_WAIT_MAX_MS)
        c->pty_wait_ms = PTY_WAIT_MAX_MS;
    c->pty_retry_ms = console_now_ms() + c->pty_wait_ms;
}

static int set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int console_new(struct console **ret, int pty_fd, const struct console_options *options,
                struct error *e)
{
    struct console *c = calloc(1, sizeof *c);
    int r;

    if (!c)
        return error_errno(e, -ENOMEM, "console");
    c->in_fd = c->out_fd = c->own_out_fd = -1;
    c->pty_fd = pty_fd;
    c->log_fd = options->log_fd;
    c->hold_input = options->hold_input;
    c->hold_output = options->hold_output;
    c->unfiltered = options->unfiltered;
    c->escape.byte = options->escape;
    r = console_buffer_init(&c->input, INPUT_MAX);
    if (r == 0)
        r = console_buffer_init(&c->output, OUTPUT_MAX);
    if (r == 0)
        r = console_buffer_init(&c->held, HELD_MAX);
    if (r == 0)
        r = set_nonblocking(pty_fd);
    if (r == 0)
        r = console_take_terminal(c, options->in_fd, options->out_fd);
    if (r < 0) {
        console_free(c, 0);
        return error_errno(e, r, "cannot take over the terminal");
    }
    filter_init(&c->filter, !c->out_is_terminal || terminal_reads_utf8(c->out_fd));
    *ret = c;
    return 0;
}

unsigned console_poll(struct console *c, struct pollfd *fds, int *ret_timeout_ms)
{
    long long now = console_now_ms(), wait = -1;
    short pty_events = 0;

    if (c->pty_down && now >= c->pty_retry_ms)
        c->pty_down = false;
    if (c->held.size == 0 || console_holds_output(c))
        pty_events = c->output.size < OUTPUT_FULL ? POLLIN : 0;
    if (c->input.size > 0 && !c->hold_input)
        pty_events |= POLLOUT;
    fds[SLOT_IN] = (struct pollfd){.fd = console_wants_input(c) ? c->in_fd : -1, .events = POLLIN};
    fds[SLOT_PTY] =
        (struct pollfd){.fd = c->pty_down || !pty_events ? -1 : c->pty_fd, .events = pty_events};
    fds[SLOT_OUT] = (struct pollfd){.fd = c->output.size > 0 ? c->out_fd : -1, .events = POLLOUT};
    if (c->pty_down)
        wait = c->pty_retry_ms - now;
    else if (c->input_ended && !c->hold_input && c->input.size == 0)
        wait = c->end_next_ms > now ? c->end_next_ms - now : 0;
    *ret_timeout_ms = (int)wait;
    return SLOT_COUNT;
}

static void write_log(struct console *c, const char *data, size_t size)
{
    if (c->log_fd < 0 || fd_write_all(c->log_fd, data, size) == 0)
        return;
    c->log_fd = -1;
    console_print(c, "\nunbrick: the log cannot be written any more\n");
}

void console_write_output(struct console *c)
{
    while (c->output.size > 0 && !c->output_error) {
        const char *head = console_buffer_head(&c->output);
        /* A write of at most PIPE_BUF bytes does not block after POLLOUT (pipe(7)), for
         * descriptors that could not be made non-blocking. */
        size_t size = c->output.size < PIPE_BUF ? c->output.size : PIPE_BUF;
        ssize_t n = write(c->out_fd, head, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            c->output_error = -errno;
        if (n <= 0)
            return;
        c->last_output = head[n - 1];
        console_buffer_consume(&c->output, (size_t)n);
        if (c->own_out_fd < 0)
            return;
    }
}

bool console_holds_output(const struct console *c)
{
    return c->hold_output || c->detached;
}

/* What was held goes before what comes. */
void console_move_held(struct console *c)
{
    if (!console_holds_output(c) && c->held.size > 0)
        console_buffer_consume(
            &c->held,
            console_buffer_append(&c->output, console_buffer_head(&c->held), c->held.size));
}

static void show(struct console *c, const char *data, size_t size)
{
    if (console_holds_output(c))
        console_buffer_append_newest(&c->held, data, size);
    else
        (void)console_buffer_append(&c->output, data, size);
}

/* False when there is nothing more to read for now. */
static bool read_pty(struct console *c)
{
    char data[4096], filtered[FILTER_ROOM(sizeof data)];
    ssize_t n = read(c->pty_fd, data, sizeof data);
    size_t size;

    if (n < 0 && errno == EINTR)
        return true;
    /* EIO: the last opener of the slave closed it, or it was hung up. systemd does that to
     * /dev/console between its boot and the shell; somebody may open it again. */
    if (n < 0 && errno == EIO)
        console_pty_is_down(c);
    if (n <= 0)
        return false;
    if (c->pty_wait_ms > 0)
        console_window_changed(c);
    c->pty_wait_ms = 0;
    c->heard = true;
    size = filter_run(&c->filter, data, (size_t)n, filtered);
    if (c->unfiltered) {
        write_log(c, data, (size_t)n);
        show(c, data, (size_t)n);
    } else {
        write_log(c, filtered, size);
        if (c->out_is_terminal || c->detached)
            show(c, filtered, size);
        else
            show(c, data, (size_t)n);
    }
    return true;
}

enum console_event console_handle(struct console *c, const struct pollfd *fds, unsigned count)
{
    enum console_event event = CONSOLE_NOTHING, ended;
    short pty = count > SLOT_PTY ? fds[SLOT_PTY].revents : 0;

    if (count > SLOT_IN && fds[SLOT_IN].revents && c->in_fd >= 0)
        event = console_read_input(c);
    console_write_pty(c);
    ended = console_send_end(c);
    if (event == CONSOLE_NOTHING)
        event = ended;
    console_move_held(c);
    if ((pty & ~POLLOUT) && c->output.size < OUTPUT_FULL && !c->pty_down)
        (void)read_pty(c);
    /* Without POLLOUT when the descriptor is ours: what is typed should be seen at once. */
    if (c->own_out_fd >= 0 || (count > SLOT_OUT && fds[SLOT_OUT].revents))
        console_write_output(c);
    if (c->output_error && event == CONSOLE_NOTHING)
        event =
            c->out_is_terminal && c->output_error == -EIO ? CONSOLE_HANGUP : CONSOLE_OUTPUT_FAILED;
    return event;
}

void console_release_input(struct console *c)
{
    c->hold_input = false;
    c->end_next_ms = console_now_ms() + CONSOLE_END_SETTLE_MS;
}

void console_release_output(struct console *c)
{
    c->hold_output = false;
    console_move_held(c);
}

/* The last bytes of a program that has just ended are still on their way through the kernel. */
#define SETTLE_MS 10

void console_hold_output(struct console *c)
{
    struct pollfd pty = {.fd = c->pty_fd, .events = POLLIN};

    while (!c->hold_output && poll(&pty, 1, SETTLE_MS) > 0 && read_pty(c))
        ;
    c->hold_output = true;
}

void console_discard_held_output(struct console *c)
{
    console_buffer_consume(&c->held, c->held.size);
    c->heard = false;
}

bool console_has_heard(const struct console *c)
{
    return c->heard;
}

/* Past what is held back, if there is a terminal. */
static void print_bytes(struct console *c, const char *bytes, size_t size)
{
    if (c->detached)
        console_buffer_append_newest(&c->held, bytes, size);
    else
        (void)console_buffer_append(&c->output, bytes, size);
}

void console_print(struct console *c, const char *text)
{
    bool raw = c->detached || (raw_mode_is_on() && c->out_is_terminal);

    write_log(c, text, strlen(text));
    for (; *text; text++) {
        if (*text == '\n' && raw)
            print_bytes(c, "\r", 1);
        print_bytes(c, text, 1);
    }
}

static void drain(struct console *c, int wait_ms)
{
    long long deadline = console_now_ms() + wait_ms;

    c->pty_down = false;
    while (!c->output_error) {
        struct pollfd out = {.fd = c->out_fd, .events = POLLOUT};
        long long left = deadline - console_now_ms();
        bool more;

        console_move_held(c);
        more = c->output.size < OUTPUT_FULL && !c->pty_down && read_pty(c);
        if (c->output.size == 0) {
            if (!more || left <= 0)
                return;
            continue;
        }
        if (left < 0)
            left = 0;
        if (poll(&out, 1, (int)left) <= 0)
            return;
        console_write_output(c);
    }
}

void console_free(struct console *c, int wait_ms)
{
    if (!c)
        return;
    if (c->output.data && c->held.data && wait_ms > 0)
        drain(c, wait_ms);
    console_leave_terminal(c);
    console_buffer_free(&c->input);
    console_buffer_free(&c->output);
    console_buffer_free(&c->held);
    free(c);
}
