/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container is to look like, as plain data: built by a caller, shown by --dry-run, executed
 * by container_start(). The same data serves all three; there is no second description of it.
 * container/ knows nothing of disks: whatever comes from a disk arrives as a directory descriptor,
 * a device number or a string.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum container_console {
    CONSOLE_PTY,  /* a pty of the container's own devpts on /dev/console; master to the caller */
    CONSOLE_PIPE, /* three descriptors are passed through: .stdio */
};

enum container_payload {
    PAYLOAD_INIT,    /* argv is an init: it becomes process 1 */
    PAYLOAD_COMMAND, /* argv is a command: it becomes process 2 below a small init of ours */
};

enum container_mount_kind {
    MOUNT_BIND,    /* source: a path of the host; read below the host's root */
    MOUNT_BIND_FD, /* source_fd: an open tree or an O_PATH descriptor, moved or bound */
    MOUNT_TMPFS,   /* options: "mode=755,size=10%" */
    MOUNT_MASK,    /* the target becomes inaccessible: an empty mode-0 file or directory of ours */
};

struct container_mount {
    enum container_mount_kind kind;
    char *source;  /* owned; NULL when not used */
    int source_fd; /* borrowed; -1 when not used */
    char *target;  /* owned; absolute path in the container, resolved below its root */
    char *options; /* owned; NULL when none */
    bool read_only;
    bool recursive;
    bool optional; /* a target that does not exist is passed over; else it is an error: no mount
                      point is ever created on the patient, only below our own tmpfs mounts */
};

/* A file that appears in the container's own tmpfs /run (never on the patient). */
struct container_file {
    char *path;    /* owned; relative to /run: "systemd/system/unbrick-rescue-1a2b.target" */
    char *content; /* owned; NULL with mode S_IFIFO or S_IFDIR */
    size_t size;
    mode_t mode; /* type and permission: S_IFREG | 0644, S_IFIFO | 0600, S_IFDIR | 0755,
                    S_IFLNK (content is the target) */
};

/* A block device of the patient, made visible in /dev of the container. */
struct container_device {
    char *node; /* owned; path below /dev: "vda2", "mapper/vg-root" */
    dev_t devno;
    char **links;   /* owned; NULL-terminated; "disk/by-uuid/...", below /dev */
    bool read_only; /* the device policy allows reading only */
};

struct container_plan {
    char name[65];     /* machine name: host name inside, cgroup, status */
    char hostname[65]; /* "" = name */
    char uuid[37];     /* container_uuid, lower-case with hyphens */
    enum container_payload payload;
    char **argv; /* owned; NULL-terminated. For PAYLOAD_INIT argv[0] is a path inside */
    char **env;  /* owned; NULL-terminated; "NAME=value" */
    char *chdir; /* owned; NULL = "/" (command) */
    enum container_console console;
    const int *stdio;             /* borrowed: what is 0, 1 and 2 inside; NULL: the caller's own */
    unsigned short rows, columns; /* first size of the pty; 0 = 24x80 */
    bool read_only;               /* the root is mounted read-only inside */
    bool private_network;         /* a network namespace of its own with only lo */
    uint64_t capabilities;        /* bit set of what is kept, see capabilities.h */
    char *cmdline;                /* owned; contents for /proc/cmdline; NULL = the host's */
    int kill_signal;              /* asks for an orderly end; SIGRTMIN+3 for systemd; 0 = SIGKILL */
    struct container_mount *mounts;
    unsigned mount_count;
    struct container_file *files;
    unsigned file_count;
    struct container_device *devices;
    unsigned device_count;
    /* Anything missing among /proc /sys /dev /run in the tree is an error (a finding), never a
     * mkdir. */
};

/* Put defaults into *plan: capabilities, environment (PATH, container=unbrick, HOME, USER,
 * LOGNAME, TERM from the caller), uuid at random. @name is cut to a legal host name. */
int container_plan_init(struct container_plan *plan, const char *name, struct error *e);
void container_plan_free(struct container_plan *plan);

/* What is kept in the end: with a network of its own, administering that network too. */
uint64_t container_plan_capabilities(const struct container_plan *plan);

/* All strings are copied. Return 0 or -ENOMEM. */
int container_plan_add_arg(struct container_plan *plan, const char *arg);
int container_plan_set_env(struct container_plan *plan, const char *name, const char *value);
int container_plan_add_mount(struct container_plan *plan, const struct container_mount *mount);
int container_plan_add_file(struct container_plan *plan, const char *path, mode_t mode,
                            const char *content);
/* @links NULL-terminated or NULL. */
int container_plan_add_device(struct container_plan *plan, const char *node, dev_t devno,
                              bool read_only, const char *const *links);
