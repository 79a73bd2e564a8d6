/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/enter.h"

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/cgroup.h"
#include "container/freeze.h"
#include "container/message.h"
#include "container/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define VISIT_NONE                                                                                 \
    ((struct container_visit){.pid_fd = -1, .socket = -1, .pty_fd = -1, .program_fd = -1})

static int make_cgroup(const struct container *c, struct container_visit *ret, struct visit *v,
                       struct error *e)
{
    static unsigned number; /* of all visits: one that is over may have left something in its own */

    if (!c->cgroup[0])
        return 0;
    v->cgroup_fd = cgroup_open(c->cgroup);
    if (v->cgroup_fd < 0)
        return error_errno(e, v->cgroup_fd, "cannot open the container's cgroup");
    snprintf(ret->cgroup, sizeof ret->cgroup, "visit-%u", ++number);
    if (mkdirat(v->cgroup_fd, ret->cgroup, 0755) < 0) {
        ret->cgroup[0] = '\0';
        return error_errno(e, -errno, "cannot make a cgroup below the container's");
    }
    v->cgroup = ret->cgroup;
    v->program_cgroup = openat(v->cgroup_fd, ret->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (v->program_cgroup < 0)
        return error_errno(e, -errno, "cannot open the visit's cgroup");
    return 0;
}

static int fork_visit(struct container_visit *ret, struct visit *v, struct error *e)
{
    struct clone_args args = {
        .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&ret->pid_fd, .exit_signal = SIGCHLD};
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(e, -errno, "cannot make a socket pair");
    ret->socket = pair[0];
    v->socket = pair[1];
    ret->pid = sys_clone3(&args);
    if (ret->pid == 0)
        visit_run(v);
    if (ret->pid < 0) {
        ret->pid = 0;
        (void)error_errno(e, -errno, "cannot start a process");
    }
    fd_close(pair[1]);
    return ret->pid > 0 ? 0 : -EAGAIN;
}

int container_visit_begin(struct container *c, const struct container_plan *plan,
                          const struct container_visit_request *request,
                          struct container_visit *ret, struct error *e)
{
    struct visit v = {.plan = plan,
                      .request = request,
                      .payload_fd = c->payload_fd,
                      .pts_fd = c->pts_fd,
                      .supervisor_fd = pidfd_open(getpid(), 0),
                      .cgroup_fd = -1,
                      .program_cgroup = -1};
    int r = 0;

    *ret = VISIT_NONE;
    if (v.supervisor_fd < 0)
        return error_errno(e, -errno, "cannot watch our own process");
    r = make_cgroup(c, ret, &v, e);
    if (r == 0)
        r = fork_visit(ret, &v, e);
    fd_close(v.supervisor_fd);
    fd_close(v.cgroup_fd);
    fd_close(v.program_cgroup);
    if (r < 0)
        container_visit_free(c, ret);
    return r;
}

static int take_message(struct container_visit *v, struct error *e)
{
    _cleanup_fd_ int fd = -1;
    struct message m;
    int r = message_receive(v->socket, &m, &fd);

    if (r <= 0) {
        v->socket = fd_close(v->socket);
        return r < 0 ? error_errno(e, r, "cannot hear the visit") : 0;
    }
    switch (m.type) {
    case MESSAGE_PTY:
        fd_close(v->pty_fd);
        v->pty_fd = take_fd(&fd);
        return 0;
    case MESSAGE_PAYLOAD:
        fd_close(v->program_fd);
        v->program_fd = take_fd(&fd);
        return 0;
    case MESSAGE_FAILED:
        if (e)
            *e = m.error;
        return m.error.code < 0 ? m.error.code : -EIO;
    default:
        return error_errno(e, -EPROTO, "cannot understand the visit");
    }
}

int container_visit_dispatch(struct container_visit *v, struct error *e)
{
    struct pollfd fds[] = {{.fd = v->socket, .events = POLLIN},
                           {.fd = v->pid_fd, .events = POLLIN}};
    int status, r;

    if (poll(fds, 2, 0) < 0)
        return errno == EINTR ? 0 : error_errno(e, -errno, "cannot watch the visit");
    if (fds[0].revents) {
        r = take_message(v, e);
        return r;
    }
    if (!fds[1].revents)
        return 0;
    while (waitpid(v->pid, &status, 0) < 0 && errno == EINTR)
        ;
    v->pid = 0;
    v->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return v->program_fd >= 0 ? 1 : error_errno(e, -EIO, "the visit was killed");
}

void container_visit_signal(const struct container_visit *v, int signal)
{
    if (v->program_fd >= 0)
        (void)pidfd_send_signal(v->program_fd, signal, NULL, 0);
}

/* The cgroup stays where the program left something behind; it goes with the container's. A visit
 * that was killed may have left the container frozen. */
static void leave_cgroup(const struct container *c, const struct container_visit *v)
{
    _cleanup_fd_ int fd = v->cgroup[0] ? cgroup_open(c->cgroup) : -1;

    if (fd < 0)
        return;
    if (v->program_fd < 0)
        (void)thaw_children(fd);
    (void)unlinkat(fd, v->cgroup, AT_REMOVEDIR);
}

void container_visit_free(struct container *c, struct container_visit *v)
{
    if (v->pid > 0) {
        (void)pidfd_send_signal(v->pid_fd, SIGKILL, NULL, 0);
        while (waitpid(v->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    leave_cgroup(c, v);
    fd_close(v->pid_fd);
    fd_close(v->socket);
    fd_close(v->pty_fd);
    fd_close(v->program_fd);
    *v = VISIT_NONE;
}
