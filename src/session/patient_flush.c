/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_flush.h"

#include "base/fd.h"
#include "session/patient.h"
#include "storage/host_mounts.h"
#include "terminal/ui.h"

#include <errno.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shown after this many milliseconds, and then every second. */
#define FLUSH_TICK_MS 1000

int patient_flush(const struct patient *p)
{
    unsigned seconds = 0;
    pid_t pid = fork();
    _cleanup_fd_ int child = -1;
    int status = 0;

    if (pid < 0)
        return host_sync_tree(p->tree);
    if (pid == 0)
        _exit(-host_sync_tree(p->tree));
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
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : 0;
}
