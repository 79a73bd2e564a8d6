/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The socket on which process 1 says that it is ready (sd_notify(3)). It is made on request only:
 * it is a way from inside to the supervisor, which hears one word on it and answers nothing. */

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Where systemd-nspawn has it (https://systemd.io/CONTAINER_INTERFACE). */
#define NOTIFY_PATH "/run/host/notify"

/* Make it below @run_fd, which has the directory. The working directory becomes @root_fd. The
 * descriptor or a negative errno. */
int notify_make(int run_fd, int root_fd, struct error *e);

/* Take one message. True when it is of the process @pid, as this process sees it, and has the line
 * READY=1. */
bool notify_read_ready(int fd, pid_t pid);
