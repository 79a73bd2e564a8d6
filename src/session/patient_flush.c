/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_flush.h"

#include "base/fd.h"
#include "base/path.h"
#include "session/patient.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shown after this many milliseconds, and then every second. */
#define FLUSH_TICK_MS 1000

static void flush_all(const struct patient *p)
{
    _cleanup_fd_ int root = path_open(p->root_fd, "/", O_RDONLY | O_DIRECTORY);

    if (root >= 0)
        (void)syncfs(root);
    for (unsigned i = 0; i < p->plan->count; i++) {
        _cleanup_fd_ int fd = -1;

        if (!p->plan->steps[i].mounted)
            continue;
        fd = path_open(p->root_fd, p->plan->steps[i].target, O_RDONLY | O_DIRECTORY);
        if (fd >= 0)
            (void)syncfs(fd);
    }
}

void patient_flush(const struct patient *p)
{
    unsigned seconds = 0;
    pid_t pid = fork();
    _cleanup_fd_ int child = -1;

    if (pid < 0) {
        flush_all(p);
        return;
    }
    if (pid == 0) {
        flush_all(p);
        _exit(0);
    }
    child = pidfd_open(pid, 0);
    /* Without a descriptor (there are too many) it is waited for without a word. */
    while (child >= 0) {
        struct pollfd wait = {.fd = child, .events = POLLIN};
        int n = poll(&wait, 1, FLUSH_TICK_MS);

        if (n > 0 || (n < 0 && errno != EINTR))
            break;
        ui_progress("writing data to the disk", -1, ++seconds);
    }
    ui_progress_end();
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
