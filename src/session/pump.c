/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/pump.h"

#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

struct pollfd pump_poll(const struct pump *p)
{
    if (p->start < p->end)
        return (struct pollfd){.fd = p->to, .events = POLLOUT};
    return (struct pollfd){.fd = p->from, .events = POLLIN};
}

static void finish(struct pump *p)
{
    if (p->close_at_end)
        p->to = fd_close(p->to);
    p->from = -1;
    p->start = p->end = 0;
}

bool pump_run(struct pump *p)
{
    ssize_t n;

    if (p->start == p->end) {
        if (p->from < 0)
            return false;
        n = read(p->from, p->data, sizeof p->data);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        if (n <= 0) {
            finish(p);
            return false;
        }
        p->start = 0;
        p->end = (size_t)n;
        return true;
    }
    n = write(p->to, p->data + p->start, p->end - p->start);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0) {
        finish(p); /* nobody reads any more (EPIPE), or the disk is full */
        return false;
    }
    p->start += (size_t)n;
    return true;
}

void pump_drain(struct pump *p, int wait_ms)
{
    while (p->from >= 0) {
        struct pollfd wait = pump_poll(p);
        bool sending = p->start < p->end;

        if (poll(&wait, 1, sending ? wait_ms : 0) <= 0 || !pump_run(p))
            break;
    }
}
