/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/seccomp.h"

#include "base/fd.h"
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

/* A call by name. Its numbers for the machine's own programs, for 32-bit ones, for x32; or -1. */
struct seccomp_call {
    char name[32], group[16];
    int numbers[3];
};

#include "seccomp_programs.h" /* made at build time */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct machine {
    uint32_t audit_arch, audit_compat;
    const struct sock_filter *insns;
    size_t count;
    const struct seccomp_opening *openings;
    size_t opening_count;
    const struct seccomp_call *calls;
    size_t call_count;
} machines[] = {
    {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, x86_64_insns, COUNT(x86_64_insns), x86_64_openings,
     COUNT(x86_64_openings), x86_64_calls, COUNT(x86_64_calls)},
    {AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, aarch64_insns, COUNT(aarch64_insns), aarch64_openings,
     COUNT(aarch64_openings), aarch64_calls, COUNT(aarch64_calls)},
};

_Static_assert(COUNT(x86_64_insns) <= SECCOMP_PROGRAM_MAX, "the program fits");
_Static_assert(COUNT(aarch64_insns) <= SECCOMP_PROGRAM_MAX, "the program fits");
_Static_assert(COUNT(x86_64_calls) * 2 * 3 + 16 <= SECCOMP_PROGRAM_MAX, "closing all calls fits");

#if defined __x86_64__
#define THIS_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#else
#error "unbrick: seccomp_generate.c makes no program for this architecture yet"
#endif

static const struct machine *find_machine(uint32_t audit_arch)
{
    for (size_t i = 0; i < COUNT(machines); i++)
        if (machines[i].audit_arch == audit_arch)
            return &machines[i];
    return NULL;
}

static bool matches(const struct seccomp_call *call, const char *word)
{
    return strcmp(word[0] == '@' ? call->group : call->name, word + (word[0] == '@')) == 0;
}

bool seccomp_is_known(const char *word)
{
    const struct machine *m = find_machine(THIS_MACHINE);

    for (size_t i = 0; i < m->call_count; i++)
        if (matches(&m->calls[i], word))
            return true;
    return false;
}

static bool is_among(const struct machine *m, const char *name, char *const *words)
{
    for (; words && *words; words++)
        for (size_t i = 0; i < m->call_count; i++)
            if (strcmp(m->calls[i].name, name) == 0 && matches(&m->calls[i], *words))
                return true;
    return false;
}

int seccomp_program(uint32_t audit_arch, uint64_t capabilities, char *const *open,
                    struct sock_filter *ret)
{
    const struct machine *m = find_machine(audit_arch);

    if (!m)
        return -ENOSYS;
    memcpy(ret, m->insns, m->count * sizeof *ret);
    for (size_t i = 0; i < m->opening_count; i++) {
        const struct seccomp_opening *o = &m->openings[i];

        if ((o->capability >= 0 && (capabilities & CAPABILITY_BIT(o->capability))) ||
            is_among(m, o->name, open))
            ret[o->place].k = SECCOMP_RET_ALLOW;
    }
    return (int)m->count;
}

static void emit(struct sock_filter *program, unsigned *count, struct sock_filter insn)
{
    program[(*count)++] = insn;
}

/* Refuse the numbers of one column, when the accumulator holds one of them. */
static void close_column(const struct machine *m, unsigned column, char *const *closed,
                         struct sock_filter *ret, unsigned *count)
{
    for (size_t i = 0; i < m->call_count; i++) {
        if (m->calls[i].numbers[column] < 0 || !is_among(m, m->calls[i].name, closed))
            continue;
        emit(ret, count,
             (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                          (uint32_t)m->calls[i].numbers[column], 0, 1));
        emit(ret, count, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    }
}

int seccomp_closing_program(uint32_t audit_arch, char *const *closed, struct sock_filter *ret)
{
    const struct machine *m = find_machine(audit_arch);
    const struct sock_filter load_nr =
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    unsigned count = 0, jump;

    if (!m)
        return -ENOSYS;
    emit(ret, &count,
         (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                      offsetof(struct seccomp_data, arch)));
    emit(ret, &count,
         (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, m->audit_compat, 0, 1));
    jump = count;
    emit(ret, &count, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
    emit(ret, &count, load_nr);
    close_column(m, 0, closed, ret, &count);
    close_column(m, 2, closed, ret, &count);
    emit(ret, &count, allow);
    ret[jump].k = count - jump - 1;
    emit(ret, &count, load_nr);
    close_column(m, 1, closed, ret, &count);
    emit(ret, &count, allow);
    return (int)count;
}

static int install(struct sock_filter *insns, int count, struct error *e)
{
    struct sock_fprog program = {.len = (unsigned short)count, .filter = insns};

    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        return error_errno(e, -errno, "cannot filter system calls");
    return 0;
}

int seccomp_apply(const struct container_plan *plan, struct error *e)
{
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    uint64_t kept = container_plan_capabilities(plan);
    int r = install(insns, seccomp_program(THIS_MACHINE, kept, plan->open_calls, insns), e);

    if (r == 0 && plan->closed_calls)
        r = install(insns, seccomp_closing_program(THIS_MACHINE, plan->closed_calls, insns), e);
    return r;
}
