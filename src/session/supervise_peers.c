/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/supervise_private.h"

#include "base/fd.h"
#include "base/text.h"
#include "session/taken.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

int peers_open(struct loop *l, struct error *e)
{
    l->listen_fd = l->taken_fd = -1;
    for (unsigned i = 0; i < PEERS_MAX; i++)
        l->peers[i].fd = -1;
    if (!l->options->dir)
        return 0;
    l->listen_fd = protocol_listen(l->options->dir);
    return l->listen_fd < 0 ? error_errno(e, l->listen_fd, "cannot listen in %s", l->options->dir)
                            : 0;
}

/* A program that is killed may be the first of all that die with the container. */
#define KILLED_WAIT_MS 300

static bool is_free(const struct peer *p)
{
    return p->fd < 0 && p->visit.pid == 0 && !p->killed_ms;
}

/* While one program is on its way in the container may be frozen, and the next has to wait. */
static bool somebody_enters(const struct loop *l)
{
    for (unsigned i = 0; i < PEERS_MAX; i++)
        if (l->peers[i].visit.pid > 0 && l->peers[i].visit.program_fd < 0)
            return true;
    return false;
}

unsigned peers_poll(struct loop *l, struct pollfd *fds, int *timeout_ms)
{
    bool wait = somebody_enters(l), room = false;
    unsigned count = 0;

    for (unsigned i = 0; i < PEERS_MAX; i++) {
        const struct peer *p = &l->peers[i];

        if (is_free(p)) {
            room = true;
            continue;
        }
        if (p->killed_ms && *timeout_ms > KILLED_WAIT_MS)
            *timeout_ms = KILLED_WAIT_MS;
        if (p->fd >= 0 && !p->killed_ms && (p->visit.pid > 0 || !wait))
            fds[count++] = (struct pollfd){.fd = p->fd, .events = POLLIN};
        if (p->visit.pid > 0 && p->visit.socket >= 0)
            fds[count++] = (struct pollfd){.fd = p->visit.socket, .events = POLLIN};
        else if (p->visit.pid > 0)
            fds[count++] = (struct pollfd){.fd = p->visit.pid_fd, .events = POLLIN};
    }
    if (room && l->listen_fd >= 0)
        fds[count++] = (struct pollfd){.fd = l->listen_fd, .events = POLLIN};
    return count;
}

/* --- answers --- */

static void answer(struct peer *p, enum reply_type type, int status, const struct error *error,
                   int fd)
{
    struct reply reply = {.version = PROTOCOL_VERSION, .type = type, .status = status};

    if (error)
        reply.error = *error;
    if (p->fd >= 0 && protocol_send_reply(p->fd, &reply, fd) < 0)
        p->fd = fd_close(p->fd);
}

static void refuse(struct peer *p, const char *reason, const char *text)
{
    struct error e = {0};

    (void)error_set(&e, ERROR_REFUSED, -EBUSY, reason, "%s", text);
    answer(p, REPLY_FAILED, 0, &e, -1);
}

static bool has_console(const struct loop *l)
{
    return l->console && l->options->pump_count == 0;
}

static void fill_state(const struct loop *l, struct session_state *ret)
{
    long long left = l->deadline_ms - supervise_now_ms();

    *ret = (struct session_state){
        .has_console = has_console(l), .ready = l->result->ready, .stopping = l->stopping};
    ret->terminal = l->lost           ? SESSION_LOST
                    : l->has_terminal ? SESSION_ATTACHED
                                      : SESSION_NO_TERMINAL;
    if (l->lost || l->stopping)
        ret->seconds_left = left > 0 ? (unsigned)((left + 999) / 1000) : 0;
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        const struct peer *p = &l->peers[i];
        struct session_visitor *v = &ret->visitors[ret->visitor_count];

        if (p->visit.pid == 0 || p->visit.program_fd < 0)
            continue;
        if (ret->visitor_count++ >= PROTOCOL_VISITORS_MAX)
            continue;
        *v = (struct session_visitor){.pid = p->visit.pid, .since = p->since};
        memcpy(v->command, p->command, sizeof v->command);
        memcpy(v->from, p->from, sizeof v->from);
    }
}

