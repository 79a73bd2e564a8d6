/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/selinux.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Answers a write of a context, with its NUL, by its canonical form, or EINVAL
 * (security/selinux/selinuxfs.c). */
#define CONTEXT_FILE "/sys/fs/selinux/context"

/* One write(2): each is an attempt of its own. */
static int write_context(int fd, const char *context)
{
    return write(fd, context, strlen(context) + 1) < 0 ? -errno : 0;
}

int selinux_check_context(const char *context, struct error *e)
{
    _cleanup_fd_ int fd = host_open(CONTEXT_FILE, O_RDWR);
    int r;

    if (fd < 0)
        return error_set(e, ERROR_HOST, -EOPNOTSUPP, "no-selinux",
                         "SELinux is not enabled on this host: there are no labels to set");
    r = write_context(fd, context);
    return r < 0 ? error_set(e, ERROR_USAGE, r, "usage",
                             "%s is no label that this host's SELinux policy knows",
                             text_safe(context))
                 : 0;
}

int selinux_set_exec_context(const char *context, struct error *e)
{
    _cleanup_fd_ int fd = open("/proc/thread-self/attr/exec", O_WRONLY | O_CLOEXEC);
    int r = fd < 0 ? -errno : write_context(fd, context);

    return r < 0 ? error_errno(e, r, "cannot give it the label %s", text_safe(context)) : 0;
}
