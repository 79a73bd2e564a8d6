/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/credentials.h"

#include "base/fd.h"
#include "container/attach.h"
#include "container/below.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

int credentials_mount(const struct container_plan *plan, int root_fd, struct error *e)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    _cleanup_fd_ int tree = -1;
    int r;

    if (!plan->credential_count)
        return 0;
    tree = attach_new("ramfs", "mode=0700", NULL,
                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
    if (tree < 0)
        return tree;
    /* Attached before it is filled: Linux 6.12 refuses to make files in a detached mount. */
    r = attach_at(root_fd, "run/host/credentials", tree, e);
    if (r < 0)
        return r;
    for (unsigned i = 0; r == 0 && i < plan->credential_count; i++)
        r = below_write(tree, plan->credentials[i].name, 0400, plan->credentials[i].data,
                        plan->credentials[i].size);
    if (r == 0 && mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
        r = -errno;
    return r < 0 ? error_errno(e, r, "cannot fill /run/host/credentials") : 0;
}
