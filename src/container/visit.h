/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes of enter.h, from their birth on. Internal to container/. */

#include "container/enter.h"

struct visit {
    const struct container_plan *plan;
    const struct container_visit_request *request;
    int payload_fd;     /* pidfd of the container's process 1 */
    int pts_fd;         /* the root of its devpts */
    int supervisor_fd;  /* pidfd */
    int socket;         /* to the supervisor */
    int cgroup_fd;      /* the container's cgroup; -1 when it has none */
    int program_cgroup; /* the program's, below it; -1 */
    const char *cgroup; /* the name of that */
};

/* The visit. Never returns. */
_Noreturn void visit_run(const struct visit *v);
