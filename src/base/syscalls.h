/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* System calls that glibc 2.36 does not wrap. They set errno and return -1 like the wrapped ones.
 */

#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline int sys_openat2(int dir, const char *path, const struct open_how *how)
{
    return (int)syscall(SYS_openat2, dir, path, how, sizeof *how);
}

/* Returns 0 in the child. CLONE_VM must not be set: the child goes on with a copy of our stack. */
static inline pid_t sys_clone3(struct clone_args *args)
{
    return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}
