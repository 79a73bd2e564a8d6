/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What `unbrick enter`, `stop` and `status` say to the supervisor of a session, and it to them: one
 * datagram each, on a SOCK_SEQPACKET socket in the session's directory, which only root can reach.
 * Both sides are trusted; the version is there because the program may have been upgraded
 * meanwhile.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROTOCOL_VERSION      1u
#define PROTOCOL_SOCKET       "socket" /* in the directory of the session's journal */
#define PROTOCOL_FDS          3
#define PROTOCOL_VISITORS_MAX 8
#define PROTOCOL_COMMAND_MAX  32768

enum request_type {
    REQUEST_STATUS, /* answered with REPLY_STATUS */
    REQUEST_ENTER,  /* REPLY_ENTERED, with the master of a terminal; then REPLY_ENDED */
    REQUEST_TAKE,   /* the main console for the terminal on the descriptors: REPLY_TAKEN; then
                       REPLY_ENDED   with the exit status of the whole session */
    REQUEST_STOP,   /* REPLY_STOPPING, and the session ends */
};

struct request {
    uint32_t version;
    enum request_type type;
    bool force; /* stop: kill at once; take: although another terminal has it */
    bool pty;   /* enter: with a terminal; else the three descriptors are its own */
    unsigned short rows, columns;       /* enter */
    char term[64];                      /* enter: TERM */
    char from[64];                      /* the terminal that asks, for people; "" none */
    uint32_t command_size;              /* enter: of .command; 0: a shell */
    char command[PROTOCOL_COMMAND_MAX]; /* words, each with a NUL after it */
};

enum reply_type {
    REPLY_STATUS,
    REPLY_ENTERED,
    REPLY_TAKEN,
    REPLY_STOPPING,
    REPLY_ENDED,  /* .status */
    REPLY_FAILED, /* .error */
};

/* What a terminal is to a session. */
enum session_terminal {
    SESSION_NO_TERMINAL, /* it was started without one */
    SESSION_ATTACHED,
    SESSION_LOST, /* it ends in .seconds_left, unless somebody takes it */
};

struct session_visitor {
    pid_t pid; /* of our process, as the host sees it */
    int64_t since;
    char command[64], from[64];
};

struct session_state {
    enum session_terminal terminal;
    bool has_console; /* one that can be taken */
    bool ready, stopping;
    unsigned seconds_left;  /* lost: until the orderly end; stopping: until it is killed */
    unsigned visitor_count; /* may be more than are listed */
    struct session_visitor visitors[PROTOCOL_VISITORS_MAX];
};

struct reply {
    uint32_t version;
    enum reply_type type;
    int status;
    struct error error;
    struct session_state state;
};

/* Listen at @dir. A descriptor or a negative errno. */
int protocol_listen(const char *dir);

/* Connect to the session of @dir. -ENOENT, -ECONNREFUSED: it does not listen (any more). */
int protocol_connect(const char *dir);

/* Send one. A peer that is gone gives -EPIPE, one that does not read -EAGAIN on a non-blocking
 * socket. */
int protocol_send_request(int socket, const struct request *request, const int *fds,
                          unsigned fd_count);
int protocol_send_reply(int socket, const struct reply *reply, int fd);

/*
 * Receive one: 1; 0 at the end; a negative errno, -EPROTONOSUPPORT from another version.
 * Descriptors that came along are the caller's; those that did not are -1.
 */
int protocol_receive_request(int socket, struct request *ret, int ret_fds[PROTOCOL_FDS]);
int protocol_receive_reply(int socket, struct reply *ret, int *ret_fd);

/* The words of a request as an argv in one allocation, free() is enough. NULL without memory, or
 * when there is none. */
char **protocol_command(const struct request *request);

/* Put @argv (NULL-ended) into a request. 0 or -E2BIG. */
int protocol_set_command(struct request *request, char *const *argv);
