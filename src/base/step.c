/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/step.h"

#ifdef UNBRICK_FAILPOINTS
#include "base/fd.h"

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
    return n > 0 ? atoi(pid) : (int)getpid();
}

void step_reached(const char *name)
{
    const char *wanted = getenv("UNBRICK_STOP_AT"), *file = getenv("UNBRICK_STOP_FILE");

    if (!wanted || !file || strcmp(wanted, name) != 0)
        return;
    _cleanup_fd_ int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return; /* somebody else stopped there already */
    dprintf(fd, "%d\n", host_pid());
    raise(SIGSTOP);
    /* The init of a process namespace cannot stop itself (pid_namespaces(7)). */
    while (getpid() == 1)
        pause();
}
#endif