static void answer_status(const struct loop *l, struct peer *p)
{
    struct reply reply = {.version = PROTOCOL_VERSION, .type = REPLY_STATUS};

    fill_state(l, &reply.state);
    if (protocol_send_reply(p->fd, &reply, -1) < 0)
        p->fd = fd_close(p->fd);
}

/* --- requests --- */

static void enter(struct loop *l, struct peer *p, const struct request *request, const int *fds)
{
    _cleanup_free_ char **argv = protocol_command(request);
    struct container_visit_request visit = {
        .argv = argv ? argv : l->options->shell,
        .term = request->term[0] ? request->term : NULL,
        .pty = request->pty,
        .rows = request->rows,
        .columns = request->columns,
        .stdio = {fds[0], fds[1], fds[2]},
    };
    struct error e = {0};

    if (request->command_size > 0 && !argv) {
        refuse(p, "failed", "there is no memory for the command");
        return;
    }
    if (l->stopping) {
        refuse(p, "ending", "the session is ending");
        return;
    }
    if (!request->pty && (fds[0] < 0 || fds[1] < 0 || fds[2] < 0)) {
        refuse(p, "usage", "the descriptors for the command did not arrive");
        return;
    }
    p->announced = false;
    p->pty = request->pty;
    p->since = time(NULL);
    snprintf(p->command, sizeof p->command, "%.63s", argv ? argv[0] : "shell");
    memcpy(p->from, request->from, sizeof p->from);
    if (container_visit_begin(l->container, l->options->plan, &visit, &p->visit, &e) < 0)
        answer(p, REPLY_FAILED, 0, &e, -1);
}

/* Who had taken it before is told, and is not waited for any more. */
static void dismiss_taker(struct loop *l, const char *from)
{
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        struct peer *p = &l->peers[i];
        char text[160];

        if (p->fd < 0 || p->fd != l->taken_fd)
            continue;
        snprintf(text, sizeof text, "the console was taken over by %s", text_safe(from));
        refuse(p, "taken", text);
        p->fd = fd_close(p->fd);
    }
    l->taken_fd = -1;
}

static void take(struct loop *l, struct peer *p, const struct request *request, const int *fds)
{
    struct error e = {0};

    if (!has_console(l)) {
        refuse(p, "no-console",
               "the session has no console that could be taken: a command runs there");
        return;
    }
    if (!l->lost && !request->force) {
        refuse(p, "has-terminal", "another terminal has the console");
        return;
    }
    if (supervise_take_terminal(l, fds, request->from, &e) < 0) {
        answer(p, REPLY_FAILED, 0, &e, -1);
        return;
    }
    dismiss_taker(l, request->from);
    answer(p, REPLY_TAKEN, 0, NULL, -1);
    l->taken_fd = p->fd;
}

static void stop(struct loop *l, struct peer *p, const struct request *request)
{
    char text[160];

    answer(p, REPLY_STOPPING, 0, NULL, -1);
    if (!l->stopping) {
        snprintf(text, sizeof text, "\nunbrick: `unbrick stop` from %s ends the session\n",
                 request->from[0] ? text_safe(request->from) : "a program");
        if (l->console)
            console_print(l->console, text);
        supervise_stop(l, SUPERVISE_STOPPED, 0);
    }
    if (request->force)
        supervise_kill(l);
}

static void serve(struct loop *l, struct peer *p)
{
    static struct request request;
    int fds[PROTOCOL_FDS];
    int r = protocol_receive_request(p->fd, &request, fds);

    if (r == -EAGAIN)
        return;
    if (r == -EPROTONOSUPPORT) {
        refuse(p, "version", "the session belongs to another version of unbrick; use that one");
    } else if (r <= 0) {
        p->fd = fd_close(p->fd);
    } else {
        switch (request.type) {
        case REQUEST_STATUS:
            answer_status(l, p);
            break;
        case REQUEST_ENTER:
            enter(l, p, &request, fds);
            break;
        case REQUEST_TAKE:
            take(l, p, &request, fds);
            break;
        case REQUEST_STOP:
            stop(l, p, &request);
            break;
        }
    }
    for (int i = 0; i < PROTOCOL_FDS; i++)
        fd_close(fds[i]);
}

