/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/container.h"

#include "base/fd.h"
#include "base/step.h"
#include "base/syscalls.h"
#include "container/attach.h"
#include "container/cgroup.h"
#include "container/device_policy.h"
#include "container/launch.h"
#include "container/message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define CONTAINER_NONE                                                                             \
    ((struct container){                                                                           \
        .stub_fd = -1, .payload_fd = -1, .sync_fd = -1, .pty_fd = -1, .pts_fd = -1, .run_fd = -1})

static int make_cgroup(struct container *c, const struct container_plan *plan, struct cgroup *ret,
                       int (*cgroup_made)(void *userdata, const char *path), void *userdata,
                       struct error *e)
{
    char path[sizeof c->cgroup];
    int r;

    if (cgroup_path(plan->name, path, sizeof path) < 0)
        return 0;
    r = cgroup_made ? cgroup_made(userdata, path) : 0;
    if (r < 0)
        return error_errno(e, r, "cannot note the cgroup %s", path);
    if (cgroup_make(ret, path, NULL) < 0)
        return 0; /* no hierarchy that we may write to: the container runs without */
    memcpy(c->cgroup, path, sizeof path);
    step_reached("container-cgroup");
    c->device_policy = device_policy_attach(plan, ret->fd, NULL) == 0;
    return 0;
}

/* -1 where the hierarchy is a mount of our own: such a one is cloned since Linux 6.15 only. */
static int clone_cgroup(const struct cgroup *cgroup)
{
    int tree = cgroup->payload_fd >= 0 ? attach_clone(cgroup->payload_fd, false) : -1;

    if (tree >= 0 &&
        attach_set(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, false) < 0)
        return fd_close(tree);
    return tree < 0 ? -1 : tree;
}

static int make_socketpair(int *ret_ours, int *ret_theirs, struct error *e)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(e, -errno, "cannot make a socket pair");
    *ret_ours = pair[0];
    *ret_theirs = pair[1];
    return 0;
}

static int fork_stub(struct container *c, const struct launch *l, struct error *e)
{
    struct clone_args args = {.flags = CLONE_NEWPID | CLONE_PIDFD,
                              .pidfd = (uintptr_t)&c->stub_fd,
                              .exit_signal = SIGCHLD};

    c->stub_pid = sys_clone3(&args);
    if (c->stub_pid < 0) {
        c->stub_pid = 0;
        return error_errno(e, -errno, "cannot make a process namespace");
    }
    if (c->stub_pid == 0)
        stub_run(l);
    return 0;
}

/* The pid behind a pidfd, as this process sees it: the line "Pid:" of its fdinfo (pidfd_open(2)).
 */
static pid_t pid_of(int pid_fd)
{
    _cleanup_free_ char *data = NULL;
    char path[64], *line;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pid_fd);
    if (file_read(path, 4096, &data, NULL) < 0)
        return 0;
    line = strstr(data, "\nPid:");
    return line ? (pid_t)strtol(line + 5, NULL, 10) : 0;
}

static int take_message(struct container *c, const struct message *m, int *fd, struct error *e)
{
    switch (m->type) {
    case MESSAGE_PAYLOAD:
        fd_close(c->payload_fd);
        c->payload_fd = take_fd(fd);
        c->payload_pid = pid_of(c->payload_fd);
        return 0;
    case MESSAGE_RUN:
        fd_close(c->run_fd);
        c->run_fd = take_fd(fd);
        step_reached("container-run");
        return 0;
    case MESSAGE_PTS:
        fd_close(c->pts_fd);
        c->pts_fd = take_fd(fd);
        return 0;
    case MESSAGE_PTY:
        fd_close(c->pty_fd);
        c->pty_fd = take_fd(fd);
        step_reached("container-pty");
        return 0;
    case MESSAGE_FAILED:
        if (e)
            *e = m->error;
        return m->error.code < 0 ? m->error.code : -EIO;
    case MESSAGE_ENDED:
        c->ended = true;
        c->status = m->status;
        return 0;
    }
    return -EPROTO;
}

/* Read messages of @socket until its end (1), or one message (0). */
static int read_message(struct container *c, int socket, struct error *e)
{
    _cleanup_fd_ int fd = -1;
    struct message m;
    int r = message_receive(socket, &m, &fd);

    if (r < 0)
        return error_errno(e, r, "cannot hear the container");
    if (r == 0)
        return 1;
    return take_message(c, &m, &fd, e);
}

