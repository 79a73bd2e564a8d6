/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the supervise*.c files only. */

#include "container/enter.h"
#include "session/protocol.h"
#include "session/supervise.h"

#include <poll.h>
#include <time.h>

/* Who is connected at the same time: visitors, and one-time questions. */
#define PEERS_MAX 16

/* The listening socket; a peer and the two descriptors of its visit. */
#define PEERS_POLL_MAX (1 + 3 * PEERS_MAX)

struct peer {
    int fd;         /* -1: it has gone; its visit may go on for a moment */
    bool announced; /* it was told that its program runs */
    bool pty;
    struct container_visit visit; /* .pid is 0 when there is none */
    long long killed_ms;          /* when the program was killed; 0: it was not */
    time_t since;
    char command[64], from[64];
};

struct loop {
    struct container *container;
    const struct supervise_options *options;
    struct supervise_result *result;
    struct console *console; /* NULL: no pty */
    int signal_fd, listen_fd;
    bool stopping, killed;
    bool has_terminal; /* it was started on one, or one has taken it */
    bool lost;         /* that one is gone */
    bool notified;     /* on_notify was called */
    bool input_waits;  /* .waits_for_output: since .ready_ms */
    bool announced;    /* "ready" was said; the gate may still be closed */
    bool finishing;    /* an end was decided: pipes are drained, then it stops */
    long long started_ms, deadline_ms, announced_ms, ready_ms;
    unsigned shown_seconds;
    char line[128]; /* of the control FIFO */
    size_t line_size;
    struct peer peers[PEERS_MAX];
    int taken_fd; /* whose terminal the console has, when it is not the one of the start; -1 */
};

long long supervise_now_ms(void);

/* Begin the orderly end; when one has begun already, kill. The first reason given stays. */
void supervise_stop(struct loop *l, enum supervise_end end, int code);
void supervise_kill(struct loop *l);

void supervise_lose_terminal(struct loop *l);

/* Give the console to the terminal on @fds, which become our standard descriptors. 0 or a negative
 * errno. */
int supervise_take_terminal(struct loop *l, const int fds[PROTOCOL_FDS], const char *from,
                            struct error *e);

/* --- supervise_peers.c: `unbrick enter`, `stop` and `status` --- */

/* 0, or a negative errno when nobody will be able to enter. */
int peers_open(struct loop *l, struct error *e);
/* Fill @fds (PEERS_POLL_MAX); how many. *@timeout_ms is made shorter when that is needed. */
unsigned peers_poll(struct loop *l, struct pollfd *fds, int *timeout_ms);
/* @event: something of @fds is readable. */
void peers_handle(struct loop *l, bool event);
/* The payload is dead: tell those who are inside. */
void peers_close(struct loop *l);
