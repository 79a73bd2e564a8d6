/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/enter.h"

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/cgroup.h"
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

/* Where the payload's own group is one of others: our outer one, or the scope of the host's
 * systemd.
 */
static const char *outer_group(const struct container *c)
{
    return c->scope[0] ? c->scope : c->cgroups[HIERARCHY_UNIFIED];
}

/* A group of the program's own below it, where the device policy is in force. */
static int make_group(const struct container *c, struct container_visit *ret, struct visit *v,
                      struct error *e)
{
    static unsigned number; /* of all visits: one that is over may have left something in its own */
    _cleanup_fd_ int outer = cgroup_open(outer_group(c));
    int r;

    if (outer < 0)
        return error_errno(e, outer, "cannot open the container's cgroup");
    snprintf(ret->cgroup, sizeof ret->cgroup, "visit-%u", ++number);
    if (mkdirat(outer, ret->cgroup, 0755) < 0) {
        r = error_errno(e, -errno, "cannot make a cgroup below the container's");
        ret->cgroup[0] = '\0';
        return r;
    }
    v->groups[0] = openat(outer, ret->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = v->groups[0] < 0 ? -errno : freezer_open(&v->freezer, outer, ret->cgroup);
    return r < 0 ? error_errno(e, r, "cannot open the container's cgroups") : 0;
}

static int open_groups(const struct container *c, struct container_visit *ret, struct visit *v,
                       struct error *e)
{
    static const enum hierarchy old[] = {HIERARCHY_SYSTEMD, HIERARCHY_DEVICES};
    int r = outer_group(c)[0] ? make_group(c, ret, v, e) : 0;

    for (unsigned i = 0; r == 0 && i < sizeof old / sizeof old[0]; i++) {
        if (!c->cgroups[old[i]][0])
            continue;
        v->groups[1 + i] = cgroup_open(c->cgroups[old[i]]);
        if (v->groups[1 + i] < 0)
            r = error_errno(e, v->groups[1 + i], "cannot open the container's cgroups");
    }
    return r;
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
                      .groups = {-1, -1, -1}};
    int r;

    *ret = VISIT_NONE;
    if (v.supervisor_fd < 0)
        return error_errno(e, -errno, "cannot watch our own process");
    r = open_groups(c, ret, &v, e);
    if (r == 0)
        r = fork_visit(ret, &v, e);
    fd_close(v.supervisor_fd);
    for (unsigned i = 0; i < VISIT_GROUPS; i++)
        fd_close(v.groups[i]);
    freezer_close(&v.freezer);
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
    _cleanup_fd_ int fd = v->cgroup[0] ? cgroup_open(outer_group(c)) : -1;
    struct freezer f;

    if (fd < 0)
        return;
    if (v->program_fd < 0) {
        (void)freezer_open(&f, fd, NULL);
        freezer_thaw(&f);
        freezer_close(&f);
    }
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
