/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A running container.
 *
 *   supervisor (the caller; single-threaded)
 *    └─ stub: init of an outer pid namespace, dies with the supervisor
 *        └─ payload: process 1 of a nested pid namespace, own mount, uts, ipc, cgroup [, net]
 *
 * The nested pid namespace is what makes SIGKILL of the supervisor safe even when a hostile init
 * clears its own death signal: killing the stub kills everything in both.
 */

#include "base/error.h"
#include "container/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* In the unified hierarchy, and in an old one each for the payload and for the device policy. */
#define CONTAINER_CGROUPS 3

struct container {
    pid_t stub_pid;    /* in the supervisor's pid namespace */
    int stub_fd;       /* pidfd of the stub; readable when all is over */
    pid_t payload_pid; /* the payload's process 1, as the supervisor sees it */
    int payload_fd;    /* its pidfd, for signals */
    int sync_fd;       /* messages from stub and payload; poll for reading */
    int pty_fd;        /* master of /dev/console; -1 with CONSOLE_PIPE */
    int pts_fd;        /* the root of the container's devpts, O_PATH: for further terminals */
    int notify_fd;     /* poll for reading, see container_read_notify(); -1: none */
    int run_fd;        /* the container's /run (a tmpfs made by us), O_PATH directory */
    char cgroups[CONTAINER_CGROUPS][256]; /* our own ones, see hierarchy.h; "" none */
    char scope[240];    /* group that the host's service manager made for us; "" none */
    bool device_policy; /* the kernel keeps devices closed that are not in the plan */
    bool ended;
    int status; /* wait status of the payload's process 1, valid when ended */
};

/* How it ended, from container.status. */
enum container_end {
    CONTAINER_EXITED,   /* exit status in *ret_code */
    CONTAINER_POWEROFF, /* reboot(2) with POWER_OFF or HALT: SIGINT (reboot(2), PID namespaces) */
    CONTAINER_REBOOT,   /* reboot(2) with RESTART: SIGHUP */
    CONTAINER_KILLED,   /* another signal, number in *ret_code */
};

/* What the engine asks its caller for. */
struct container_host {
    /* Note the cgroup before it is made, so that it is removed whatever happens to us; may be NULL.
     */
    int (*record)(void *userdata, const char *group);
    /* Have the host's service manager make a group for the process @stub of the container @name,
     * and put it there: its path in the unified hierarchy. A failure: we make one ourselves. May be
     * NULL. */
    int (*adopt)(void *userdata, const char *name, pid_t stub, char *ret, size_t size);
    /* Were we asked to stop while it starts? 0, or a negative errno that is recorded. May be NULL.
     */
    int (*interrupted)(struct error *e);
    void *userdata;
};

/*
 * Build everything that @plan describes around the tree @root_fd (an O_PATH or open_tree(2)
 * descriptor of the root directory; a recursive clone of it is what the container sees) and start
 * the payload. Returns when the payload has been executed, or with the cause and the step when it
 * could not be: then nothing is left.
 */
int container_start(struct container *ret, const struct container_plan *plan, int root_fd,
                    const struct container_host *host, struct error *e);

/* Handle what is readable on sync_fd or stub_fd. Sets .ended. 0 or a negative errno. */
int container_dispatch(struct container *c, struct error *e);

/* Take one message of notify_fd. Did process 1 say with it that it is ready (sd_notify(3))? */
bool container_read_notify(struct container *c);

/* Ask the payload for an orderly end (plan's kill_signal), or kill everything at once. */
int container_stop(struct container *c, int signal);
void container_kill(struct container *c);

/* Reap the stub, remove the cgroups, close all descriptors. Kills what still runs. */
void container_free(struct container *c);

enum container_end container_how_ended(const struct container *c, int *ret_code);

/* Print the plan for --dry-run and --json into @out (see base/text.h). */
struct text;
int container_plan_describe(const struct container_plan *plan, struct text *out);
