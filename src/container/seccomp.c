/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/seccomp.h"

#include "base/syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/*
 * The refused calls. EPERM, and not ENOSYS, where a program would otherwise try an older way to do
 * the same; ENOSYS where it should go on without. Columns: this machine's number, and the one of
 * the 32-bit programs that it can execute too (arch/x86/entry/syscalls/syscall_32.tbl and
 * arch/arm/tools/syscall.tbl of the kernel); -1 when there is none.
 */
#if defined __x86_64__
#define NATIVE_ARCH           AUDIT_ARCH_X86_64
#define COMPAT_ARCH           AUDIT_ARCH_I386
#define COMPAT_SOCKET         359
#define CALL(name, i386, arm) SYS_##name, i386
#elif defined __aarch64__
#define NATIVE_ARCH           AUDIT_ARCH_AARCH64
#define COMPAT_ARCH           AUDIT_ARCH_ARM
#define COMPAT_SOCKET         281
#define CALL(name, i386, arm) SYS_##name, arm
#else
#error "unbrick: the table of system calls has no column for this architecture yet"
#endif

static const struct {
    int native, compat;
    int error;
} refused[] = {
    /* code in the host's kernel */
    {CALL(init_module, 128, 128), EPERM},
    {CALL(finit_module, 350, 379), EPERM},
    {CALL(delete_module, 129, 129), EPERM},
    {CALL(kexec_load, 283, 347), EPERM},
    {CALL(kexec_file_load, -1, 401), EPERM},
    {CALL(bpf, 357, 386), EPERM},
    {CALL(perf_event_open, 336, 364), EPERM},
    /* files by handle, which lead past every mount namespace */
    {CALL(open_by_handle_at, 342, 371), EPERM},
    /* the host's memory: swap belongs to nobody's namespace */
    {CALL(swapon, 87, 87), EPERM},
    {CALL(swapoff, 115, 115), EPERM},
    /* the host's clock */
    {CALL(settimeofday, 79, 79), EPERM},
    {CALL(clock_settime, 264, 262), EPERM},
    {CALL(adjtimex, 124, 124), EPERM},
    {CALL(clock_adjtime, 343, 372), EPERM},
    /* keys of the kernel are per user id, and root inside is root outside */
    {CALL(add_key, 286, 309), ENOSYS},
    {CALL(request_key, 287, 310), ENOSYS},
    {CALL(keyctl, 288, 311), ENOSYS},
    /* accounting of the whole host; page faults of the kernel in user space */
    {CALL(acct, 51, 51), EPERM},
    {CALL(userfaultfd, 374, 388), EPERM},
#ifdef __x86_64__
    {CALL(iopl, 110, -1), EPERM},
    {CALL(ioperm, 101, -1), EPERM},
#endif
};

#define REFUSED (sizeof refused / sizeof refused[0])

struct program {
    struct sock_filter *insns;
    unsigned count, max;
};

static void emit(struct program *p, struct sock_filter insn)
{
    if (p->count < p->max)
        p->insns[p->count] = insn;
    p->count++;
}

static void load_field(struct program *p, size_t offset)
{
    emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *p, uint32_t value)
{
    emit(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
}

/* Skip @rest instructions unless the accumulator equals @value. */
static void require(struct program *p, uint32_t value, uint8_t rest)
{
    emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, rest));
}

static void refuse_call(struct program *p, int number, int error)
{
    if (number < 0)
        return;
    require(p, (uint32_t)number, 1);
    answer(p, SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* A socket to the audit system would be the host's: systemd takes this error for "no audit". */
static void refuse_audit_socket(struct program *p, int number)
{
    require(p, (uint32_t)number, 5);
    load_field(p, offsetof(struct seccomp_data, args[0]));
    require(p, AF_NETLINK, 3);
    load_field(p, offsetof(struct seccomp_data, args[2]));
    require(p, NETLINK_AUDIT, 1);
    answer(p, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

int seccomp_program(struct sock_filter *ret, unsigned max)
{
    struct program p = {.insns = ret, .max = max};
    unsigned jump;

    load_field(&p, offsetof(struct seccomp_data, arch));
    jump = p.count;
    require(&p, NATIVE_ARCH, 0); /* the distance is filled in below */
    load_field(&p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* x32 calls carry bit 30: no distribution uses that ABI, so its numbers get no table. */
    emit(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 1));
    answer(&p, SECCOMP_RET_ERRNO | ENOSYS);
#endif
    for (size_t i = 0; i < REFUSED; i++)
        refuse_call(&p, refused[i].native, refused[i].error);
    refuse_audit_socket(&p, SYS_socket);
    answer(&p, SECCOMP_RET_ALLOW);
    if (jump < max)
        ret[jump].jf = (uint8_t)(p.count - jump - 1);

    emit(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, COMPAT_ARCH, 1, 0));
    answer(&p, SECCOMP_RET_ERRNO | ENOSYS);
    load_field(&p, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < REFUSED; i++)
        refuse_call(&p, refused[i].compat, refused[i].error);
    refuse_audit_socket(&p, COMPAT_SOCKET);
    answer(&p, SECCOMP_RET_ALLOW);
    return p.count <= max ? (int)p.count : -E2BIG;
}

int seccomp_apply(struct error *e)
{
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    int count = seccomp_program(insns, SECCOMP_PROGRAM_MAX);
    struct sock_fprog program = {.len = (unsigned short)count, .filter = insns};

    if (count < 0)
        return error_errno(e, count, "the filter of system calls is too long");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        return error_errno(e, -errno, "cannot filter system calls");
    return 0;
}
