/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/command_init.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What `kill` and container_stop() send to ask for an end. */
static const int handed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

static void set_of_signals(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < sizeof handed_on / sizeof handed_on[0]; i++)
        sigaddset(set, handed_on[i]);
    sigaddset(set, SIGCHLD);
    sigaddset(set, SIGRTMIN + 3); /* "halt", which systemd(1) understands */
}

static int exit_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

_Noreturn void command_init(pid_t command)
{
    sigset_t set;

    set_of_signals(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    (void)prctl(PR_SET_NAME, "unbrick-init", 0, 0, 0);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* root inside has no use for our memory */
    for (;;) {
        int signal, status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == command)
                _exit(exit_status(status)); /* the kernel kills what the command left behind */
        if (pid < 0 && errno == ECHILD)
            _exit(EXIT_FAILURE);
        if (sigwait(&set, &signal) != 0 || signal == SIGCHLD)
            continue;
        if (signal == SIGRTMIN + 3)
            signal = SIGTERM;
        /* ESRCH: it has not made its own session yet. */
        if (kill(-command, signal) < 0)
            (void)kill(command, signal);
    }
}
