/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's file systems, as the payload finds them mounted. */

#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static bool private_network(void)
{
    return plan_has("network", "private");
}

/* @options: of the mount point; "!" before one that must not be there. */
static void expect_mount(const char *path, const char *type, const char *options)
{
    char copy[128], *rest = copy, *option;
    struct mount_entry m;

    if (!find_mount(path, &m)) {
        wrong("nothing is mounted on %s", path);
        return;
    }
    if (type && strcmp(m.type, type) != 0)
        wrong("%s is a %s and not a %s", path, m.type, type);
    snprintf(copy, sizeof copy, "%s", options);
    while ((option = strsep(&rest, ","))) {
        bool wanted = *option != '!';

        if (has_option(m.options, option + !wanted) != wanted)
            wrong("%s has the options %s: %s", path, m.options, option);
    }
}

static void expect_mode(const char *path, mode_t mode)
{
    struct stat st;

    if (lstat(path, &st) < 0 || (st.st_mode & 07777) != mode || st.st_uid != 0)
        wrong("%s: mode %o, owner %u", path, st.st_mode & 07777, st.st_uid);
}

static void root(void)
{
    struct mount_entry m;

    if (!find_mount("/", &m)) {
        wrong("no root mount");
        return;
    }
    if (has_option(m.options, "ro") != plan_has("root", "read-only"))
        wrong("the root has the options %s", m.options);
    if (!m.shared[0])
        wrong("the root is not shared: services with mounts of their own would miss later ones");
    if (chdir("/") < 0 || chdir("..") < 0 || access("proc/self", F_OK) < 0)
        wrong("/.. is not /");
}

/* Whatever is mounted is the tree itself, the kernel's, or in the plan: nothing of the host. */
static void only_ours(void)
{
    static const char *const ours[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/"};
    char copy[65536], *rest = copy, *line;

    snprintf(copy, sizeof copy, "%s", contents("/proc/self/mountinfo"));
    while ((line = strsep(&rest, "\n"))) {
        char point[256];
        bool known = false;

        if (sscanf(line, "%*s %*s %*s %*s %255s", point) != 1)
            continue;
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            size_t n = strlen(ours[i]);

            known = known || strcmp(point, ours[i]) == 0 ||
                    (n > 1 && strncmp(point, ours[i], n) == 0 && point[n] == '/');
        }
        if (!known && !plan_has("mount", point) && !plan_has("mounted by the test", point))
            wrong("mounted, and not in the plan: %s", line);
    }
}

static void proc(void)
{
    expect_mount("/proc", "proc", "nosuid,nodev,noexec,!ro");
    expect_mount("/proc/sys", "proc", "ro,nosuid,nodev,noexec");
}

static void proc_sys_net(void)
{
    if (private_network())
        expect_mount("/proc/sys/net", "proc", "!ro,nosuid,nodev,noexec");
    if ((access("/proc/sys/net/ipv4/ip_forward", W_OK) == 0) != private_network())
        wrong("/proc/sys/net: %s", strerror(errno));
    if (access("/proc/sys/kernel/core_pattern", W_OK) == 0)
        wrong("/proc/sys/kernel can be written");
}

static void sys(void)
{
    expect_mount("/sys", "sysfs", "ro,nosuid,nodev,noexec");
}

static void selinux(void)
{
    struct mount_entry m;

    if (find_mount("/sys/fs/selinux", &m))
        expect_mount("/sys/fs/selinux", "selinuxfs", "ro");
}

static void dev(void)
{
    expect_mount("/dev", "tmpfs", "nosuid,noexec,!nodev,!ro");
    expect_mode("/dev", 0755);
}

static void devpts(void)
{
    struct mount_entry m;

    expect_mount("/dev/pts", "devpts", "nosuid,noexec,!nodev,!ro");
    /* Ids are shown as those of outside: 5 and USER_FIRST (user_namespace.h). */
    if (!find_mount("/dev/pts", &m) || !strstr(m.super, "ptmxmode=666") ||
        !strstr(m.super, "mode=620") ||
        !strstr(m.super, plan_value("user namespace") ? "gid=2147483653" : "gid=5"))
        wrong("/dev/pts: %s", m.super);
}

static void dev_shm(void)
{
    expect_mount("/dev/shm", "tmpfs", "nosuid,nodev,!ro");
    expect_mode("/dev/shm", 01777);
}

static void mqueue(void)
{
    if (strstr(contents("/proc/filesystems"), "\tmqueue\n"))
        expect_mount("/dev/mqueue", "mqueue", "nosuid,nodev,noexec");
}

static void run(void)
{
    expect_mount("/run", "tmpfs", "nosuid,nodev,!ro");
    expect_mode("/run", 0755);
}

static void tmp(void)
{
    expect_mount("/tmp", "tmpfs", "nosuid,nodev,!ro");
    expect_mode("/tmp", 01777);
}

static void run_host(void)
{
    expect_mount("/run/host", "tmpfs", "ro,nosuid,nodev");
}

/* The whole hierarchy, from the container's own root on, or none. */
static void cgroup(void)
{
    static const char test[] = "/sys/fs/cgroup/unbrick-probe";
    const char *own = strstr(contents("/proc/self/cgroup"), "0::");
    struct mount_entry m;

    if (!plan_has("cgroup", "own"))
        return;
    /* An init of the tree has moved us below its own. */
    if (!own || (plan_value("init") && getpid() != 1 ? strncmp(own, "0::/..", 6) == 0
                                                     : strncmp(own, "0::/\n", 5) != 0))
        wrong("the cgroup is %.60s", own ? own : "none");
    expect_mount("/sys/fs/cgroup", "cgroup2", "nosuid,nodev,noexec,!ro");
    if (!find_mount("/sys/fs/cgroup", &m) || strcmp(m.root, "/") != 0)
        wrong("what is mounted of the hierarchy is %s", m.root);
    if (mkdir(test, 0755) < 0 || rmdir(test) < 0)
        wrong("cannot make a cgroup: %s", strerror(errno));
    if (access("/sys/fs/cgroup/cgroup.type", F_OK) < 0)
        wrong("/sys/fs/cgroup is the root of the host's hierarchy");
}

static void binds(void)
{
    struct mount_entry m;

    if (!plan_has("mounted by the test", "/run/shown"))
        return;
    expect_mount("/run/shown", NULL, "ro");
    if (!find_mount("/run/shown", &m) || has_option(m.options, "nosuid"))
        wrong("/run/shown: %s", m.options);
}

const struct check mount_checks[] = {
    {"root", root},
    {"nothing-of-the-host", only_ours},
    {"proc", proc},
    {"proc-sys-net", proc_sys_net},
    {"sys", sys},
    {"selinux", selinux},
    {"dev", dev},
    {"dev-pts", devpts},
    {"dev-shm", dev_shm},
    {"dev-mqueue", mqueue},
    {"run", run},
    {"tmp", tmp},
    {"run-host-read-only", run_host},
    {"cgroup", cgroup},
    {"binds", binds},
    {NULL, NULL},
};
