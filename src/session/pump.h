/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Copies bytes from one descriptor to another under poll(2), never blocking the caller: at most
 * PIPE_BUF bytes are in flight, which POLLOUT promises to take (pipe(7)). When the output fails,
 * what comes is read and dropped: who writes it goes on. */

#include "terminal/filter.h"

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct pump {
    int from, to;      /* from: -1 when it has ended; to: -1 when what is read is dropped */
    bool close_at_end; /* close .to when .from ends: the reader sees an end of file. A reader that
                          is gone ends the pump */
    struct filter *filter; /* .to is a terminal: only what is allowed passes; NULL: everything */
    char data[PIPE_BUF];
    size_t start, end;
};

/* What to wait for. */
struct pollfd pump_poll(const struct pump *p);

/* Move what can be moved. True when bytes were moved. */
bool pump_run(struct pump *p);

/* Move what is still in a source that we hold open ourselves (a FIFO); a reader that does not take
 * it within @wait_ms loses the rest. A terminal is put back. */
void pump_drain(struct pump *p, int wait_ms);
