/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/user_namespace.h"

#include "base/fd.h"
#include "base/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static int write_maps(pid_t pid)
{
    static const char *const names[] = {"uid_map", "gid_map"};
    char path[64], map[64];
    int r = 0;

    snprintf(map, sizeof map, "0 %u %u\n", USER_FIRST, USER_COUNT);
    for (unsigned i = 0; r == 0 && i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, names[i]);
        r = file_write(path, map);
    }
    return r;
}

/* A namespace begins with a process, and can be kept without one. */
int user_namespace_make(struct error *e)
{
    struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    char path[64];
    int fd = -1, r;
    pid_t pid = sys_clone3(&args);

    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        for (;;)
            (void)pause();
    }
    r = pid < 0 ? -errno : write_maps(pid);
    if (r == 0) {
        snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        r = fd < 0 ? -errno : 0;
    }
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (r == 0)
        return fd;
    (void)error_set(e, ERROR_HOST, r, "no-user-namespace",
                    "this host does not allow a user namespace, which --untrusted needs: %s",
                    strerror(-r));
    return error_advise(e, "see the files user/max_user_namespaces and "
                           "kernel/unprivileged_userns_clone in /proc/sys");
}

int user_namespace_enter(int fd, struct error *e)
{
    return setns(fd, CLONE_NEWUSER) < 0 ? error_errno(e, -errno, "cannot enter the user namespace")
                                        : 0;
}

int user_namespace_become_root(struct error *e)
{
    /* Groups while we still may: the host's root group is not one of the namespace. */
    if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return error_errno(e, -errno, "cannot become root of the user namespace");
    return 0;
}
