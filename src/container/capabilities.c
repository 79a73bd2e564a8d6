/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/capabilities.h"

#include "base/syscalls.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

/*
 * Every capability, and why it is kept by default or not. Kept is what repairs of one's own disk
 * and a booting systemd need; not kept is what reaches past the container to the host.
 */
static const struct {
    unsigned cap;
    const char *name;
    bool kept;
} table[] = {
    {CAP_CHOWN, "CAP_CHOWN", true},                       /* package managers */
    {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", true},         /* root reads and writes all files */
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", true},   /* the same; seccomp refuses handles */
    {CAP_FOWNER, "CAP_FOWNER", true},                     /* package managers */
    {CAP_FSETID, "CAP_FSETID", true},                     /* keep set-id bits */
    {CAP_KILL, "CAP_KILL", true},                         /* its own processes: pid namespace */
    {CAP_SETGID, "CAP_SETGID", true},                     /* services and su */
    {CAP_SETUID, "CAP_SETUID", true},                     /* services and su */
    {CAP_SETPCAP, "CAP_SETPCAP", true},                   /* services give up capabilities */
    {CAP_LINUX_IMMUTABLE, "CAP_LINUX_IMMUTABLE", true},   /* chattr -i on a protected file */
    {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE", true}, /* services on a private network */
    {CAP_NET_BROADCAST, "CAP_NET_BROADCAST", true},       /* unused by the kernel, expected */
    {CAP_NET_ADMIN, "CAP_NET_ADMIN", false},              /* the host's network; see plan */
    {CAP_NET_RAW, "CAP_NET_RAW", true},                   /* ping */
    {CAP_IPC_LOCK, "CAP_IPC_LOCK", true},                 /* cryptsetup locks its keys */
    {CAP_IPC_OWNER, "CAP_IPC_OWNER", true},               /* ipc namespace of its own */
    {CAP_SYS_MODULE, "CAP_SYS_MODULE", false},            /* code in the host's kernel */
    {CAP_SYS_RAWIO, "CAP_SYS_RAWIO", false},              /* ports, memory, raw SCSI commands */
    {CAP_SYS_CHROOT, "CAP_SYS_CHROOT", true},             /* initramfs tools, services */
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", true},             /* strace of a crashing program */
    {CAP_SYS_PACCT, "CAP_SYS_PACCT", false},              /* accounting of the whole host */
    {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", true},               /* mount: systemd does not run without */
    {CAP_SYS_BOOT, "CAP_SYS_BOOT", true},                 /* reboot(2) ends the namespace only */
    {CAP_SYS_NICE, "CAP_SYS_NICE", true},                 /* services */
    {CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE", true},         /* systemd sets limits */
    {CAP_SYS_TIME, "CAP_SYS_TIME", false},                /* the host's clock */
    {CAP_SYS_TTY_CONFIG, "CAP_SYS_TTY_CONFIG", true},     /* vhangup on its own console */
    {CAP_MKNOD, "CAP_MKNOD", true},                       /* device policy keeps them closed */
    {CAP_LEASE, "CAP_LEASE", true},                       /* file servers */
    {CAP_AUDIT_WRITE, "CAP_AUDIT_WRITE", false},          /* the host's audit log */
    {CAP_AUDIT_CONTROL, "CAP_AUDIT_CONTROL", false},      /* the host's audit rules */
    {CAP_SETFCAP, "CAP_SETFCAP", true},                   /* package managers: file capabilities */
    {CAP_MAC_OVERRIDE, "CAP_MAC_OVERRIDE", false},        /* the host's security policy */
    {CAP_MAC_ADMIN, "CAP_MAC_ADMIN", false},              /* the host's security policy */
    {CAP_SYSLOG, "CAP_SYSLOG", false},                    /* the host's kernel log */
    {CAP_WAKE_ALARM, "CAP_WAKE_ALARM", false},            /* wakes the host */
    {CAP_BLOCK_SUSPEND, "CAP_BLOCK_SUSPEND", false},      /* keeps the host awake */
    {CAP_AUDIT_READ, "CAP_AUDIT_READ", false},            /* the host's audit log */
    {CAP_PERFMON, "CAP_PERFMON", false},                  /* looks into the host's kernel */
    {CAP_BPF, "CAP_BPF", false},                          /* code in the host's kernel */
    {CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE", false}, /* nothing needs it */
};

#define TABLE_SIZE (sizeof table / sizeof table[0])

uint64_t capabilities_default(void)
{
    uint64_t kept = 0;

    for (size_t i = 0; i < TABLE_SIZE; i++)
        if (table[i].kept)
            kept |= CAPABILITY_BIT(table[i].cap);
    return kept;
}

int capability_from_name(const char *name)
{
    for (size_t i = 0; i < TABLE_SIZE; i++)
        if (strcasecmp(name, table[i].name) == 0 || strcasecmp(name, table[i].name + 4) == 0)
            return (int)table[i].cap;
    return -EINVAL;
}

unsigned capability_count(void)
{
    return TABLE_SIZE;
}

const char *capability_name(unsigned cap)
{
    for (size_t i = 0; i < TABLE_SIZE; i++)
        if (table[i].cap == cap)
            return table[i].name;
    return "CAP_?";
}

int capabilities_bound(uint64_t kept, struct error *e)
{
    for (unsigned cap = 0; cap < 64; cap++) {
        if (kept & CAPABILITY_BIT(cap))
            continue;
        /* EINVAL: beyond the last capability of this kernel (prctl(2)). */
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
            continue;
        if (errno == EINVAL)
            break;
        return error_errno(e, -errno, "cannot give up %s", capability_name(cap));
    }
    return 0;
}

int capabilities_limit(uint64_t kept, struct error *e)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    int r = capabilities_bound(kept, e);

    if (r < 0)
        return r;
    if (syscall(SYS_capget, &header, data) < 0)
        return error_errno(e, -errno, "cannot read the capabilities");
    for (unsigned i = 0; i < 2; i++) {
        uint32_t part = (uint32_t)(kept >> (32 * i));

        data[i].permitted &= part;
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, data) < 0)
        return error_errno(e, -errno, "cannot give up capabilities");
    return 0;
}