/* --- visits --- */

static void end_visit(struct loop *l, struct peer *p)
{
    container_visit_free(l->container, &p->visit);
    p->killed_ms = 0;
    p->fd = fd_close(p->fd);
}

static void watch_visit(struct loop *l, struct peer *p)
{
    struct error e = {0};
    int r = container_visit_dispatch(&p->visit, &e);

    if (r < 0) {
        answer(p, REPLY_FAILED, 0, &e, -1);
        end_visit(l, p);
    } else if (r > 0 && p->visit.status == 128 + SIGKILL) {
        p->killed_ms = supervise_now_ms();
    } else if (r > 0) {
        answer(p, REPLY_ENDED, p->visit.status, NULL, -1);
        end_visit(l, p);
    } else if (!p->announced && p->visit.program_fd >= 0) {
        p->announced = true;
        answer(p, REPLY_ENTERED, 0, NULL, p->visit.pty_fd);
        /* The master is the visitor's alone: when it is closed the terminal hangs up. */
        p->visit.pty_fd = fd_close(p->visit.pty_fd);
    }
}

/* A visitor says nothing more: what can be read is the end. */
static void watch_visitor(struct loop *l, struct peer *p)
{
    char byte;

    if (recv(p->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN)
        return;
    p->fd = fd_close(p->fd);
    if (p->visit.program_fd < 0)
        end_visit(l, p);
    else if (!p->pty)
        container_visit_signal(&p->visit, SIGHUP);
}

static void watch_taker(struct loop *l, struct peer *p)
{
    char byte;

    if (recv(p->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN)
        return;
    l->taken_fd = -1;
    p->fd = fd_close(p->fd);
    supervise_lose_terminal(l);
}

static void accept_peer(struct loop *l)
{
    int fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    for (unsigned i = 0; fd >= 0 && i < PEERS_MAX; i++) {
        if (!is_free(&l->peers[i]))
            continue;
        l->peers[i] = (struct peer){.fd = fd};
        return;
    }
    fd_close(fd);
}

static bool is_readable(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    return fd >= 0 && poll(&wait, 1, 0) > 0;
}

static void watch(struct loop *l, struct peer *p)
{
    if (p->visit.pid > 0) {
        watch_visit(l, p);
        if (p->visit.pid > 0 && is_readable(p->fd))
            watch_visitor(l, p);
    } else if (p->fd >= 0 && p->fd == l->taken_fd) {
        watch_taker(l, p);
    } else if (is_readable(p->fd) && !somebody_enters(l)) {
        serve(l, p);
    }
}

void peers_handle(struct loop *l, bool event)
{
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        struct peer *p = &l->peers[i];

        if (p->killed_ms && supervise_now_ms() - p->killed_ms >= KILLED_WAIT_MS) {
            answer(p, REPLY_ENDED, p->visit.status, NULL, -1);
            end_visit(l, p);
        } else if (event && !p->killed_ms) {
            watch(l, p);
        }
    }
    if (event && is_readable(l->listen_fd))
        accept_peer(l);
}

void peers_close(struct loop *l)
{
    char path[128];

    if (l->listen_fd >= 0) {
        snprintf(path, sizeof path, "%s/" PROTOCOL_SOCKET, l->options->dir);
        (void)unlink(path);
        l->listen_fd = fd_close(l->listen_fd);
    }
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        struct peer *p = &l->peers[i];

        if (p->fd >= 0 && p->fd == l->taken_fd) {
            taken_by(p->fd);
            continue;
        }
        if (p->visit.pid > 0 || p->killed_ms) {
            struct error e = {0};

            (void)error_set(&e, ERROR_FAILED, -ECANCELED, "session-ended",
                            "the session has ended, and with it what ran inside");
            answer(p, REPLY_FAILED, 0, &e, -1);
            container_visit_free(l->container, &p->visit);
        }
        p->fd = fd_close(p->fd);
    }
}
