/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/container_private.h"

#include "base/fd.h"
#include "base/step.h"
#include "container/cgroup.h"
#include "container/message.h"
#include "container/notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

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
    case MESSAGE_NOTIFY:
        fd_close(c->notify_fd);
        c->notify_fd = take_fd(fd);
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
    case MESSAGE_GO:
    case MESSAGE_CGROUP:
        break;
    }
    return -EPROTO;
}

int container_read_message(struct container *c, int socket, struct error *e)
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

int container_dispatch(struct container *c, struct error *e)
{
    struct pollfd fds[] = {{.fd = c->sync_fd, .events = POLLIN},
                           {.fd = c->stub_fd, .events = POLLIN}};
    int r = 0;

    if (poll(fds, 2, 0) < 0 && errno != EINTR)
        return error_errno(e, -errno, "cannot watch the container");
    if (fds[0].revents)
        r = container_read_message(c, c->sync_fd, e);
    if (r < 0)
        return r;
    /* The stub is gone without a word: it was killed, and the payload with it. */
    if ((r > 0 || (fds[1].revents && !fds[0].revents)) && !c->ended) {
        c->ended = true;
        c->status = SIGKILL;
    }
    return 0;
}

bool container_read_notify(struct container *c)
{
    return notify_read_ready(c->notify_fd, c->payload_pid);
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

static void reap(struct container *c)
{
    if (c->stub_pid <= 0)
        return;
    container_kill(c);
    while (waitpid(c->stub_pid, NULL, 0) < 0 && errno == EINTR)
        ;
    c->stub_pid = 0;
}

static void remove_groups(struct container *c)
{
    for (unsigned i = 0; i < CONTAINER_CGROUPS; i++)
        if (c->cgroups[i][0])
            (void)cgroup_remove_tree(c->cgroups[i], NULL);
}

void container_free(struct container *c)
{
    /* Where the payload has ended, its groups are empty, and the stub ends meanwhile. */
    if (!c->ended)
        reap(c);
    remove_groups(c);
    reap(c);
    fd_close(c->stub_fd);
    fd_close(c->payload_fd);
    fd_close(c->sync_fd);
    fd_close(c->pty_fd);
    fd_close(c->pts_fd);
    fd_close(c->notify_fd);
    fd_close(c->run_fd);
    if (c->scope[0])
        cgroup_await_end(c->scope);
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