/* The payload's socket ends when it has executed; then the stub has sent its message too. */
static int wait_for_exec(struct container *c, int start_socket, struct error *e)
{
    struct pollfd fds[] = {{.fd = start_socket, .events = POLLIN},
                           {.fd = c->sync_fd, .events = POLLIN}};
    int r;

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return error_errno(e, -errno, "cannot wait for the container");
        /* What the payload says comes first: it has the cause, the stub only the end. */
        if (fds[0].revents) {
            r = read_message(c, start_socket, e);
            if (r != 0)
                break;
        } else if (fds[1].revents) {
            r = read_message(c, c->sync_fd, e);
            if (r != 0)
                return r < 0 ? r
                             : error_set(e, ERROR_FAILED, -EIO, "failed",
                                         "the container's stub was killed");
        }
    }
    if (r < 0)
        return r;
    while (c->payload_fd < 0) {
        r = read_message(c, c->sync_fd, e);
        if (r != 0)
            return r < 0 ? r
                         : error_set(e, ERROR_FAILED, -EIO, "failed",
                                     "the container's stub was killed");
    }
    return 0;
}

static int start(struct container *c, struct launch *l, struct error *e)
{
    _cleanup_fd_ int start_socket = -1;
    int r = make_socketpair(&c->sync_fd, &l->status_socket, e);

    if (r == 0)
        r = make_socketpair(&start_socket, &l->start_socket, e);
    if (r == 0)
        r = fork_stub(c, l, e);
    if (r < 0)
        return r;
    /* Their ends, and the detached mounts, live on in the children only. */
    launch_free(l);
    r = wait_for_exec(c, start_socket, e);
    if (r == 0 && c->pty_fd >= 0 && fcntl(c->pty_fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
        r = error_errno(e, -errno, "cannot set the console up");
    return r;
}

int container_start(struct container *ret, const struct container_plan *plan, int root_fd,
                    int (*cgroup_made)(void *userdata, const char *path), void *userdata,
                    struct error *e)
{
    struct container c = CONTAINER_NONE;
    struct cgroup cgroup = {.fd = -1, .payload_fd = -1};
    struct launch launch;
    int r = launch_prepare(&launch, plan, root_fd, e);

    if (r == 0)
        r = make_cgroup(&c, plan, &cgroup, cgroup_made, userdata, e);
    if (r == 0) {
        launch.cgroup_fd = cgroup.payload_fd;
        launch.cgroup_tree = clone_cgroup(&cgroup);
        r = start(&c, &launch, e);
    }
    launch_free(&launch);
    fd_close(cgroup.fd);
    fd_close(cgroup.payload_fd);
    if (r < 0) {
        container_free(&c);
        return r;
    }
    *ret = c;
    return 0;
}

int container_dispatch(struct container *c, struct error *e)
{
    struct pollfd fds[] = {{.fd = c->sync_fd, .events = POLLIN},
                           {.fd = c->stub_fd, .events = POLLIN}};
    int r = 0;

    if (poll(fds, 2, 0) < 0 && errno != EINTR)
        return error_errno(e, -errno, "cannot watch the container");
    if (fds[0].revents)
        r = read_message(c, c->sync_fd, e);
    if (r < 0)
        return r;
    /* The stub is gone without a word: it was killed, and the payload with it. */
    if ((r > 0 || (fds[1].revents && !fds[0].revents)) && !c->ended) {
        c->ended = true;
        c->status = SIGKILL;
    }
    return 0;
}

int container_stop(struct container *c, int signal)
{
    return pidfd_send_signal(c->payload_fd, signal, NULL, 0) < 0 ? -errno : 0;
}

void container_kill(struct container *c)
{
    if (c->stub_fd >= 0)
        (void)pidfd_send_signal(c->stub_fd, SIGKILL, NULL, 0);
}

void container_free(struct container *c)
{
    if (c->stub_pid > 0) {
        container_kill(c);
        while (waitpid(c->stub_pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    fd_close(c->stub_fd);
    fd_close(c->payload_fd);
    fd_close(c->sync_fd);
    fd_close(c->pty_fd);
    fd_close(c->pts_fd);
    fd_close(c->run_fd);
    if (c->cgroup[0])
        (void)cgroup_remove_tree(c->cgroup, NULL);
    *c = CONTAINER_NONE;
}

enum container_end container_how_ended(const struct container *c, int *ret_code)
{
    if (WIFEXITED(c->status)) {
        *ret_code = WEXITSTATUS(c->status);
        return CONTAINER_EXITED;
    }
    *ret_code = WTERMSIG(c->status);
    /* reboot(2): in a pid namespace RESTART ends process 1 by SIGHUP, HALT and POWER_OFF by
     * SIGINT. */
    return *ret_code == SIGHUP   ? CONTAINER_REBOOT
           : *ret_code == SIGINT ? CONTAINER_POWEROFF
                                 : CONTAINER_KILLED;
}
