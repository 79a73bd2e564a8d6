/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/message.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control {
    struct cmsghdr align; /* cmsg(3): a control buffer is aligned as its header */
    char bytes[CMSG_SPACE(sizeof(int))];
};

int message_send(int socket, enum message_type type, int status, const struct error *error, int fd)
{
    struct message m = {.type = type, .status = status};
    struct iovec iov = {.iov_base = &m, .iov_len = sizeof m};
    union control control = {0};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    if (error)
        m.error = *error;
    if (fd >= 0) {
        struct cmsghdr *c;

        header.msg_control = control.bytes;
        header.msg_controllen = sizeof control.bytes;
        c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    do
        n = sendmsg(socket, &header, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int message_receive(int socket, struct message *ret, int *ret_fd)
{
    struct iovec iov = {.iov_base = ret, .iov_len = sizeof *ret};
    union control control = {0};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    _cleanup_fd_ int fd = -1;
    ssize_t n;

    do
        n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? -errno : 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
            c->cmsg_len == CMSG_LEN(sizeof fd))
            memcpy(&fd, CMSG_DATA(c), sizeof fd);
    if ((size_t)n != sizeof *ret || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return -EPROTO;
    *ret_fd = take_fd(&fd);
    return 1;
}
