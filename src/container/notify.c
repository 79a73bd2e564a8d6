/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/notify.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* systemd's own limit is the size of a page; READY=1 comes early in it. */
#define NOTIFY_MESSAGE_MAX 4096

int notify_make(int run_fd, int root_fd, struct error *e)
{
    /* Relative: the patient's /run may be a link. */
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "host/notify"};
    _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0 ||
        fchdir(run_fd) < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        fchdir(root_fd) < 0)
        return error_errno(e, -errno, "cannot make " NOTIFY_PATH);
    return take_fd(&fd);
}

static bool has_line(const char *text, const char *line)
{
    size_t size = strlen(line);

    for (const char *at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        if (strncmp(at, line, size) == 0 && (at[size] == '\n' || at[size] == '\0'))
            return true;
    return false;
}

/* There is room for who sent it and for nothing else: the kernel drops descriptors that come along
 * (unix(7)). */
bool notify_read_ready(int fd, pid_t pid)
{
    char text[NOTIFY_MESSAGE_MAX + 1];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control = {0};
    struct iovec iov = {.iov_base = text, .iov_len = NOTIFY_MESSAGE_MAX};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&header) : NULL;
    struct ucred sender;

    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
        c->cmsg_len != CMSG_LEN(sizeof sender))
        return false;
    memcpy(&sender, CMSG_DATA(c), sizeof sender);
    text[n] = '\0';
    return pid > 0 && sender.pid == pid && has_line(text, "READY=1");
}
