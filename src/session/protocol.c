/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/protocol.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

union control {
    struct cmsghdr align; /* cmsg(3): a control buffer is aligned as its header */
    char bytes[CMSG_SPACE(PROTOCOL_FDS * sizeof(int))];
};

static int address(const char *dir, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    return (size_t)snprintf(ret->sun_path, sizeof ret->sun_path, "%s/" PROTOCOL_SOCKET, dir) <
                   sizeof ret->sun_path
               ? 0
               : -ENAMETOOLONG;
}

int protocol_listen(const char *dir)
{
    _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un a;

    if (fd < 0)
        return -errno;
    if (address(dir, &a) < 0)
        return -ENAMETOOLONG;
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || chmod(a.sun_path, 0600) < 0 ||
        listen(fd, 8) < 0)
        return -errno;
    return take_fd(&fd);
}

int protocol_connect(const char *dir)
{
    _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct sockaddr_un a;

    if (fd < 0)
        return -errno;
    if (address(dir, &a) < 0)
        return -ENAMETOOLONG;
    return connect(fd, (struct sockaddr *)&a, sizeof a) < 0 ? -errno : take_fd(&fd);
}

static int send_message(int socket, const void *data, size_t size, const int *fds, unsigned count)
{
    struct iovec iov = {.iov_base = (void *)data, .iov_len = size};
    union control control = {0};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    if (count > 0) {
        struct cmsghdr *c;

        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(count * sizeof *fds);
        c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof *fds);
        memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
    }
    do
        n = sendmsg(socket, &header, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

/* What arrives has the size of ours, or is none of ours; the version is its first field. */
static int receive_message(int socket, void *data, size_t size, int ret_fds[PROTOCOL_FDS])
{
    struct iovec iov = {.iov_base = data, .iov_len = size};
    union control control = {0};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    uint32_t version = 0;
    ssize_t n;

    for (int i = 0; i < PROTOCOL_FDS; i++)
        ret_fds[i] = -1;
    do
        n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? -errno : 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            memcpy(ret_fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    if ((size_t)n >= sizeof version)
        memcpy(&version, data, sizeof version);
    if (version == PROTOCOL_VERSION && (size_t)n == size && !(header.msg_flags & MSG_TRUNC))
        return 1;
    for (int i = 0; i < PROTOCOL_FDS; i++)
        ret_fds[i] = fd_close(ret_fds[i]);
    return -EPROTONOSUPPORT;
}

int protocol_send_request(int socket, const struct request *request, const int *fds,
                          unsigned fd_count)
{
    return send_message(socket, request, sizeof *request, fds, fd_count);
}

int protocol_send_reply(int socket, const struct reply *reply, int fd)
{
    return send_message(socket, reply, sizeof *reply, &fd, fd >= 0 ? 1 : 0);
}

int protocol_receive_request(int socket, struct request *ret, int ret_fds[PROTOCOL_FDS])
{
    int r = receive_message(socket, ret, sizeof *ret, ret_fds);

    if (r > 0 && ret->command_size > sizeof ret->command)
        ret->command_size = 0;
    ret->term[sizeof ret->term - 1] = ret->from[sizeof ret->from - 1] = '\0';
    return r;
}

int protocol_receive_reply(int socket, struct reply *ret, int *ret_fd)
{
    int fds[PROTOCOL_FDS], r = receive_message(socket, ret, sizeof *ret, fds);

    *ret_fd = fds[0];
    return r;
}

int protocol_set_command(struct request *request, char *const *argv)
{
    request->command_size = 0;
    for (; argv && *argv; argv++) {
        size_t size = strlen(*argv) + 1;

        if (size > sizeof request->command - request->command_size)
            return -E2BIG;
        memcpy(request->command + request->command_size, *argv, size);
        request->command_size += (uint32_t)size;
    }
    return 0;
}

char **protocol_command(const struct request *request)
{
    size_t size = request->command_size, words = 0, at = 0;
    char **argv, *copy;

    for (size_t i = 0; i < size; i++)
        words += request->command[i] == '\0';
    if (words == 0)
        return NULL;
    argv = malloc((words + 1) * sizeof *argv + size);
    if (!argv)
        return NULL;
    copy = (char *)(argv + words + 1);
    memcpy(copy, request->command, size);
    for (size_t i = 0; i < words; i++) {
        argv[i] = copy + at;
        at += strlen(copy + at) + 1;
    }
    argv[words] = NULL;
    return argv;
}
