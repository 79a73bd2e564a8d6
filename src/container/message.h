/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The one message type between supervisor, stub, payload and visits: a datagram on a SOCK_SEQPACKET
 * pair. A failure travels as the whole struct error, so that the person reads which step failed on
 * what, and not that a child died.
 */

#include "base/error.h"

enum message_type {
    MESSAGE_PAYLOAD, /* stub: the payload was forked; visit: the program runs; with its pidfd */
    MESSAGE_CGROUP,  /* supervisor, to the stub: with the payload's group, or none */
    MESSAGE_GO,      /* supervisor, to the payload: its cgroup's device policy is in force */
    MESSAGE_RUN,     /* payload: with its /run */
    MESSAGE_PTS,     /* payload: with the root of its devpts */
    MESSAGE_NOTIFY,  /* payload: with the socket of $NOTIFY_SOCKET */
    MESSAGE_PTY,     /* payload: with the master of /dev/console; visit: of its terminal */
    MESSAGE_FAILED,  /* error is filled */
    MESSAGE_ENDED,   /* stub: status is the wait status of the payload */
};

struct message {
    enum message_type type;
    int status;
    struct error error;
};

/* Send one with @fd (-1: none). Never blocks for ever and never raises SIGPIPE. 0 or negative
 * errno. */
int message_send(int socket, enum message_type type, int status, const struct error *error, int fd);

/*
 * Receive one, waiting for it. *ret_fd is -1 or a descriptor that belongs to the caller.
 * 1; 0 at the end (everybody who could send has gone); a negative errno, -EAGAIN on a
 * non-blocking socket without a message, -EPROTO when it is none of ours.
 */
int message_receive(int socket, struct message *ret, int *ret_fd);
