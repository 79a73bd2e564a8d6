/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From another process to the supervisor of a session. */

#include "base/error.h"
#include "session/journal.h"
#include "session/protocol.h"

struct client {
    struct journal_session session;
    int socket; /* to its supervisor; -1: it does not listen (it opens or closes at the moment) */
    int pid_fd; /* of its supervisor; readable when it has ended */
};

/*
 * Connect to the session that @wanted names: a patient's name or an ID as `status` shows them;
 * NULL: the only one. ERROR_TARGET "no-session" when there is none, ERROR_REFUSED
 * "several-sessions" with a list when it is not clear which, ERROR_HOST "no-root". client_close()
 * after success.
 */
int client_open(struct client *ret, const char *wanted, struct error *e);
void client_close(struct client *c);

/* Send @request and receive the answer. A descriptor that comes with it is the caller's (-1: none;
 * @ret_fd may be NULL). REPLY_FAILED becomes a failure of this function, with its error. */
int client_ask(struct client *c, const struct request *request, const int *fds, unsigned fd_count,
               struct reply *ret, int *ret_fd, struct error *e);

/* What the session @s says about itself. -ENOENT when it does not listen; -ETIMEDOUT when it is too
 * busy to answer within a moment. */
int client_state(const struct journal_session *s, struct session_state *ret);

/* An empty request with the caller's terminal in .from, .term, .rows and .columns. */
void client_prepare(struct request *ret, enum request_type type);
