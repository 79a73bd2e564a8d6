/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/step.h"

#ifdef UNBRICK_FAILPOINTS
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The pid by which the host knows us: /proc is the host's, in a process namespace of ours too. */
static int host_pid(void)
{
    char pid[32];
    ssize_t n = readlink("/proc/self", pid, sizeof pid - 1);

    pid[n > 0 ? n : 0] = '\0';
    return n > 0 ? (int)strtol(pid, NULL, 10) : (int)getpid();
}

/* The init of a process namespace cannot stop itself (pid_namespaces(7)), and what it has no
 * handler for reaches it when it is blocked only. */
static void wait_for_continue(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    while (sigwaitinfo(&set, NULL) < 0 && errno == EINTR)
        ;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void step_reached(const char *name)
{
    const char *wanted = getenv("UNBRICK_STOP_AT"), *file = getenv("UNBRICK_STOP_FILE");

    if (!wanted || !file || strcmp(wanted, name) != 0)
        return;
    _cleanup_fd_ int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return;  /* somebody else stopped there already */
    if (fd >= 0) /* inside of a container the directory is not there */
        dprintf(fd, "%d\n", host_pid());
    if (getpid() == 1)
        wait_for_continue();
    else
        raise(SIGSTOP);
}

unsigned step_seconds(const char *name, unsigned seconds)
{
    const char *value = getenv(name);

    return value ? (unsigned)strtoul(value, NULL, 10) : seconds;
}
#endif
