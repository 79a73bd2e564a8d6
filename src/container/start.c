/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a plan to a payload that runs. */

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/container_private.h"
#include "container/groups.h"
#include "container/launch.h"
#include "container/message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>

struct start {
    struct container *c;
    const struct container_plan *plan;
    const struct container_host *host;
    struct launch launch;
    struct groups groups;
    int start_socket; /* the payload's messages */
};

static int make_socketpair(int *ret_ours, int *ret_theirs, struct error *e)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(e, -errno, "cannot make a socket pair");
    *ret_ours = pair[0];
    *ret_theirs = pair[1];
    return 0;
}

static int fork_stub(struct start *s, struct error *e)
{
    struct clone_args args = {.flags = CLONE_NEWPID | CLONE_PIDFD,
                              .pidfd = (uintptr_t)&s->c->stub_fd,
                              .exit_signal = SIGCHLD};
    pid_t pid = sys_clone3(&args);

    if (pid < 0)
        return error_errno(e, -errno, "cannot make a process namespace");
    if (pid == 0)
        stub_run(&s->launch);
    s->c->stub_pid = pid;
    /* Their ends, and the detached mounts, live on in the children only. */
    launch_free(&s->launch);
    return 0;
}

static int stub_is_gone(struct error *e)
{
    return error_set(e, ERROR_FAILED, -EIO, "failed", "the container's stub was killed");
}

/* The stub's message that the payload was forked. */
static int await_payload(struct start *s, struct error *e)
{
    while (s->c->payload_fd < 0) {
        int r = container_read_message(s->c, s->c->sync_fd, e);

        if (r != 0)
            return r < 0 ? r : stub_is_gone(e);
    }
    return 0;
}

/* A signal may come between the look at it and poll(). */
#define LOOK_AGAIN_MS 500

/* The payload's socket ends when it has executed; then the stub has sent its message too. It opens
 * and mounts what is on the patient's disk: on one that fails, that takes as long as the disk does.
 */
static int wait_for_exec(struct start *s, struct error *e)
{
    struct pollfd fds[] = {{.fd = s->start_socket, .events = POLLIN},
                           {.fd = s->c->sync_fd, .events = POLLIN}};
    int r = s->host->interrupted ? s->host->interrupted(e) : 0;

    while (r == 0) {
        int n = poll(fds, 2, LOOK_AGAIN_MS);

        if (n < 0 && errno != EINTR)
            return error_errno(e, -errno, "cannot wait for the container");
        if (n <= 0) {
            r = s->host->interrupted ? s->host->interrupted(e) : 0;
            continue;
        }
        /* What the payload says comes first: it has the cause, the stub only the end. */
        if (fds[0].revents)
            r = container_read_message(s->c, s->start_socket, e);
        else if (fds[1].revents && container_read_message(s->c, s->c->sync_fd, e) != 0)
            return e && e->code < 0 ? e->code : stub_is_gone(e);
    }
    return r < 0 ? r : await_payload(s, e);
}

/* The stub waits for the group that the payload is born into. */
static int send_group(struct start *s, struct error *e)
{
    int r = groups_adopt(s->c, s->plan, s->host, &s->groups, e);

    if (r < 0)
        return r;
    r = message_send(s->c->sync_fd, MESSAGE_CGROUP, 0, NULL, s->groups.unified.payload_fd);
    return r < 0 && r != -EPIPE ? error_errno(e, r, "cannot reach the stub") : 0;
}

/* The kernel takes its time to check the policy; the payload mounts its /proc and so on meanwhile,
 * and waits for this message before it executes anything. */
static int let_go(struct start *s, struct error *e)
{
    int r = 0;

    if (!groups_policy(s->c, s->plan, &s->groups)) {
        r = await_payload(s, e);
        if (r == 0)
            groups_policy_old(s->c, s->plan, s->host);
    }
    if (r == 0)
        r = message_send(s->start_socket, MESSAGE_GO, 0, NULL, -1);
    /* EPIPE: it has failed already, and says why. */
    return r == -EPIPE ? 0 : r;
}

static int run(struct start *s, int root_fd, struct error *e)
{
    struct launch *l = &s->launch;
    int r = launch_prepare(l, s->plan, root_fd, e);

    if (r == 0)
        r = groups_make(s->c, s->plan, s->host, &s->groups, e);
    if (r == 0)
        r = make_socketpair(&s->c->sync_fd, &l->status_socket, e);
    if (r == 0)
        r = make_socketpair(&s->start_socket, &l->start_socket, e);
    if (r < 0)
        return r;
    l->await_cgroup = s->host->adopt;
    l->cgroup_fd = s->groups.unified.payload_fd;
    l->cgroup_tree = groups_tree(&s->groups);
    l->systemd_fd = s->groups.systemd_fd;
    r = fork_stub(s, e);
    if (r == 0 && s->host->adopt)
        r = send_group(s, e);
    if (r == 0)
        r = let_go(s, e);
    if (r == 0)
        r = wait_for_exec(s, e);
    if (r == 0 && s->c->pty_fd >= 0 && fcntl(s->c->pty_fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
        r = error_errno(e, -errno, "cannot set the console up");
    return r;
}

int container_start(struct container *ret, const struct container_plan *plan, int root_fd,
                    const struct container_host *host, struct error *e)
{
    struct container c = CONTAINER_NONE;
    struct start s = {
        .c = &c, .plan = plan, .host = host, .groups = GROUPS_NONE, .start_socket = -1};
    int r = run(&s, root_fd, e);

    launch_free(&s.launch);
    groups_close(&s.groups);
    fd_close(s.start_socket);
    if (r < 0) {
        container_free(&c);
        return r;
    }
    *ret = c;
    return 0;
}
