/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/standard_fds.h"

#include "base/fd.h"
#include "terminal/encoding.h"

#include <errno.h>
#include <fcntl.h>

static int replace_terminal(struct standard_fds *s, int fd, bool unfiltered)
{
    struct pump *p = &s->pumps[fd];
    int ends[2], ours;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    ours = fd == STDIN_FILENO ? ends[1] : ends[0];
    s->payload[fd] = fd == STDIN_FILENO ? ends[0] : ends[1];
    p->from = fd == STDIN_FILENO ? fd : ours;
    p->to = fd == STDIN_FILENO ? ours : fd;
    p->close_at_end = fd == STDIN_FILENO;
    if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    if (fd != STDIN_FILENO && !unfiltered) {
        filter_init(&s->filters[fd], terminal_reads_utf8(fd));
        p->filter = &s->filters[fd];
    }
    return 0;
}

static void pass_on(struct standard_fds *ret)
{
    for (int fd = 0; fd < STANDARD_FDS; fd++) {
        ret->payload[fd] = fd;
        ret->pumps[fd] = (struct pump){.from = -1, .to = -1};
    }
}

int standard_fds_prepare(struct standard_fds *ret, bool unfiltered, struct error *e)
{
    pass_on(ret);
    for (int fd = 0; fd < STANDARD_FDS; fd++) {
        int r = isatty(fd) ? replace_terminal(ret, fd, unfiltered) : 0;

        if (r < 0)
            return error_errno(e, r, "cannot make a pipe");
    }
    return 0;
}

int standard_fds_prepare_plan(struct standard_fds *ret, struct container_plan *plan,
                              bool unfiltered, struct error *e)
{
    pass_on(ret);
    if (plan->console != CONSOLE_PIPE)
        return 0;
    plan->stdio = ret->payload;
    return standard_fds_prepare(ret, unfiltered, e);
}

void standard_fds_started(struct standard_fds *s)
{
    for (int fd = 0; fd < STANDARD_FDS; fd++)
        if (s->payload[fd] != fd)
            s->payload[fd] = fd_close(s->payload[fd]);
}

void standard_fds_close(struct standard_fds *s)
{
    standard_fds_started(s);
    for (int fd = 0; fd < STANDARD_FDS; fd++) {
        struct pump *p = &s->pumps[fd];

        if (p->from >= STANDARD_FDS)
            p->from = fd_close(p->from);
        if (p->to >= STANDARD_FDS)
            p->to = fd_close(p->to);
    }
}
