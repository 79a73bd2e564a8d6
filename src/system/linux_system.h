/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is in a directory tree: a Linux system, or parts of one. Reads only, below a descriptor;
 * runs nothing of it, mounts nothing. All strings are raw bytes of the disk: text_safe() to print.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum init_kind {
    INIT_NONE, /* no init found */
    INIT_SYSTEMD,
    INIT_SYSVINIT,
    INIT_OPENRC,
    INIT_BUSYBOX,
    INIT_RUNIT,
    INIT_UNKNOWN, /* something executable that we do not know */
    INIT_BROKEN,  /* found, but it cannot be executed: see init_problem */
};

#define SYSTEM_KERNELS_MAX 32

struct kernel {
    char release[128]; /* "6.1.0-28-amd64" */
    bool has_image;    /* /boot/vmlinuz-RELEASE or /usr/lib/modules/RELEASE/vmlinuz is there */
    bool has_modules;  /* /usr/lib/modules/RELEASE */
    bool has_initramfs;
};

struct linux_system {
    char id[64];          /* os-release ID */
    char version[64];     /* VERSION_ID */
    char pretty[128];     /* PRETTY_NAME; or what could be derived ("Debian 12") */
    char hostname[65];    /* /etc/hostname, first word */
    char machine_id[33];  /* valid one; else "" */
    bool machine_id_file; /* /etc/machine-id is there and no directory, whatever is in it: a file
                             can be laid over it */
    bool separate_usr;    /* /usr is empty here and has to be mounted: os-release may be missing */
    bool merged_usr;
    enum init_kind init;
    char init_path[128];      /* absolute path inside */
    char init_problem[256];   /* safe text: why it cannot be executed */
    unsigned systemd_version; /* 252; 0 when unknown */
    char arch[16];            /* ELF machine of init or of the shell: "x86-64", "aarch64"; "" */
    bool arch_runs_here;      /* this host's kernel can execute it natively */
    char shell[64];           /* a shell that is there: "/bin/bash", "/bin/sh"; "" when none */
    char missing_dirs[128];   /* of /proc /sys /dev /run: those that are missing or no directories,
                                 space separated; "" when all are there */
    struct kernel kernels[SYSTEM_KERNELS_MAX]; /* newest first (version order) */
    unsigned kernel_count;
    time_t last_boot;   /* best guess (wtmp, journal, random seed); 0 unknown */
    char cmdline[1024]; /* the target's own kernel command line, from grub.cfg, BLS, extlinux or
                           /etc/kernel/cmdline; "" unknown */
};

enum system_likeness {
    SYSTEM_NOT = 0,  /* no Linux system */
    SYSTEM_PART = 1, /* /boot, /home, /var, /usr ... of one */
    SYSTEM_ROOT = 2, /* a root (perhaps with a separate /usr) */
};

/* What is this tree? Never fails: what cannot be read does not count. */
enum system_likeness system_recognise(int root_fd);

/* Fill *ret from the tree. Returns 0 also when much is missing; -ENOENT with ERROR_TARGET when
 * this is no Linux system at all. */
int system_inspect(int root_fd, struct linux_system *ret, struct error *e);

/* What /etc/machine-id of the tree says; "" when it is missing or not valid. True when it is there
 * and no directory, whatever is in it. */
bool system_machine_id(int root_fd, char ret[static 33]);

/* "systemd 252", "sysvinit", "no init" ... into a static table; never NULL. */
const char *init_kind_name(enum init_kind k);

/* The signal to process 1 that asks this init to stop everything in order and power off; 0: it
 * knows none, and what ends it is SIGKILL. */
int init_stop_signal(enum init_kind k);

/* The machine (as .arch) that the program @path of the tree is for, or its shell when that is no
 * absolute path; "" when it is none. *ret_runs_here: this host can execute it, or it is none. */
void system_program_machine(int root_fd, const char *path, char ret[16], bool *ret_runs_here);

/* Is this (as .arch) one whose programs expect to see a 32-bit kernel? */
bool system_machine_is_32_bit(const char *machine);

/*
 * Does its init know the old hierarchies of cgroups only? systemd learnt the unified one with
 * version 230; before, e.g. in RHEL 7 (219), Debian 8 (215) and Ubuntu 16.04 (229), it does not
 * start without a hierarchy of its own.
 */
bool system_wants_legacy_cgroups(const struct linux_system *s);
