/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Process 1 for a command that is no init: reaps orphans, hands signals that ask for an end on to
 * the command, and exits as it does (128 + signal).
 *
 * A program of its own and without a C library. Root inside can look into process 1 and change the
 * file that it runs (/proc/1/mem, /proc/1/exe; CVE-2019-5736): were it a fork of unbrick, that
 * would be what unbrick knows, and a file of the host. This one knows nothing, and lies in the
 * container's own /run/host.
 */

#include <linux/prctl.h>
#include <linux/wait.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>

/* The first process that process 1 forks. */
#define COMMAND 2

static long call(long number, long a, long b, long c, long d)
{
#if defined __x86_64__
    register long r10 __asm__("r10") = d;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
#elif defined __aarch64__
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#else
#error "unbrick: this architecture's system call instruction is not here yet"
#endif
}

static _Noreturn void leave(int status)
{
    for (;;)
        (void)call(SYS_exit_group, status, 0, 0, 0);
}

/* Everything that has ended; the command's end is ours, and the kernel kills what it left behind.
 */
static void reap(void)
{
    int status;
    long pid;

    while ((pid = call(SYS_wait4, -1, (long)&status, WNOHANG, 0)) > 0)
        if (pid == COMMAND)
            leave(status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff); /* wait(2) */
    if (pid < 0)
        leave(1);
}

/* What the command gets for a signal that we got; 0: nothing. The kernel's real-time signals begin
 * at 32, the C library's at 34: SIGRTMIN+3 to +6 and +13 to +16 ask systemd(1) for an end. */
static int handed_on(int signal)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGHUP:
    case SIGQUIT:
    case SIGUSR1:
    case SIGUSR2:
        return signal;
    default:
        return (signal >= 37 && signal <= 40) || (signal >= 47 && signal <= 50) ? SIGTERM : 0;
    }
}

/* All signals are blocked when we are executed, and stay so: they are waited for. */
static _Noreturn void run(void)
{
    static const unsigned long all = ~0UL;

    (void)call(SYS_prctl, PR_SET_NAME, (long)"unbrick-init", 0, 0);
    for (;;) {
        int signal;

        reap();
        signal = handed_on((int)call(SYS_rt_sigtimedwait, (long)&all, 0, 0, sizeof all));
        /* ESRCH: it has not made its own session yet. */
        if (signal > 0 && call(SYS_kill, -COMMAND, signal, 0, 0) < 0)
            (void)call(SYS_kill, COMMAND, signal, 0, 0);
    }
}

/* Started by the kernel, which aligns the stack as for a jump and not as for a call. */
#if defined __x86_64__
__attribute__((force_align_arg_pointer))
#endif
_Noreturn void
_start(void);

_Noreturn void _start(void)
{
    run();
}
