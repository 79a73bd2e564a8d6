/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From an opened patient to the plan of its container: our rescue target for the target's own
 * init, or a shell without init. Nothing of it is on the disk: units and scripts live in the
 * container's /run (a tmpfs), the rest is given by argument or laid over.
 */

#include "base/error.h"
#include "container/plan.h"
#include "session/patient.h"

#include <stdbool.h>
#include <stddef.h>

/* Paths below the container's /run. */
#define RESCUE_CONTROL "unbrick/control" /* FIFO: "ready", "exit N", "poweroff", "reboot" */
#define RESCUE_ENTER   "unbrick/enter"   /* script: another shell, for `unbrick enter` */
#define RESCUE_GO      "unbrick/go"      /* FIFO: a line in it lets the script of --run begin */
#define RESCUE_STDIN   "unbrick/in"      /* FIFOs of --run */
#define RESCUE_STDOUT  "unbrick/out"
#define RESCUE_STDERR  "unbrick/err"

enum rescue_kind {
    RESCUE_BOOT,       /* the target's init to our rescue target */
    RESCUE_SHELL,      /* a shell or command of the target, no init */
    RESCUE_HOST_TOOLS, /* a shell or command of the host, the patient at /sysroot */
};

struct rescue_request {
    enum rescue_kind kind;
    char *const *args;  /* boot: further arguments of the init; else the command; NULL-ended */
    const char *script; /* --run: contents; NULL */
    size_t script_size;
    bool login;   /* --login: ask for the target's own login */
    bool use_pty; /* shell: the caller has a terminal */
    bool private_network;
    bool network_chosen; /* --network was given */
    bool untrusted;      /* --untrusted */
    char *const *setenv; /* "NAME=value", NULL-ended; may be NULL */
    char *const *binds;  /* "SRC[:DST]", NULL-ended; may be NULL */
    char *const *binds_ro;
    const char *session_dir; /* of the journal: for files of the host that are laid over */
};

/*
 * Fill *plan (container_plan_free() is the caller's). The patient must be mounted, or for a
 * --dry-run at least opened. ERROR_TARGET when the init cannot be started: reason "no-init", the
 * advice offers `shell`.
 */
int rescue_plan_build(struct container_plan *plan, const struct patient *p,
                      const struct rescue_request *request, struct error *e);

/* Are the host's paths there that it binds? Before the patient is mounted: a mistyped path is no
 * reason to write to a disk. */
int rescue_check_binds(const struct rescue_request *request, struct error *e);

/* True when the plan boots our own rescue target (or its relatives for other inits), which ends by
 * the control FIFO; false when the user asked for another unit. */
bool rescue_uses_control(const struct rescue_request *request);
