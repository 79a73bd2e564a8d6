/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/landlock.h"

#include "base/fd.h"
#include "base/syscalls.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>

#define FIRST_WITH_SCOPES 6 /* version of the interface */

/* struct landlock_ruleset_attr of Linux 6.12; the headers may be older. */
struct ruleset {
    uint64_t handled_access_fs, handled_access_net, scoped;
};

#define SCOPE_ABSTRACT_UNIX_SOCKET (1 << 0)

int landlock_apply(struct error *e)
{
    const struct ruleset ruleset = {.scoped = SCOPE_ABSTRACT_UNIX_SOCKET};
    _cleanup_fd_ int fd = -1;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    if (version < FIRST_WITH_SCOPES)
        return 0;
    fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
    if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        return error_errno(e, -errno, "cannot shut abstract sockets out");
    return 0;
}
