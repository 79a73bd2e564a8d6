/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The payload's process from its birth to execve(2). It is alone in new namespaces and goes through
 * the steps below in order; the first that fails is reported to the supervisor as it is.
 */

#include "base/fd.h"
#include "base/path.h"
#include "base/step.h"
#include "base/syscalls.h"
#include "base/text.h"
#include "container/api_mounts.h"
#include "container/attach.h"
#include "container/cgroup.h"
#include "container/credentials.h"
#include "container/dev.h"
#include "container/launch.h"
#include "container/message.h"
#include "container/notify.h"
#include "container/plan_mounts.h"
#include "container/process_setup.h"
#include "container/root.h"
#include "container/run.h"
#include "container/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAYLOAD_FAILED 70

struct payload {
    const struct launch *launch;
    int api[API_MOUNTS];
    int root_fd, dev_fd, pts_fd, run_fd, slave_fd;
};

static int enter_namespaces(struct payload *p, struct error *e)
{
    const struct launch *l = p->launch;
    int r = l->user_fd >= 0 ? user_namespace_become_root(e) : 0;

    if (r < 0)
        return r;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return error_errno(e, -errno, "cannot tie the payload to its stub");
    if (l->systemd_fd >= 0)
        r = cgroup_join(l->systemd_fd);
    if (r < 0)
        return error_errno(e, r, "cannot enter the cgroup of systemd");
    /* CLONE_INTO_CGROUP takes effect after CLONE_NEWCGROUP would: it takes two calls. */
    if ((l->cgroup_fd >= 0 || l->systemd_fd >= 0) && unshare(CLONE_NEWCGROUP) < 0)
        return error_errno(e, -errno, "cannot make a cgroup namespace");
    if (l->network_fd >= 0 && setns(l->network_fd, CLONE_NEWNET) < 0)
        return error_errno(e, -errno, "cannot enter the network namespace %s",
                           text_safe(l->plan->network_namespace));
    return 0;
}

static int enter_root(struct payload *p, struct error *e)
{
    const struct launch *l = p->launch;
    int r = api_mounts_open(l->plan, l->cgroup_tree, p->api, e);

    if (r == 0 && l->plan->untrusted)
        r = process_setup_limits_of_namespace(e);
    if (r < 0)
        return r;
    step_reached("container-root");
    return root_enter(l, &p->root_fd, e);
}

static int send_fd(const struct payload *p, enum message_type type, int fd, struct error *e)
{
    int r = message_send(p->launch->start_socket, type, 0, NULL, fd);

    return r < 0 ? error_errno(e, r, "cannot reach the supervisor") : 0;
}

static int mount_api(struct payload *p, struct error *e)
{
    int r = api_mounts_check_points(p->root_fd, e);

    if (r == 0)
        r = api_mounts_attach(p->root_fd, p->api, &p->dev_fd, &p->pts_fd, &p->run_fd, e);
    return r;
}

static int fill_dev(struct payload *p, struct error *e)
{
    _cleanup_fd_ int master = -1;
    int r = dev_fill(p->launch->plan, p->launch->nodes, p->dev_fd, e);

    if (r == 0)
        r = send_fd(p, MESSAGE_PTS, p->pts_fd, e);
    if (r < 0 || p->launch->plan->console != CONSOLE_PTY)
        return r;
    r = dev_console(p->launch->plan, p->dev_fd, p->pts_fd, &master, &p->slave_fd, e);
    return r < 0 ? r : send_fd(p, MESSAGE_PTY, master, e);
}

static int fill_run(struct payload *p, struct error *e)
{
    const struct container_plan *plan = p->launch->plan;
    _cleanup_fd_ int notify_fd = -1;
    int r = run_fill(plan, p->run_fd, p->launch->os_release, e);

    if (r == 0 && plan->notify) {
        notify_fd = notify_make(p->run_fd, p->root_fd, e);
        r = notify_fd < 0 ? notify_fd : send_fd(p, MESSAGE_NOTIFY, notify_fd, e);
    }
    return r < 0 ? r : send_fd(p, MESSAGE_RUN, p->run_fd, e);
}

