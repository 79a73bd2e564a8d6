/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What of /proc is covered: the host's kernel is not to be read or moved from inside. */

#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An empty file or directory of ours, with no permission at all. */
static void masked(void)
{
    static const char *const paths[] = {
        "/proc/kallsyms", "/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
        "/proc/kmsg",     "/proc/timer_list", "/proc/sched_debug", "/proc/sysrq-trigger"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct mount_entry m;
        struct stat st;

        if (stat(paths[i], &st) < 0)
            continue; /* not in this kernel */
        if ((st.st_mode & 07777) != 0 || contents(paths[i])[0])
            wrong("%s can be read", paths[i]);
        if (!find_mount(paths[i], &m) || !has_option(m.options, "ro"))
            wrong("%s is not covered read-only", paths[i]);
    }
}

static void read_only(void)
{
    static const char *const paths[] = {"/proc/acpi", "/proc/apm", "/proc/asound", "/proc/bus",
                                        "/proc/fs",   "/proc/irq", "/proc/scsi"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct mount_entry m;

        if (access(paths[i], F_OK) == 0 &&
            (!find_mount(paths[i], &m) || !has_option(m.options, "ro")))
            wrong("%s is not read-only", paths[i]);
    }
}

static void sysrq(void)
{
    int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, "h", 1) == 1)
        wrong("/proc/sysrq-trigger takes orders");
    if (fd >= 0)
        close(fd);
}

static void boot_id(void)
{
    const char *id = contents("/proc/sys/kernel/random/boot_id");

    if (strlen(id) != 37 || id[36] != '\n')
        wrong("the boot id is %s", id);
    if (plan_value("host boot id") && strncmp(plan_value("host boot id"), id, 36) == 0)
        wrong("the boot id is the host's");
}

static void cmdline(void)
{
    const char *planned = plan_value("kernel command line"), *line = contents("/proc/cmdline");

    if (planned && strncmp(planned, line, strlen(planned)) != 0)
        wrong("/proc/cmdline is %s", line);
}

/* Processes of ours, in this namespace or above it, would be a way out (CVE-2019-5736). */
static void no_stranger(void)
{
    for (int pid = 1; pid < 100; pid++) {
        char path[64], exe[256] = "";

        snprintf(path, sizeof path, "/proc/%d/exe", pid);
        if (pid != getpid() && readlink(path, exe, sizeof exe - 1) > 0 &&
            strcmp(exe, "/run/host/unbrick-init") != 0)
            wrong("process %d is %s", pid, exe);
    }
}

const struct check proc_checks[] = {
    {"proc-masked", masked},
    {"proc-read-only", read_only},
    {"proc-sysrq", sysrq},
    {"proc-boot-id", boot_id},
    {"proc-cmdline", cmdline},
    {"proc-no-stranger", no_stranger},
    {NULL, NULL},
};
