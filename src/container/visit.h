/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes of enter.h, from their birth on. Internal to container/. */

#include "container/enter.h"
#include "container/freeze.h"

/* What the visit joins: the program's own group beside the payload's, and those of the payload in
 * old hierarchies. */
#define VISIT_GROUPS 3

struct visit {
    const struct container_plan *plan;
    const struct container_visit_request *request;
    int payload_fd;           /* pidfd of the container's process 1 */
    int pts_fd;               /* the root of its devpts */
    int supervisor_fd;        /* pidfd */
    int socket;               /* to the supervisor */
    int groups[VISIT_GROUPS]; /* -1: there is none */
    struct freezer freezer;   /* what else there is in the container */
};

/* The visit. Never returns. */
_Noreturn void visit_run(const struct visit *v);
