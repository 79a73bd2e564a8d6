/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/visit.h"

#include "base/fd.h"
#include "base/step.h"
#include "base/syscalls.h"
#include "base/text.h"
#include "container/cgroup.h"
#include "container/dev.h"
#include "container/message.h"
#include "container/process_setup.h"
#include "container/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define VISIT_FAILED 70

/* What is executed may lie on a file system that somebody inside serves, who is frozen. */
#define EXECUTE_WAIT_MS 2000

static const char *const shells[] = {"/bin/bash", "/bin/sh", "/usr/bin/bash", "/usr/bin/sh"};

static _Noreturn void fail(const struct visit *v, const struct error *e)
{
    (void)message_send(v->socket, MESSAGE_FAILED, 0, e, -1);
    _exit(VISIT_FAILED);
}

/* --- the program --- */

static int set_term(const struct visit *v)
{
    static char *no_environment[] = {NULL};

    environ = v->plan->env ? v->plan->env : no_environment;
    return v->request->term && setenv("TERM", v->request->term, 1) < 0 ? -errno : 0;
}

static int execute(const struct visit *v, struct error *e)
{
    char *const *argv = v->request->argv;
    int code = -ENOENT;

    if (argv) {
        execvp(argv[0], argv);
        code = -errno;
        return error_set(e, ERROR_TARGET, code,
                         code == -ENOENT || code == -ENOTDIR ? "command-not-found"
                                                             : "command-not-executable",
                         "cannot execute %s inside: %s", text_safe(argv[0]),
                         code == -ENOENT ? "there is no such program, or its interpreter is missing"
                                         : strerror(-code));
    }
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        execv(shells[i], (char *const[]){(char *)shells[i], (char *)"-i", NULL});
    return error_set(e, ERROR_TARGET, code, "no-shell",
                     "there is no shell inside that can be executed");
}

static int pass_stdio(const struct visit *v)
{
    int copies[3];

    /* Above all of 0, 1 and 2 first: what is meant for 0 may be 1 now. */
    for (int i = 0; i < 3; i++) {
        copies[i] = fcntl(v->request->stdio[i], F_DUPFD_CLOEXEC, 3);
        if (copies[i] < 0)
            return -errno;
    }
    for (int i = 0; i < 3; i++)
        if (dup2(copies[i], i) < 0)
            return -errno;
    return 0;
}

