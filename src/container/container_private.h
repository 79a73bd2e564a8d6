/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What start.c and container.c share. */

#include "container/container.h"

#define CONTAINER_NONE                                                                             \
    ((struct container){.stub_fd = -1,                                                             \
                        .payload_fd = -1,                                                          \
                        .sync_fd = -1,                                                             \
                        .pty_fd = -1,                                                              \
                        .pts_fd = -1,                                                              \
                        .notify_fd = -1,                                                           \
                        .run_fd = -1})

/* Take one message of @socket in (0); 1 at its end, or a negative errno. */
int container_read_message(struct container *c, int socket, struct error *e);
