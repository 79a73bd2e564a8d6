/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The filter of system calls (seccomp(2)): calls that the table (seccomp_table.h) allows are made,
 * those that it refuses answer what stands there, and all others answer ENOSYS. It was made at
 * build time (seccomp_generate.c); here a capability that the plan keeps opens the calls that are
 * refused for want of it, and so does naming them.
 */

#include "base/error.h"
#include "container/plan.h"

#include <stdint.h>

struct sock_filter;

/* BPF_MAXINSNS: more the kernel does not take. */
#define SECCOMP_PROGRAM_MAX 4096

/* Is @word a call of the table, or "@" and one of its groups? */
bool seccomp_is_known(const char *word);

/*
 * The program for the machine @audit_arch (AUDIT_ARCH_X86_64 or AUDIT_ARCH_AARCH64), where the
 * @capabilities are kept and the calls and groups @open (NULL-terminated; or NULL) are allowed,
 * into @ret[SECCOMP_PROGRAM_MAX]: how many instructions, or -ENOSYS. Pure.
 */
int seccomp_program(uint32_t audit_arch, uint64_t capabilities, char *const *open,
                    struct sock_filter *ret);

/* One that only refuses the calls and groups @closed, with EPERM, to be applied beside the first.
 */
int seccomp_closing_program(uint32_t audit_arch, char *const *closed, struct sock_filter *ret);

/* Apply what the plan wants to the calling thread and what it executes. Needs CAP_SYS_ADMIN
 * (no_new_privs stays off: su, sudo and file capabilities work inside). A kernel without seccomp:
 * -EINVAL. */
int seccomp_apply(const struct container_plan *plan, struct error *e);
