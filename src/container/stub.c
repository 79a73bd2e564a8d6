/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The init of the outer pid namespace. It does nothing but start the payload, report how it ended
 * and die with the supervisor. Whatever a hostile payload does to itself, it is below this process:
 * when it goes, the kernel kills everything in both namespaces (pid_namespaces(7)).
 */

#include "base/fd.h"
#include "base/step.h"
#include "base/syscalls.h"
#include "container/launch.h"
#include "container/message.h"
#include "container/root.h"
#include "container/user_namespace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define STUB_FAILED 70

static _Noreturn void fail(const struct launch *l, int code, const char *what)
{
    struct error e = {0};

    (void)error_errno(&e, code, "%s", what);
    (void)message_send(l->status_socket, MESSAGE_FAILED, 0, &e, -1);
    _exit(STUB_FAILED);
}

/* The death signal is asked for after the fork: the supervisor may be gone by then (prctl(2)). */
static void die_with_supervisor(const struct launch *l)
{
    struct pollfd supervisor = {.fd = l->supervisor_fd, .events = POLLIN};

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        fail(l, -errno, "cannot tie the container to its supervisor");
    if (poll(&supervisor, 1, 0) != 0)
        _exit(STUB_FAILED);
}

/*
 * What the payload's mount namespace takes over from here, where the host's root set it up, it
 * cannot change there: a mount that is read-only stays so, whatever root inside does
 * (mount_namespaces(7), "Restrictions"). Namespaces that are made from now on belong to the user
 * namespace.
 */
static void prepare_user_namespace(const struct launch *l)
{
    struct error e = {0};

    if (root_stage(l, &e) < 0 || user_namespace_enter(l->user_fd, &e) < 0) {
        (void)message_send(l->status_socket, MESSAGE_FAILED, 0, &e, -1);
        _exit(STUB_FAILED);
    }
    die_with_supervisor(l); /* changed credentials forget the death signal (prctl(2)) */
}

static pid_t start_payload(const struct launch *l, int *ret_pid_fd)
{
    struct clone_args args = {
        .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_PIDFD |
                 (l->plan->private_network ? CLONE_NEWNET : 0) |
                 (l->cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uintptr_t)ret_pid_fd,
        .exit_signal = SIGCHLD,
        .cgroup = l->cgroup_fd >= 0 ? (uint64_t)l->cgroup_fd : 0,
    };
    pid_t pid = sys_clone3(&args);

    return pid < 0 ? -errno : pid;
}

/* Wait for the payload and reap what it left to us in this namespace (`unbrick enter`'s children,
 * say). The supervisor may end at any moment: the death signal takes care of that. */
static int wait_for(pid_t payload)
{
    int status;

    for (;;) {
        pid_t pid = waitpid(-1, &status, 0);

        if (pid == payload)
            return status;
        if (pid < 0 && errno != EINTR)
            _exit(STUB_FAILED);
    }
}

/* The group that the payload is born into, where the supervisor could not know it before us. */
static void await_cgroup(struct launch *l)
{
    struct message m;
    int r = message_receive(l->status_socket, &m, &l->cgroup_fd);

    if (r <= 0 || m.type != MESSAGE_CGROUP)
        fail(l, r < 0 ? r : -EPROTO, "the supervisor does not answer");
}

_Noreturn void stub_run(struct launch *l)
{
    int pid_fd = -1, status;
    sigset_t all;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    die_with_supervisor(l);
    (void)prctl(PR_SET_NAME, "unbrick-stub", 0, 0, 0);
    step_reached("container-stub");
    if (l->await_cgroup)
        await_cgroup(l);
    if (l->user_fd >= 0)
        prepare_user_namespace(l);
    pid = start_payload(l, &pid_fd);
    if (pid < 0)
        fail(l, pid, "cannot make the namespaces of the container");
    if (pid == 0)
        payload_run(l);
    if (message_send(l->status_socket, MESSAGE_PAYLOAD, 0, NULL, pid_fd) < 0)
        _exit(STUB_FAILED);
    /* Keep nothing but the socket: no descriptor of a disk may live on in here, and the other ends
     * of our sockets have to end with their owners. closefrom(3) has another way than
     * close_range(2). */
    if (dup2(l->status_socket, 3) < 0)
        fail(l, -errno, "cannot keep the socket of the supervisor");
    closefrom(4);
    for (int fd = 0; fd < 3; fd++)
        (void)close(fd);
    status = wait_for(pid);
    (void)message_send(3, MESSAGE_ENDED, status, NULL, -1);
    _exit(0);
}
