/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/client.h"

#include "base/fd.h"
#include "base/shell_word.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SESSIONS_MAX 256

/* A supervisor answers at once, unless it is stopped. */
#define STATE_WAIT_MS 1000

static void session_dir(const struct journal_session *s, char ret[64])
{
    snprintf(ret, 64, JOURNAL_DIR "/%s", s->id);
}

static const char *title_of(const struct journal_session *s, char buf[160])
{
    snprintf(buf, 160, "%s (%s)", s->name[0] ? text_safe(s->name) : "without a name", s->id);
    return buf;
}

static bool is_meant(const struct journal_session *s, const char *wanted)
{
    return s->alive && (!wanted || strcmp(s->name, wanted) == 0 || strcmp(s->id, wanted) == 0);
}

static int no_session(const struct journal_session *all, int count, const char *wanted,
                      struct error *e)
{
    for (int i = 0; i < count; i++)
        if (all[i].kept && wanted && strcmp(all[i].name, wanted) == 0) {
            (void)error_set(e, ERROR_TARGET, -ENOENT, "no-session",
                            "%s is only mounted, on %s: nothing runs there", text_safe(wanted),
                            text_safe(all[i].mount));
            return error_advise(e, "unbrick umount %s", shell_word(all[i].mount));
        }
    if (wanted)
        (void)error_set(e, ERROR_TARGET, -ENOENT, "no-session", "no session is named %s",
                        text_safe(wanted));
    else
        (void)error_set(e, ERROR_TARGET, -ENOENT, "no-session", "no session is open");
    return error_advise(e, "`unbrick status` shows what is open");
}

static int several_sessions(const struct journal_session *all, int count, const char *wanted,
                            struct error *e)
{
    char list[400] = "", title[160];

    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);

        if (is_meant(&all[i], wanted))
            snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                     title_of(&all[i], title));
    }
    (void)error_set(e, ERROR_REFUSED, -ENOTUNIQ, "several-sessions",
                    "several sessions are open: %s", list);
    return error_advise(e, "say which one is meant: the name, or the number in brackets");
}

static int choose(const char *wanted, struct journal_session *ret, struct error *e)
{
    _cleanup_free_ struct journal_session *all = calloc(SESSIONS_MAX, sizeof *all);
    int count = all ? journal_sessions(all, SESSIONS_MAX) : -ENOMEM, found = -1;

    if (count < 0)
        return error_set(e, ERROR_HOST, count, "no-root", "cannot read %s: %s%s", JOURNAL_DIR,
                         strerror(-count), count == -EACCES ? "; run it with sudo" : "");
    for (int i = 0; i < count; i++) {
        if (!is_meant(&all[i], wanted))
            continue;
        if (found >= 0)
            return several_sessions(all, count, wanted, e);
        found = i;
    }
    if (found < 0)
        return no_session(all, count, wanted, e);
    *ret = all[found];
    return 0;
}

int client_open(struct client *ret, const char *wanted, struct error *e)
{
    struct client c = {.socket = -1, .pid_fd = -1};
    char dir[64];
    int r = choose(wanted, &c.session, e);

    if (r < 0)
        return r;
    session_dir(&c.session, dir);
    c.pid_fd = pidfd_open(c.session.pid, 0);
    if (c.pid_fd < 0)
        return error_set(e, ERROR_TARGET, -errno, "no-session", "the session has just ended");
    c.socket = protocol_connect(dir);
    if (c.socket < 0 && c.socket != -ENOENT && c.socket != -ECONNREFUSED) {
        r = error_errno(e, c.socket, "cannot reach the session");
        fd_close(c.pid_fd);
        return r;
    }
    *ret = c;
    return 0;
}

void client_close(struct client *c)
{
    c->socket = c->socket >= 0 ? fd_close(c->socket) : -1;
    c->pid_fd = fd_close(c->pid_fd);
}

int client_ask(struct client *c, const struct request *request, const int *fds, unsigned fd_count,
               struct reply *ret, int *ret_fd, struct error *e)
{
    _cleanup_fd_ int fd = -1;
    int r;

    if (c->socket < 0)
        return error_set(e, ERROR_REFUSED, -EBUSY, "busy",
                         "the session is being opened or closed at the moment: nothing runs there");
    r = protocol_send_request(c->socket, request, fds, fd_count);
    if (r == 0)
        r = protocol_receive_reply(c->socket, ret, &fd);
    if (r == -EPROTONOSUPPORT)
        return error_set(e, ERROR_HOST, r, "version",
                         "the session belongs to another version of unbrick; use that one");
    if (r <= 0)
        return error_errno(e, r < 0 ? r : -ECONNRESET, "the session does not answer");
    if (ret->type == REPLY_FAILED) {
        if (e)
            *e = ret->error;
        return ret->error.code < 0 ? ret->error.code : -EIO;
    }
    if (ret_fd)
        *ret_fd = take_fd(&fd);
    return 0;
}

int client_state(const struct journal_session *s, struct session_state *ret)
{
    struct pollfd wait = {.events = POLLIN};
    static struct request request;
    struct reply reply;
    char dir[64];
    int r, fd;

    session_dir(s, dir);
    wait.fd = protocol_connect(dir);
    if (wait.fd < 0)
        return wait.fd;
    request = (struct request){.version = PROTOCOL_VERSION, .type = REQUEST_STATUS};
    r = protocol_send_request(wait.fd, &request, NULL, 0);
    if (r == 0 && poll(&wait, 1, STATE_WAIT_MS) <= 0)
        r = -ETIMEDOUT;
    if (r == 0) {
        r = protocol_receive_reply(wait.fd, &reply, &fd);
        r = r < 0 ? r : r == 0 || reply.type != REPLY_STATUS ? -EPROTO : 0;
        if (fd >= 0)
            fd_close(fd);
    }
    fd_close(wait.fd);
    if (r == 0)
        *ret = reply.state;
    return r;
}

void client_prepare(struct request *ret, enum request_type type)
{
    const char *term = getenv("TERM"), *tty = ttyname(STDIN_FILENO);
    struct winsize size;

    memset(ret, 0, sizeof *ret);
    ret->version = PROTOCOL_VERSION;
    ret->type = type;
    snprintf(ret->term, sizeof ret->term, "%s", text_is_empty(term) ? "linux" : term);
    if (tty)
        snprintf(ret->from, sizeof ret->from, "%s",
                 text_starts_with(tty, "/dev/") ? tty + strlen("/dev/") : tty);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        ret->rows = size.ws_row;
        ret->columns = size.ws_col;
    }
}