static int mount_plan(struct payload *p, struct error *e)
{
    int r = api_mounts_protect(p->launch->plan, p->root_fd, e);

    if (r == 0)
        r = credentials_mount(p->launch->plan, p->root_fd, e);
    if (r == 0)
        r = plan_mounts_attach(p->launch, p->root_fd, p->run_fd, e);
    /* What is mounted inside later is seen by services with a mount namespace of their own. */
    if (r == 0 && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        r = error_errno(e, -errno, "cannot share the mounts inside");
    return r;
}

static int set_identity(struct payload *p, struct error *e)
{
    return process_setup_identity(p->launch->plan, e);
}

/* See let_go() in container.c. */
static int await_go(struct payload *p, struct error *e)
{
    _cleanup_fd_ int fd = -1;
    struct message m;
    int r = message_receive(p->launch->start_socket, &m, &fd);

    if (r > 0 && m.type == MESSAGE_GO)
        return 0;
    return error_errno(e, r < 0 ? r : -EPROTO, "the supervisor does not answer");
}

/* The standard descriptors are passed on or replaced later. Nothing else is passed on. */
static int close_all(struct payload *p, struct error *e)
{
    (void)p;
    return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0
               ? error_errno(e, -errno, "cannot close descriptors")
               : 0;
}

static int (*const steps[])(struct payload *p, struct error *e) = {
    enter_namespaces, enter_root,   mount_api, fill_dev,  fill_run,
    mount_plan,       set_identity, await_go,  close_all,
};

static _Noreturn void fail(const struct launch *l, const struct error *e)
{
    (void)message_send(l->start_socket, MESSAGE_FAILED, 0, e, -1);
    _exit(PAYLOAD_FAILED);
}

/* execve(2), looking in the PATH of the plan's environment for a name without a slash. */
static int execute(const struct container_plan *plan, struct error *e)
{
    static char *no_environment[] = {NULL};
    int code;

    environ = plan->env ? plan->env : no_environment;
    execvpe(plan->argv[0], plan->argv, environ);
    code = -errno;
    return error_set(e, ERROR_TARGET, code,
                     code == -ENOENT || code == -ENOTDIR ? "command-not-found"
                                                         : "command-not-executable",
                     "cannot execute %s inside: %s", text_safe(plan->argv[0]),
                     code == -ENOENT ? "there is no such program, or its interpreter is missing"
                                     : strerror(-code));
}

static int become(const struct payload *p, struct error *e)
{
    const struct container_plan *plan = p->launch->plan;
    int r = process_setup_terminal(p->slave_fd, e);

    for (int fd = 0; r == 0 && plan->console == CONSOLE_PIPE && plan->stdio && fd <= 2; fd++)
        if (plan->stdio[fd] != fd && dup2(plan->stdio[fd], fd) < 0)
            r = error_errno(e, -errno, "cannot pass the standard descriptors on");
    if (r == 0 && plan->chdir && chdir(plan->chdir) < 0)
        r = error_errno(e, -errno, "cannot change to %s inside", text_safe(plan->chdir));
    if (r == 0)
        r = process_setup_privileges(plan, e);
    if (r < 0)
        return r;
    process_setup_signals();
    umask(0022);
    return execute(plan, e);
}

/* Process 1 has to survive the command: it becomes a small init of ours, with all signals blocked,
 * which it waits for. */
static int become_init(const struct payload *p, struct error *e)
{
    static char *const argv[] = {(char *)"unbrick-init", NULL}, *const no_environment[] = {NULL};
    int r = process_setup_privileges(p->launch->plan, e);

    if (r < 0)
        return r;
    execve(RUN_COMMAND_INIT, argv, no_environment);
    return error_errno(e, -errno, "cannot execute " RUN_COMMAND_INIT);
}

/* The command is process 2. */
static _Noreturn void run_command(const struct payload *p)
{
    struct error e = {0};
    pid_t pid = fork();

    if (pid < 0)
        (void)error_errno(&e, -errno, "cannot start a process");
    else if (pid > 0)
        (void)become_init(p, &e);
    else
        (void)become(p, &e);
    fail(p->launch, &e);
}

_Noreturn void payload_run(const struct launch *l)
{
    struct payload p = {
        .launch = l, .root_fd = -1, .dev_fd = -1, .pts_fd = -1, .run_fd = -1, .slave_fd = -1};
    struct error e = {0};

    umask(0); /* everything that is made here has its mode said */
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i](&p, &e) < 0)
            fail(l, &e);
    if (l->plan->payload == PAYLOAD_COMMAND)
        run_command(&p);
    (void)become(&p, &e);
    fail(l, &e);
}
