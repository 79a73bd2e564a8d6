/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/process_setup.h"

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/capabilities.h"
#include "container/landlock.h"
#include "container/seccomp.h"
#include "container/selinux.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* The administrator's shell may carry limits of its own: a booting system starts with the kernel's
 * (include/asm-generic/resource.h), except for the hard number of files, where systemd and its
 * services expect what systemd gives them. */
static const struct {
    int resource;
    rlim_t soft, hard;
} limits[] = {
    {RLIMIT_CPU, RLIM_INFINITY, RLIM_INFINITY},
    {RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY},
    {RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY},
    {RLIMIT_STACK, 8 << 20, RLIM_INFINITY},
    {RLIMIT_CORE, 0, RLIM_INFINITY},
    {RLIMIT_RSS, RLIM_INFINITY, RLIM_INFINITY},
    {RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY},
    {RLIMIT_LOCKS, RLIM_INFINITY, RLIM_INFINITY},
    {RLIMIT_NOFILE, 1024, 524288},
    {RLIMIT_NICE, 0, 0},
    {RLIMIT_RTPRIO, 0, 0},
    {RLIMIT_RTTIME, RLIM_INFINITY, RLIM_INFINITY},
};

/* In a container of somebody else's a hard limit cannot be raised: then it stays. */
static void set_limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit old, limit = {soft, hard};

    if (setrlimit(resource, &limit) == 0 || getrlimit(resource, &old) < 0)
        return;
    limit.rlim_max = old.rlim_max;
    limit.rlim_cur = soft < old.rlim_max ? soft : old.rlim_max;
    (void)setrlimit(resource, &limit);
}

static int loopback_up(void)
{
    _cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

    return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int process_setup_account(struct error *e)
{
    /* The administrator's keys stay outside. A kernel without keys has none. */
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        return error_errno(e, -errno, "cannot leave the session keyring");
    /* Nobody has logged in here yet (pam_loginuid(8)); refused where audit forbids the change. */
    (void)file_write("/proc/self/loginuid", "4294967295");
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        set_limit(limits[i].resource, limits[i].soft, limits[i].hard);
    return 0;
}

int process_setup_identity(const struct container_plan *plan, struct error *e)
{
    const char *hostname = plan->hostname[0] ? plan->hostname : plan->name;

    if (sethostname(hostname, strlen(hostname)) < 0)
        return error_errno(e, -errno, "cannot set the host name %s", hostname);
    if (plan->private_network) {
        int r = loopback_up();

        if (r < 0)
            return error_errno(e, r, "cannot start the loopback network");
    }
    return process_setup_account(e);
}

int process_setup_limits_of_namespace(struct error *e)
{
    int r = file_write("/proc/sys/user/max_user_namespaces", "0");

    return r < 0 ? error_errno(e, r, "cannot forbid further user namespaces") : 0;
}

int process_setup_privileges(const struct container_plan *plan, struct error *e)
{
    const struct container_user *user = &plan->user;
    uint64_t kept = container_plan_capabilities(plan);
    int r = 0;

    /* While the files of the process are still root's. */
    if (plan->label)
        r = selinux_set_exec_context(plan->label, e);
    if (r == 0 && plan->personality != PER_LINUX && personality(plan->personality) < 0)
        r = error_errno(e, -errno, "cannot set the personality");
    if (r == 0 && plan->untrusted)
        r = landlock_apply(e);
    /* The filter before the capabilities: to apply it without no_new_privs takes CAP_SYS_ADMIN. */
    if (r == 0 && !plan->unfiltered)
        r = seccomp_apply(plan, e);
    if (r == 0 && (user->uid || user->gid)) {
        r = capabilities_bound(kept, e);
        /* Not being root any more takes the capabilities away (capabilities(7)). */
        if (r == 0 && (setgroups(user->group_count, user->groups) < 0 ||
                       setresgid(user->gid, user->gid, user->gid) < 0 ||
                       setresuid(user->uid, user->uid, user->uid) < 0))
            r = error_errno(e, -errno, "cannot become the user %u inside", user->uid);
        return r;
    }
    return r < 0 ? r : capabilities_limit(kept, e);
}

int process_setup_terminal(int slave, struct error *e)
{
    if (setsid() < 0)
        return error_errno(e, -errno, "cannot start a session");
    if (slave < 0)
        return 0;
    if (ioctl(slave, TIOCSCTTY, 0) < 0)
        return error_errno(e, -errno, "cannot take the console as controlling terminal");
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(slave, fd) < 0)
            return error_errno(e, -errno, "cannot open the console");
    return 0;
}

void process_setup_signals(void)
{
    sigset_t none;

    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction defaults = {.sa_handler = SIG_DFL};

        (void)sigaction(signal, &defaults, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
