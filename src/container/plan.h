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
    MOUNT_BIND,    /* source: a path of the host, or "+" and a path in the container's tree */
    MOUNT_BIND_FD, /* source_fd: an open tree or an O_PATH descriptor, moved or bound */
    MOUNT_TMPFS,   /* options: "mode=755,size=10%" */
    MOUNT_MASK,    /* the target becomes inaccessible: an empty mode-0 file or directory of ours */
    MOUNT_OVERLAY, /* layers: directories as in source, the lowest first */
};

/* Where what is written to the topmost layer of an overlay goes. */
enum container_layer {
    LAYER_READ_ONLY, /* nothing is written */
    LAYER_MEMORY,    /* to a tmpfs that is gone at the end */
    LAYER_UPPER,     /* to the last of the layers; work: a directory of the same file system */
};

struct container_mount {
    enum container_mount_kind kind;
    enum container_layer layer; /* MOUNT_OVERLAY */
    char **layers;              /* owned; NULL-terminated; MOUNT_OVERLAY */
    char *work;                 /* owned; LAYER_UPPER */
    char *source;               /* owned; NULL when not used */
    int source_fd;              /* borrowed; -1 when not used */
    char *target;               /* owned; absolute path in the container, resolved below its root */
    char *options;              /* owned; NULL when none */
    bool read_only;
    bool mapped; /* a bind: owners are shown as those of the user namespace, as in the tree */
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

/* A device that may be opened inside, made visible in /dev of the container: a block device of the
 * patient mostly; or one whose node a bind mount shows. */
struct container_device {
    char *node; /* owned; path below /dev: "vda2", "mapper/vg-root"; NULL: none is made */
    dev_t devno;
    bool character;
    char **links;   /* owned; NULL-terminated; "disk/by-uuid/...", below /dev */
    bool read_only; /* the device policy allows reading only */
};

/* A secret for the payload, a file in memory (https://systemd.io/CREDENTIALS). */
struct container_credential {
    char *name; /* owned */
    void *data; /* owned */
    size_t size;
};

/* Who the payload is, when it is not root. Ids of the container. */
struct container_user {
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* owned; further ones */
    unsigned group_count;
};

/* What is mounted on /sys/fs/cgroup. */
enum container_cgroups {
    CGROUPS_UNIFIED, /* version 2 */
    CGROUPS_LEGACY,  /* version 1 with the hierarchy name=systemd alone: for systemd before 230 */
};

/* What of /sys and /proc/sys can be written. */
enum container_api {
    API_READ_ONLY, /* nothing; with a network of its own, the settings of that */
    API_NETWORK,   /* the settings of the network, also when it is the host's */
    API_WRITABLE,  /* everything: it reaches the host's kernel */
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
    bool untrusted;               /* a user namespace; see container_plan_distrust() */
    bool read_only;               /* the root is mounted read-only inside */
    bool root_in_memory;  /* what is written to the root goes to memory and is gone at the end */
    bool private_network; /* a network namespace of its own with only lo */
    char *label, *label_of_files; /* owned; of SELinux: what the processes get, and what is in the
                                     file systems that are made for them; NULL: as it comes */
    char *network_namespace;      /* owned: path of the one to use instead; NULL */
    enum container_cgroups cgroups;
    enum container_api api;
    bool tmp_of_tree; /* no tmpfs on /tmp */
    bool notify;      /* process 1 can say that it is ready; see container_plan_add_notify() */
    bool unfiltered;  /* no filter of system calls */
    char **open_calls,
        **closed_calls;        /* owned; changes to the filter, see seccomp.h; may be NULL */
    unsigned long personality; /* personality(2); PER_LINUX: the machine's own */
    char emulated[16];         /* machine of its programs, for which the caller has registered an
                                  emulator; "": this host's */
    struct container_user user;
    uint64_t capabilities; /* bit set of what is kept, see capabilities.h */
    char *cmdline;         /* owned; contents for /proc/cmdline; NULL = the host's */
    int kill_signal;       /* asks for an orderly end; SIGRTMIN+3 for systemd; 0 = SIGKILL */
    struct container_mount *mounts;
    unsigned mount_count;
    struct container_file *files;
    unsigned file_count;
    struct container_device *devices;
    unsigned device_count;
    struct container_credential *credentials;
    unsigned credential_count;
    /* Anything missing among /proc /sys /dev /run in the tree is an error (a finding), never a
     * mkdir. */
};

/* Put defaults into *plan: capabilities, environment (PATH, container=unbrick, HOME, USER,
 * LOGNAME, TERM from the caller), uuid at random. @name is cut to a legal host name. */
int container_plan_init(struct container_plan *plan, const char *name, struct error *e);
void container_plan_free(struct container_plan *plan);

/*
 * For a system that may have been prepared by an attacker: a user namespace, a network of its own,
 * fewer capabilities and calls, no abstract sockets of outside. The root becomes read-only; a
 * caller that put it on a layer that is dropped at the end may make it writable again afterwards.
 * 0 or -ENOMEM.
 */
int container_plan_distrust(struct container_plan *plan);

/* Not the host's, private or named. */
bool container_plan_has_own_network(const struct container_plan *plan);

/* What is kept in the end: with a network of its own, administering that network too. */
uint64_t container_plan_capabilities(const struct container_plan *plan);

/* All strings are copied. Return 0 or -ENOMEM. */
int container_plan_add_arg(struct container_plan *plan, const char *arg);
int container_plan_set_env(struct container_plan *plan, const char *name, const char *value);
/* The system's own id (machine-id(5), 32 digits) as the uuid, so that it is the same each time. An
 * empty one changes nothing; a container_uuid that was set by name stays. */
int container_plan_set_machine_id(struct container_plan *plan, const char *id);
/* Unless it is set already. */
int container_plan_default_env(struct container_plan *plan, const char *name, const char *value);
int container_plan_add_mount(struct container_plan *plan, const struct container_mount *mount);
/* Are the host's paths there that the plan binds (as far as it is made)? For callers who must know
 * before they write to a disk; an optional one may be missing. 0 or a negative errno. */
int container_plan_check_sources(const struct container_plan *plan, struct error *e);
int container_plan_add_file(struct container_plan *plan, const char *path, mode_t mode,
                            const char *content);
/* A character device of the host, with a node at @node below /dev. */
int container_plan_add_character(struct container_plan *plan, const char *node, dev_t devno);
/* One that a bind mount shows. */
int container_plan_allow_device(struct container_plan *plan, dev_t devno, bool character);
/* Also sets $CREDENTIALS_DIRECTORY. A second one of that name replaces the first. */
int container_plan_add_credential(struct container_plan *plan, const char *name, const void *data,
                                  size_t size);
/* A socket for sd_notify(3) of process 1; also sets $NOTIFY_SOCKET. */
int container_plan_add_notify(struct container_plan *plan);
/* Words of a list, as open_calls and closed_calls are. */
int container_plan_add_word(char ***list, const char *word);
/* @links NULL-terminated or NULL. */
int container_plan_add_device(struct container_plan *plan, const char *node, dev_t devno,
                              bool read_only, const char *const *links);
