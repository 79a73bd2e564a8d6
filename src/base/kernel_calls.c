/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/kernel_calls.h"

#include "base/syscalls.h"

#include <errno.h>
#include <stddef.h>
#include <sys/utsname.h>

/* The Linux that brought it, and what needs it. Called with descriptors that are none they do
 * nothing. */
static const struct {
    const char *name;
    long number;
} needed[] = {
    {"fsopen", SYS_fsopen},               /* 5.2: mounts without a path */
    {"fsconfig", SYS_fsconfig},           /* 5.2: the same */
    {"fsmount", SYS_fsmount},             /* 5.2: the same */
    {"open_tree", SYS_open_tree},         /* 5.2: the same */
    {"move_mount", SYS_move_mount},       /* 5.2: on a descriptor, not on a name */
    {"pidfd_open", SYS_pidfd_open},       /* 5.3: processes without a race for their number */
    {"clone3", SYS_clone3},               /* 5.3: into a cgroup (5.7) */
    {"openat2", SYS_openat2},             /* 5.6: paths that stay below a root */
    {"close_range", SYS_close_range},     /* 5.9: nothing of ours leaks into a payload */
    {"mount_setattr", SYS_mount_setattr}, /* 5.12: read-only trees */
};

int kernel_calls_check(struct error *e)
{
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        struct utsname kernel;

        /* EBADF, EFAULT, EINVAL: it is there. close_range(2) of an empty range is EINVAL. */
        if (syscall(needed[i].number, -1, 0, 0, 0, 0) >= 0 || errno != ENOSYS)
            continue;
        if (uname(&kernel) < 0)
            kernel.release[0] = '\0';
        return error_set(e, ERROR_HOST, -ENOSYS, "kernel-too-old",
                         "the kernel here (%s) has no %s(2), or it is forbidden: Linux 5.12 or "
                         "newer is needed",
                         kernel.release, needed[i].name);
    }
    return 0;
}
