/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The payload's process itself: what it inherits and what it may do. */

#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static const char *const capability_names[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};

/* A line of /proc/self/status as a number. */
static uint64_t status_value(const char *key)
{
    const char *at = strstr(contents("/proc/self/status"), key);

    return at ? strtoull(at + strlen(key), NULL, 16) : UINT64_MAX;
}

static void capabilities(void)
{
    uint64_t planned = 0, last = strtoull(contents("/proc/sys/kernel/cap_last_cap"), NULL, 10);

    for (uint64_t i = 0; i < sizeof capability_names / sizeof capability_names[0]; i++) {
        char name[40];

        snprintf(name, sizeof name, "CAP_%s", capability_names[i]);
        if (plan_has("capabilities", name))
            planned |= UINT64_C(1) << i;
    }
    planned &= (UINT64_C(2) << last) - 1;
    /* Nobody can give away more than they have, but a user namespace begins with all. */
    if (plan_value("host capabilities") && !plan_value("user namespace"))
        planned &= strtoull(plan_value("host capabilities"), NULL, 16);
    if (status_value("\nCapBnd:") != planned)
        wrong("bounding set %llx, planned %llx", (unsigned long long)status_value("\nCapBnd:"),
              (unsigned long long)planned);
    if (status_value("\nCapPrm:") != planned || status_value("\nCapEff:") != planned)
        wrong("effective set %llx", (unsigned long long)status_value("\nCapEff:"));
    if (status_value("\nCapInh:") || status_value("\nCapAmb:"))
        wrong("inheritable or ambient capabilities");
    if (status_value("\nNoNewPrivs:"))
        wrong("no_new_privs: su and sudo would not work");
    if (prctl(PR_GET_SECUREBITS) != 0)
        wrong("secure bits");
}

static void check_variable(const char *word)
{
    char name[256];
    const char *value = strchr(word, '=');

    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    if (!value || !getenv(name) || strcmp(getenv(name), value + 1) != 0)
        wrong("%s is %s", word, getenv(name) ? getenv(name) : "missing");
}

static void environment(void)
{
    plan_words("environment", check_variable);
    for (char **v = environ; *v; v++)
        if (!plan_has("environment", *v))
            wrong("in the environment, and not in the plan: %s", *v);
    if (!getenv("container") || !*getenv("container"))
        wrong("$container is missing");
}

static void namespaces(void)
{
    static const struct {
        const char *name;
        bool shared; /* with the host, unless the plan says otherwise */
    } kinds[] = {{"mnt", false}, {"pid", false},    {"uts", false}, {"ipc", false},
                 {"net", true},  {"cgroup", false}, {"user", true}, {"time", true}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char path[64], here[64] = "", key[64];
        bool own = !kinds[i].shared ||
                   (strcmp(kinds[i].name, "net") == 0 && plan_has("network", "private")) ||
                   (strcmp(kinds[i].name, "user") == 0 && plan_value("user namespace"));

        if (strcmp(kinds[i].name, "cgroup") == 0 && !plan_has("cgroup", "own"))
            continue;
        snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i].name);
        snprintf(key, sizeof key, "host namespace %s", kinds[i].name);
        if (readlink(path, here, sizeof here - 1) < 0 || !plan_value(key))
            continue;
        if ((strcmp(here, plan_value(key)) != 0) != own)
            wrong("the %s namespace is %s", kinds[i].name, own ? "the host's" : "another");
    }
}

static void pid(void)
{
    bool second = plan_value("command");

    if (getpid() != (second ? 2 : 1))
        wrong("this is process %d", (int)getpid());
    if (getppid() != (second ? 1 : 0))
        wrong("its parent is %d", (int)getppid());
}

