/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * System calls that a container must not make (seccomp(2)): a short list of what reaches past
 * capabilities and namespaces. Everything else is allowed, so that no program of any age fails for
 * a call that we do not know; a list of what is allowed is a later, stricter posture.
 */

#include "base/error.h"

struct sock_filter;

/* More instructions than the program has. */
#define SECCOMP_PROGRAM_MAX 256

/* Build the program for this machine into @ret: how many instructions, or -E2BIG. Pure. */
int seccomp_program(struct sock_filter *ret, unsigned max);

/* Apply it to the calling thread and what it executes. Needs CAP_SYS_ADMIN (no_new_privs stays
 * off: su, sudo and file capabilities work inside). A kernel without seccomp: -EINVAL. */
int seccomp_apply(struct error *e);
