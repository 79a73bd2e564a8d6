/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Programs of the host, run as an administrator would run them. */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum process_flags {
    /* Goes on when we die, and sees EPIPE instead of dying of SIGPIPE: for what writes to a disk
     * (a repairing fsck). Without it the child dies with us (PR_SET_PDEATHSIG). */
    PROCESS_OUTLIVES_US = 1 << 0,
    /* In a process group of its own, so that the terminal's Ctrl-C does not reach it. */
    PROCESS_OWN_GROUP = 1 << 1,
    /* stdout goes nowhere / stderr goes nowhere. */
    PROCESS_QUIET = 1 << 2,
    /* What it makes is the host's: its udevd is to know of it (see child_exec()). */
    PROCESS_WITH_UDEV = 1 << 3,
};

/* What else the child gets. */
struct process_setup {
    const int *fds; /* stay open in it, under the same numbers */
    unsigned fd_count;
    int (*prepare)(void *userdata); /* called in it before the program; may fail */
    void *userdata;
};

struct process {
    pid_t pid;
    int pid_fd;   /* readable when it has ended */
    int out_fd;   /* its stdout and stderr, non-blocking; -1 when not asked for */
    int extra_fd; /* what it writes to descriptor 3; -1 when not asked for */
};

/*
 * Start @argv (NULL-terminated; argv[0] looked up in PATH with sbin directories added). Standard
 * input is /dev/null, LC_ALL is C.UTF-8. With @capture stdout and stderr arrive in out_fd. With
 * @extra the child's descriptor 3 is a pipe to extra_fd. All other descriptors are closed in it.
 * -ENOENT with ERROR_HOST and reason "program-missing" when there is no such program; when the
 * kernel does not start it, or .prepare fails, another errno with ERROR_HOST and "program-fails".
 */
int process_start(struct process *ret, char *const argv[], unsigned flags, bool capture, bool extra,
                  struct error *e);

/* Wait for the end. Returns the exit status 0..255, or 128 + signal. Closes all descriptors. */
int process_finish(struct process *p);

/*
 * Run to the end and collect at most @max bytes of output (the rest is read and dropped).
 * Returns the exit status as process_finish(), or a negative errno when it could not be started.
 * @ret_output may be NULL; the caller frees. It is NUL-terminated.
 */
int process_run(char *const argv[], unsigned flags, size_t max, char **ret_output, struct error *e);

/* As process_run() with @setup, which may be NULL. *ret_size (may be NULL): of the output, which
 * may have NULs in it. */
int process_run_with(char *const argv[], unsigned flags, const struct process_setup *setup,
                     size_t max, char **ret_output, size_t *ret_size, struct error *e);

/* 1 when a program of that name is in PATH, else 0. */
int process_exists(const char *name);
