/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* System calls: what the filter answers, for each ABI that this machine's processor has. */

#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect(const char *name, long result, int error)
{
    if (result != -1 || errno != error)
        wrong("%s: %s instead of %s", name, result == -1 ? strerror(errno) : "it works",
              strerror(error));
}

#define EXPECT(error, call, ...)                                                                   \
    expect(#call, syscall(SYS_##call __VA_OPT__(, ) __VA_ARGS__), error)

static void filter_is_on(void)
{
    if (!strstr(contents("/proc/self/status"), "\nSeccomp:\t2\n"))
        wrong("no filter");
}

/* The arguments are wrong: a call that came through would say so, and do no harm. */
static void refused(void)
{
    EXPECT(EPERM, init_module, NULL, 0L, NULL);
    EXPECT(EPERM, kexec_load, 0L, 1L, NULL, ~0L);
    EXPECT(EPERM, bpf, -1L, NULL, 0L);
    EXPECT(EPERM, perf_event_open, NULL, 0L, -1L, -1L, 0L);
    EXPECT(EPERM, open_by_handle_at, -1L, NULL, 0L);
    EXPECT(EPERM, swapon, NULL, 0L);
    EXPECT(EPERM, settimeofday, NULL, NULL);
    if (!plan_has("capabilities", "CAP_SYSLOG"))
        EXPECT(EPERM, syslog, 3L, NULL, 0L);
    else
        EXPECT(EINVAL, syslog, 3L, NULL, -1L);
    EXPECT(EPERM, quotactl, -1L, NULL, 0L, NULL);
    EXPECT(EPERM, fanotify_init, ~0L, 0L);
    EXPECT(EPERM, io_uring_setup, 0L, NULL);
    EXPECT(EPERM, userfaultfd, ~0L);
}

static void unknown(void)
{
    expect("call 5000", syscall(5000), ENOSYS);
    if (!plan_has("allowed system calls", "@keyring"))
        EXPECT(ENOSYS, keyctl, -1L);
    expect("statmount", syscall(457, NULL, NULL, 0L, ~0L), ENOSYS);
}

static void audit(void)
{
    expect("socket", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), EAFNOSUPPORT);
    if (close(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) < 0)
        wrong("no netlink socket at all");
}

/* CVE-2017-5226: typing into a terminal that the caller handed in. */
static void terminal_input(void)
{
    int master, slave;

    if (openpty(&master, &slave, NULL, NULL, NULL) < 0) {
        wrong("openpty: %s", strerror(errno));
        return;
    }
    expect("TIOCSTI", ioctl(slave, TIOCSTI, "x"), EPERM);
    expect("TIOCSTI with high bits", syscall(SYS_ioctl, (long)slave, (long)TIOCSTI | 1L << 32, "x"),
           EPERM);
    close(master);
    close(slave);
}

#ifdef __x86_64__
/* By the gate of i386, which every process can use. */
static long call_i386(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static void sigsegv(int signal)
{
    _exit(99);
}

/* In a child: a kernel without the gate answers by a signal. */
static void i386(void)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        signal(SIGSEGV, sigsegv);
        if (call_i386(20, 0, 0, 0) != getpid()) /* getpid */
            _exit(99);
        if (call_i386(128, 0, 0, 0) != -EPERM) /* init_module */
            _exit(1);
        if (call_i386(5000, 0, 0, 0) != -ENOSYS)
            _exit(2);
        if (call_i386(359, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) != -EAFNOSUPPORT) /* socket */
            _exit(3);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) && WEXITSTATUS(status) != 99)
        wrong("i386: step %d", WEXITSTATUS(status));
}

static void x32(void)
{
    const long bit = 0x40000000;

    expect("x32 kexec_load", syscall(bit | 528, 0L, 1L, NULL, ~0L), EPERM);
    expect("x32 call 5000", syscall(bit | 5000), ENOSYS);
    expect("x32 call of x86_64", syscall(bit | SYS_kexec_load), EPERM);
}
#else
static void i386(void)
{
}

static void x32(void)
{
}
#endif

const struct check syscall_checks[] = {
    {"seccomp", filter_is_on},
    {"seccomp-refused", refused},
    {"seccomp-unknown", unknown},
    {"seccomp-audit", audit},
    {"seccomp-terminal-input", terminal_input},
    {"seccomp-i386", i386},
    {"seccomp-x32", x32},
    {NULL, NULL},
};
