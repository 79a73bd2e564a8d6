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
#include "container/command_init.h"
#include "container/dev.h"
#include "container/launch.h"
#include "container/message.h"
#include "container/plan_mounts.h"
#include "container/process_setup.h"
#include "container/run.h"

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
    int root_fd, dev_fd, pts_fd, run_fd, slave_fd;
};

/*
 * The container's root becomes the only thing in this mount namespace before anything else is
 * mounted. /proc is only a place to attach it to; it is covered for an instant in a namespace that
 * nobody else sees.
 */
static int enter_root(struct payload *p, struct error *e)
{
    int tree = p->launch->root_tree;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return error_errno(e, -errno, "cannot tie the payload to its stub");
    /* CLONE_INTO_CGROUP takes effect after CLONE_NEWCGROUP would: it takes two calls. */
    if (p->launch->cgroup_fd >= 0 && unshare(CLONE_NEWCGROUP) < 0)
        return error_errno(e, -errno, "cannot make a cgroup namespace");
    step_reached("container-root");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        move_mount(tree, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(tree) < 0 ||
        sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return error_errno(e, -errno, "cannot enter the system's root");
    p->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return p->root_fd < 0 ? error_errno(e, -errno, "cannot open the system's root") : 0;
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
        r = api_mounts_make(p->root_fd, p->launch->cgroup_tree, &p->dev_fd, &p->pts_fd, &p->run_fd,
                            e);
    return r;
}

static int fill_dev(struct payload *p, struct error *e)
{
    _cleanup_fd_ int master = -1;
    int r = dev_fill(p->launch->plan, p->dev_fd, e);

    if (r == 0)
        r = send_fd(p, MESSAGE_PTS, p->pts_fd, e);
    if (r < 0 || p->launch->plan->console != CONSOLE_PTY)
        return r;
    r = dev_console(p->launch->plan, p->dev_fd, p->pts_fd, &master, &p->slave_fd, e);
    return r < 0 ? r : send_fd(p, MESSAGE_PTY, master, e);
}

static int fill_run(struct payload *p, struct error *e)
{
    int r = run_fill(p->launch->plan, p->run_fd, p->launch->os_release, e);

    return r < 0 ? r : send_fd(p, MESSAGE_RUN, p->run_fd, e);
}

static int mount_plan(struct payload *p, struct error *e)
{
    int r = api_mounts_protect(p->launch->plan, p->root_fd, p->run_fd, e);

    if (r == 0)
        r = plan_mounts_attach(p->launch, p->root_fd, p->run_fd, e);
    if (r == 0)
        r = attach_read_only(p->run_fd, "host", e);
    /* What is mounted inside later is seen by services with a mount namespace of their own. */
    if (r == 0 && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        r = error_errno(e, -errno, "cannot share the mounts inside");
    return r;
}

static int set_identity(struct payload *p, struct error *e)
{
    return process_setup_identity(p->launch->plan, e);
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
    enter_root, mount_api, fill_dev, fill_run, mount_plan, set_identity, close_all,
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
    return execute(plan, e);
}

/* The command is process 2; process 1 is ours, and has to survive it. */
static _Noreturn void run_command(const struct payload *p)
{
    struct error e = {0};
    pid_t pid = fork();

    if (pid < 0) {
        (void)error_errno(&e, -errno, "cannot start a process");
        fail(p->launch, &e);
    }
    if (pid > 0) {
        if (process_setup_privileges(p->launch->plan, &e) < 0)
            fail(p->launch, &e);
        /* The supervisor waits for the end of the socket. */
        if (close_range(0, ~0U, 0) < 0) {
            (void)error_errno(&e, -errno, "cannot close descriptors");
            fail(p->launch, &e);
        }
        command_init(pid);
    }
    (void)become(p, &e);
    fail(p->launch, &e);
}

_Noreturn void payload_run(const struct launch *l)
{
    struct payload p = {
        .launch = l, .root_fd = -1, .dev_fd = -1, .pts_fd = -1, .run_fd = -1, .slave_fd = -1};
    struct error e = {0};

    umask(0022);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i](&p, &e) < 0)
            fail(l, &e);
    if (l->plan->payload == PAYLOAD_COMMAND)
        run_command(&p);
    (void)become(&p, &e);
    fail(l, &e);
}
