/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A second program in a running container: `unbrick enter`.
 *
 *   supervisor
 *    └─ visit: in the container's namespaces, but in the host's process namespace: nobody inside
 *        │     sees it
 *        └─ the program: born in the container's process namespace and below its cgroup, with the
 *           privileges of everything there
 *
 * Between its birth and execve(2) the program is a copy of us. Root inside could look into it, take
 * its descriptors, or write to the files that it is made of (CVE-2019-5736). So everything in the
 * container is frozen meanwhile, and nobody is there who could. What may wait for something hostile
 * is the visit, with a time limit, and never the supervisor.
 */

#include "base/error.h"
#include "container/container.h"
#include "container/plan.h"

#include <stdbool.h>
#include <sys/types.h>

struct container_visit_request {
    char *const *argv; /* NULL-ended; NULL: the first shell that is there */
    const char *term;  /* TERM inside */
    bool pty;          /* with a terminal of the container's, and not with .stdio */
    unsigned short rows, columns;
    int stdio[3]; /* borrowed: what is 0, 1 and 2 without a pty */
};

struct container_visit {
    pid_t pid;       /* of the visit */
    int pid_fd;      /* readable when it is over */
    int socket;      /* its messages; poll for reading; -1 when there are no more */
    int pty_fd;      /* the master of its terminal once that is there; -1 */
    int program_fd;  /* pidfd of the program once it runs; -1 */
    int status;      /* exit status of the program, or 128 + its signal; once it is over */
    char cgroup[32]; /* its own, below the container's; "" when the container has none */
};

/* Begin a visit: returns at once. */
int container_visit_begin(struct container *c, const struct container_plan *plan,
                          const struct container_visit_request *request,
                          struct container_visit *ret, struct error *e);

/*
 * Handle what is readable on .socket or .pid_fd. 0: it goes on (look at .program_fd and .pty_fd);
 * 1: it is over, and .status is set; a negative errno with the cause in @e: the program could not
 * be started.
 */
int container_visit_dispatch(struct container_visit *v, struct error *e);

/* Send a signal to the program, once it runs. */
void container_visit_signal(const struct container_visit *v, int signal);

/* End the visit and let go of it. What the program left in the background goes on until the
 * container ends. */
void container_visit_free(struct container *c, struct container_visit *v);
