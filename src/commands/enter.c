/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * enter: a second shell or command in a session that is open, or the console of one whose terminal
 * was lost. A second shell has a terminal of its own, and we forward; the console stays in the
 * hands of the session's supervisor, which uses our terminal, and we wait.
 */

#include "base/fd.h"
#include "base/text.h"
#include "commands/commands.h"
#include "session/client.h"
#include "session/standard_fds.h"
#include "terminal/console.h"
#include "terminal/ui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* Time for the last bytes of what has ended. */
#define DRAIN_MS      200
#define PUMP_DRAIN_MS 5000

struct visit {
    const struct options *options;
    struct client client;
    const char *name;
    int signal_fd;
    bool over;
    int status;
};

static int open_signals(struct visit *v, struct error *e)
{
    sigset_t mine;

    sigemptyset(&mine);
    sigaddset(&mine, SIGWINCH);
    sigaddset(&mine, SIGTERM);
    sigaddset(&mine, SIGINT);
    sigaddset(&mine, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &mine, NULL) < 0)
        return error_errno(e, -errno, "sigprocmask");
    v->signal_fd = signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
    return v->signal_fd < 0 ? error_errno(e, -errno, "signalfd") : 0;
}

static int next_signal(struct visit *v)
{
    struct signalfd_siginfo info;

    return read(v->signal_fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

static void leave(struct visit *v, int status)
{
    v->over = true;
    v->status = status;
}

/* The supervisor says how it ended, or is gone. */
static int hear(struct visit *v, struct error *e)
{
    struct reply reply;
    int fd, r = protocol_receive_reply(v->client.socket, &reply, &fd);

    if (r > 0 && fd >= 0)
        fd_close(fd);
    if (r <= 0)
        return error_set(e, ERROR_FAILED, r < 0 ? r : -ECONNRESET, "session-ended",
                         "the supervisor of %s was killed", v->name);
    if (reply.type == REPLY_FAILED) {
        *e = reply.error;
        return reply.error.code < 0 ? reply.error.code : -EIO;
    }
    leave(v, reply.status);
    return 0;
}

/* --- a terminal of its own --- */

static void take_event(struct visit *v, enum console_event event)
{
    switch (event) {
    case CONSOLE_ESCAPE:
    case CONSOLE_INTERRUPT:
    case CONSOLE_POWEROFF:
    case CONSOLE_REBOOT:
        leave(v, 0);
        break;
    case CONSOLE_HANGUP:
    case CONSOLE_OUTPUT_FAILED:
        leave(v, 128 + SIGHUP);
        break;
    case CONSOLE_NOTHING:
    case CONSOLE_INPUT_END:
        break;
    }
}

static int turn_console(struct visit *v, struct console *console, struct error *e)
{
    struct pollfd fds[2 + CONSOLE_POLL_MAX] = {{.fd = v->client.socket, .events = POLLIN},
                                               {.fd = v->signal_fd, .events = POLLIN}};
    int timeout, signal;
    unsigned count = console_poll(console, fds + 2, &timeout);

    if (poll(fds, 2 + count, timeout) < 0)
        return errno == EINTR ? 0 : error_errno(e, -errno, "poll");
    take_event(v, console_handle(console, fds + 2, count));
    signal = fds[1].revents ? next_signal(v) : 0;
    if (signal == SIGWINCH)
        console_window_changed(console);
    else if (signal)
        leave(v, 128 + signal);
    return fds[0].revents && !v->over ? hear(v, e) : 0;
}

static int forward(struct visit *v, int pty_fd, struct error *e)
{
    struct console *console;
    int r = console_new(&console, pty_fd,
                        &(struct console_options){.in_fd = STDIN_FILENO,
                                                  .out_fd = STDOUT_FILENO,
                                                  .escape = v->options->escape,
                                                  .log_fd = -1,
                                                  .unfiltered = v->options->raw_console},
                        e);

    if (r < 0)
        return r;
    while (r == 0 && !v->over)
        r = turn_console(v, console, e);
    console_free(console, DRAIN_MS);
    return r;
}

/* --- files and pipes --- */

static int turn_pumps(struct visit *v, struct standard_fds *s, struct error *e)
{
    struct pollfd fds[2 + STANDARD_FDS] = {{.fd = v->client.socket, .events = POLLIN},
                                           {.fd = v->signal_fd, .events = POLLIN}};
    int signal;

    for (int i = 0; i < STANDARD_FDS; i++)
        fds[2 + i] = pump_poll(&s->pumps[i]);
    if (poll(fds, 2 + STANDARD_FDS, -1) < 0)
        return errno == EINTR ? 0 : error_errno(e, -errno, "poll");
    for (int i = 0; i < STANDARD_FDS; i++)
        if (fds[2 + i].revents)
            (void)pump_run(&s->pumps[i]);
    signal = fds[1].revents ? next_signal(v) : 0;
    if (signal && signal != SIGWINCH)
        leave(v, 128 + signal);
    return fds[0].revents && !v->over ? hear(v, e) : 0;
}

static int pump(struct visit *v, struct standard_fds *s, struct error *e)
{
    int r = 0;

    while (r == 0 && !v->over)
        r = turn_pumps(v, s, e);
    for (int i = 1; i < STANDARD_FDS; i++)
        pump_drain(&s->pumps[i], PUMP_DRAIN_MS);
    return r;
}

/* --- the two ways in --- */

static int start(struct visit *v, struct request *request, struct standard_fds *fds, int *ret_pty,
                 struct error *e)
{
    struct reply reply;

    if (protocol_set_command(request, v->options->args) < 0)
        return error_set(e, ERROR_USAGE, -E2BIG, "usage", "the command is too long");
    return client_ask(&v->client, request, fds->payload, request->pty ? 0 : STANDARD_FDS, &reply,
                      ret_pty, e);
}

static int enter(struct visit *v, struct error *e)
{
    static struct request request;
    struct standard_fds fds;
    _cleanup_fd_ int pty = -1;
    int r = 0;

    client_prepare(&request, REQUEST_ENTER);
    request.pty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (!request.pty) {
        r = standard_fds_prepare(&fds, v->options->raw_console, e);
        if (r == 0)
            r = start(v, &request, &fds, &pty, e);
        standard_fds_started(&fds);
        if (r == 0)
            r = pump(v, &fds, e);
        standard_fds_close(&fds);
        return r;
    }
    r = start(v, &request, &fds, &pty, e);
    if (r < 0)
        return r;
    if (!v->options->args)
        ui_note("A second shell in %s: exit leaves it, and the session goes on.", v->name);
    return forward(v, pty, e);
}

/* The supervisor has the terminal; the signals of it come to us. */
static int wait_for_session(struct visit *v, struct error *e)
{
    struct pollfd fds[] = {{.fd = v->client.socket, .events = POLLIN},
                           {.fd = v->signal_fd, .events = POLLIN}};
    int signal;

    if (poll(fds, 2, -1) < 0)
        return errno == EINTR ? 0 : error_errno(e, -errno, "poll");
    signal = fds[1].revents ? next_signal(v) : 0;
    if (signal == SIGWINCH || signal == SIGINT)
        (void)pidfd_send_signal(v->client.pid_fd, signal, NULL, 0);
    else if (signal)
        leave(v, 128 + signal);
    return fds[0].revents && !v->over ? hear(v, e) : 0;
}

static int take(struct visit *v, struct error *e)
{
    static const int terminal[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    static struct request request;
    struct termios before;
    struct reply reply;
    int r;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !isatty(STDERR_FILENO) ||
        tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, &before) < 0)
        return error_set(e, ERROR_USAGE, -ENOTTY, "no-terminal",
                         "the console can be taken only by a terminal, and not in the background");
    client_prepare(&request, REQUEST_TAKE);
    request.force = v->options->take;
    ui_note("The console of %s; its last output:", v->name);
    r = client_ask(&v->client, &request, terminal, 3, &reply, NULL, e);
    while (r == 0 && !v->over)
        r = wait_for_session(v, e);
    /* A supervisor that was killed could not. */
    if (r < 0)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return r;
}

/* Is it the console that is wanted? */
static int wants_console(struct visit *v, bool *ret, struct error *e)
{
    static struct request request;
    struct reply reply;
    int r;

    *ret = v->options->take;
    if (v->options->take || v->options->args || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return 0;
    client_prepare(&request, REQUEST_STATUS);
    r = client_ask(&v->client, &request, NULL, 0, &reply, NULL, e);
    *ret = r == 0 && reply.state.terminal == SESSION_LOST && reply.state.has_console;
    return r;
}

int command_enter(const struct options *o, struct error *e)
{
    struct visit v = {.options = o, .signal_fd = -1};
    bool console;
    int r;

    if (o->target_count > 1)
        return error_set(e, ERROR_USAGE, -EINVAL, "usage",
                         "enter takes one session; a command follows --"),
               ERROR_USAGE;
    if (o->take && o->args)
        return error_set(e, ERROR_USAGE, -EINVAL, "usage", "--take does not go with a command"),
               ERROR_USAGE;
    if (client_open(&v.client, o->target_count ? o->targets[0] : NULL, e) < 0)
        return e->kind;
    v.name = text_safe(v.client.session.name[0] ? v.client.session.name : v.client.session.id);
    r = open_signals(&v, e);
    if (r == 0)
        r = wants_console(&v, &console, e);
    if (r == 0)
        r = console ? take(&v, e) : enter(&v, e);
    fd_close(v.signal_fd);
    client_close(&v.client);
    return r < 0 ? (int)e->kind : v.status;
}
