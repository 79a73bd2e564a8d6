/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/seccomp.h"

#include "base/syscalls.h"
#include "container/capabilities.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

/* A refused call in a program: where the answer stands, and the capability that opens it, or -1. */
struct seccomp_opening {
    char name[24];
    int capability;
    unsigned place;
};

#include "seccomp_programs.h" /* made at build time */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    uint32_t audit_arch;
    const struct sock_filter *insns;
    size_t count;
    const struct seccomp_opening *openings;
    size_t opening_count;
} programs[] = {
    {AUDIT_ARCH_X86_64, x86_64_insns, COUNT(x86_64_insns), x86_64_openings, COUNT(x86_64_openings)},
    {AUDIT_ARCH_AARCH64, aarch64_insns, COUNT(aarch64_insns), aarch64_openings,
     COUNT(aarch64_openings)},
};

_Static_assert(COUNT(x86_64_insns) <= SECCOMP_PROGRAM_MAX, "the program fits");
_Static_assert(COUNT(aarch64_insns) <= SECCOMP_PROGRAM_MAX, "the program fits");

#if defined __x86_64__
#define THIS_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#else
#error "unbrick: seccomp_generate.c makes no program for this architecture yet"
#endif

int seccomp_program(uint32_t audit_arch, uint64_t capabilities, struct sock_filter *ret)
{
    for (size_t i = 0; i < COUNT(programs); i++) {
        if (programs[i].audit_arch != audit_arch)
            continue;
        memcpy(ret, programs[i].insns, programs[i].count * sizeof *ret);
        for (size_t j = 0; j < programs[i].opening_count; j++) {
            const struct seccomp_opening *o = &programs[i].openings[j];

            if (o->capability >= 0 && (capabilities & CAPABILITY_BIT(o->capability)))
                ret[o->place].k = SECCOMP_RET_ALLOW;
        }
        return (int)programs[i].count;
    }
    return -ENOSYS;
}

int seccomp_apply(uint64_t capabilities, struct error *e)
{
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    struct sock_fprog program = {
        .len = (unsigned short)seccomp_program(THIS_MACHINE, capabilities, insns), .filter = insns};

    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        return error_errno(e, -errno, "cannot filter system calls");
    return 0;
}