/* What happens here must not depend on anything inside: everybody there is frozen. */
static _Noreturn void program_run(const struct visit *v, int slave, int failure_fd)
{
    struct error e = {0};
    int r = process_setup_terminal(slave, &e);

    if (r == 0 && !v->request->pty) {
        r = pass_stdio(v);
        if (r < 0)
            (void)error_errno(&e, r, "cannot pass the standard descriptors on");
    }
    if (r == 0)
        r = process_setup_privileges(v->plan, &e);
    if (r == 0 && close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        r = error_errno(&e, -errno, "cannot close descriptors");
    if (r == 0 && set_term(v) < 0)
        r = error_errno(&e, -ENOMEM, "cannot set the environment");
    if (r == 0) {
        process_setup_signals();
        if (!v->request->argv && chdir("/root") < 0)
            (void)chdir("/");
        (void)execute(v, &e);
    }
    (void)fd_write_all(failure_fd, &e, sizeof e);
    _exit(VISIT_FAILED);
}

/* --- the visit --- */

/* As long as we are who may: from inside a cgroup namespace nothing can be moved to a group outside
 * of it (cgroups(7)). The program is born into the same. It has a group beside that of the payload,
 * since some inits keep theirs for themselves ("no internal processes"). */
static int join_groups(const struct visit *v, struct error *e)
{
    for (unsigned i = 0; i < VISIT_GROUPS; i++) {
        int r = v->groups[i] < 0 ? 0 : cgroup_join(v->groups[i]);

        if (r < 0)
            return error_errno(e, r, "cannot enter the container's cgroups");
    }
    return 0;
}

/* The namespaces of the container's process 1; of the process namespace only children see. */
static int join_namespaces(const struct visit *v, struct error *e)
{
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
                CLONE_NEWCGROUP | (v->plan->untrusted ? CLONE_NEWUSER : 0);
    int r = 0;

    if (setns(v->payload_fd, flags) < 0)
        return error_errno(e, -errno, "cannot enter the container's namespaces");
    if (v->plan->untrusted)
        r = user_namespace_become_root(e);
    if (r < 0)
        return r;
    return chdir("/") < 0 ? error_errno(e, -errno, "cannot change to the container's root") : 0;
}

static int open_terminal(const struct visit *v, int *ret_slave, struct error *e)
{
    _cleanup_fd_ int master = -1;
    int r =
        dev_open_pty(v->pts_fd, v->plan, v->request->rows, v->request->columns, &master, ret_slave);

    if (r == 0)
        r = message_send(v->socket, MESSAGE_PTY, 0, NULL, master);
    return r < 0 ? error_errno(e, r, "cannot make a terminal inside") : 0;
}

static pid_t start_program(const struct visit *v, int slave, int *ret_pid_fd, int *ret_failure_fd)
{
    struct clone_args args = {
        .flags = CLONE_PIDFD, .pidfd = (uintptr_t)ret_pid_fd, .exit_signal = SIGCHLD};
    int ends[2], r;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid = sys_clone3(&args);
    if (pid == 0)
        program_run(v, slave, ends[1]);
    r = pid < 0 ? -errno : 0;
    fd_close(ends[1]);
    if (r < 0) {
        fd_close(ends[0]);
        return r;
    }
    *ret_failure_fd = ends[0];
    return pid;
}

/* The pipe ends when the program is executed; before that it says why it is not. */
static int wait_for_execution(int failure_fd, int program_fd, struct error *e)
{
    struct pollfd wait = {.fd = failure_fd, .events = POLLIN};
    struct error said;
    ssize_t n;

    if (poll(&wait, 1, EXECUTE_WAIT_MS) <= 0) {
        (void)pidfd_send_signal(program_fd, SIGKILL, NULL, 0);
        return error_set(e, ERROR_TARGET, -ETIMEDOUT, "command-not-executable",
                         "the program inside cannot be executed: its file cannot be read");
    }
    n = read(failure_fd, &said, sizeof said);
    if (n == 0)
        return 0;
    if (n != sizeof said)
        return error_errno(e, -EIO, "cannot start a program inside");
    if (e)
        *e = said;
    return said.code < 0 ? said.code : -EIO;
}

/* Our child, although it is in another process namespace: what we leave as a zombie is for the
 * host's init to reap, and the container cannot end before (pid_namespaces(7)). */
static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return VISIT_FAILED;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* From the program's birth to its execution the rest of the container stands still. */
static pid_t start_unseen(const struct visit *v, int slave, int *ret_program, struct error *e)
{
    _cleanup_fd_ int failure = -1, program = -1;
    pid_t pid;
    int r;

    r = freezer_freeze(&v->freezer);
    if (r < 0 && r != -ETIMEDOUT) {
        freezer_thaw(&v->freezer);
        return error_errno(e, r, "cannot freeze the container");
    }
    step_reached("visit-frozen");
    pid = start_program(v, slave, &program, &failure);
    r = pid < 0 ? error_errno(e, pid, "cannot start a process inside")
                : wait_for_execution(failure, program, e);
    freezer_thaw(&v->freezer);
    if (r < 0 && pid > 0)
        (void)wait_for(pid);
    if (r < 0)
        return r;
    *ret_program = take_fd(&program);
    return pid;
}

static void die_with_supervisor(const struct visit *v)
{
    struct pollfd supervisor = {.fd = v->supervisor_fd, .events = POLLIN};

    /* After the namespaces: entering a user namespace takes it away (prctl(2)). */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || poll(&supervisor, 1, 0) != 0)
        _exit(VISIT_FAILED);
}

_Noreturn void visit_run(const struct visit *v)
{
    int slave = -1, program = -1, status;
    struct error e = {0};
    sigset_t all;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    (void)setsid();
    (void)prctl(PR_SET_NAME, "unbrick-visit", 0, 0, 0);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(0022);
    /* /proc is the host's still. */
    if (process_setup_account(&e) < 0 || join_groups(v, &e) < 0 || join_namespaces(v, &e) < 0)
        fail(v, &e);
    die_with_supervisor(v);
    if (v->request->pty && open_terminal(v, &slave, &e) < 0)
        fail(v, &e);
    pid = start_unseen(v, slave, &program, &e);
    if (pid < 0)
        fail(v, &e);
    (void)message_send(v->socket, MESSAGE_PAYLOAD, 0, NULL, program);
    /* Keep nothing: no descriptor of a disk, nor the journal's lock. As in stub.c. */
    closefrom(0);
    status = wait_for(pid);
    _exit(status);
}
