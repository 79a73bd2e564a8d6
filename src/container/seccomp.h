/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The filter of system calls (seccomp(2)): calls that the table (seccomp_table.h) allows are made,
 * those that it refuses answer what stands there, and all others answer ENOSYS. It was made at
 * build time (seccomp_generate.c); here a capability that the plan keeps opens the calls that are
 * refused for want of it.
 */

#include "base/error.h"

#include <stdint.h>

struct sock_filter;

/* More instructions than a program has. */
#define SECCOMP_PROGRAM_MAX 2048

/*
 * The program for the machine @audit_arch (AUDIT_ARCH_X86_64 or AUDIT_ARCH_AARCH64), where the
 * @capabilities are kept, into @ret[SECCOMP_PROGRAM_MAX]: how many instructions, or -ENOSYS. Pure.
 */
int seccomp_program(uint32_t audit_arch, uint64_t capabilities, struct sock_filter *ret);

/* Apply it to the calling thread and what it executes. Needs CAP_SYS_ADMIN (no_new_privs stays
 * off: su, sudo and file capabilities work inside). A kernel without seccomp: -EINVAL. */
int seccomp_apply(uint64_t capabilities, struct error *e);