/* The kernel's own (include/asm-generic/resource.h), as a booting system expects them. */
static void limits(void)
{
    static const struct {
        int resource;
        const char *name;
        rlim_t soft, hard;
    } wanted[] = {
        {RLIMIT_CORE, "core", 0, RLIM_INFINITY},
        {RLIMIT_STACK, "stack", 8 << 20, RLIM_INFINITY},
        {RLIMIT_NOFILE, "nofile", 1024, 524288},
        {RLIMIT_FSIZE, "fsize", RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_AS, "as", RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_CPU, "cpu", RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_NICE, "nice", 0, 0},
        {RLIMIT_RTPRIO, "rtprio", 0, 0},
    };

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct rlimit l;

        /* Without CAP_SYS_RESOURCE on the host a hard limit can only be lowered. */
        if (getrlimit(wanted[i].resource, &l) < 0 || l.rlim_cur != wanted[i].soft ||
            (l.rlim_max != wanted[i].hard && plan_has("host limits", "free")) ||
            l.rlim_max > wanted[i].hard)
            wrong("limit %s: %llu %llu", wanted[i].name, (unsigned long long)l.rlim_cur,
                  (unsigned long long)l.rlim_max);
    }
}

/* A descriptor of the host is a way out (CVE-2024-21626). */
static void descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    char here[256] = "";

    for (struct dirent *d; dir && (d = readdir(dir));) {
        int fd = atoi(d->d_name);

        if (d->d_name[0] != '.' && fd > 2 && fd != dirfd(dir))
            wrong("descriptor %d is open", fd);
    }
    if (dir)
        closedir(dir);
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            wrong("descriptor %d is closed", fd);
    if (readlink("/proc/self/cwd", here, sizeof here - 1) < 0 || strcmp(here, "/") != 0)
        wrong("the working directory is %s", here);
}

static void signals(void)
{
    if (status_value("\nSigBlk:") || status_value("\nSigIgn:"))
        wrong("signals are blocked or ignored");
    if (umask(0022) != 0022)
        wrong("umask");
}

static void session(void)
{
    if (getsid(0) != getpid())
        wrong("not the leader of its session");
    if (plan_has("console", "pty") && (tcgetsid(0) != getpid()))
        wrong("/dev/console is not its controlling terminal");
}

static void identity(void)
{
    const char *hostname = plan_value("host name");
    struct utsname names;

    if (uname(&names) < 0 || !hostname || strcmp(names.nodename, hostname) != 0)
        wrong("the host name is %s", names.nodename);
    if (getuid() || geteuid() || getgid() || getegid())
        wrong("not root");
    if (access("/proc/self/loginuid", F_OK) == 0 &&
        strncmp(contents("/proc/self/loginuid"), "4294967295", 10) != 0)
        wrong("the login uid is %s", contents("/proc/self/loginuid"));
}

static void user_namespace(void)
{
    static const char *const paths[] = {"/proc/self/uid_map", "/proc/self/gid_map"};
    const char *planned = plan_value("user namespace");
    unsigned long outside = 0, count = 4294967295;

    if (planned)
        (void)sscanf(planned, "%lu %lu", &outside, &count);
    for (size_t i = 0; i < 2; i++) {
        unsigned long inside = 1, first = 1, size = 0;

        if (sscanf(contents(paths[i]), "%lu %lu %lu", &inside, &first, &size) != 3 || inside ||
            first != outside || size != count)
            wrong("%s: %s", paths[i], contents(paths[i]));
    }
}

/* The administrator's session keyring stays outside. To ask takes a call that is refused otherwise.
 */
static void keyring(void)
{
    long own;

    if (!plan_has("allowed system calls", "@keyring"))
        return;
    own = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0L);
    if (own <= 0 || !plan_value("host keyring") || atol(plan_value("host keyring")) == own)
        wrong("the session keyring is %ld, the host's %s", own, plan_value("host keyring"));
}

const struct check process_checks[] = {
    {"capabilities", capabilities},
    {"environment", environment},
    {"namespaces", namespaces},
    {"process-number", pid},
    {"limits", limits},
    {"descriptors", descriptors},
    {"signals", signals},
    {"session", session},
    {"identity", identity},
    {"keyring", keyring},
    {"user-namespace", user_namespace},
    {NULL, NULL},
};
