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

/* Nobody reads any more (EPIPE), the disk is full, or the terminal is lost. */
static void fail(struct pump *p)
{
    if (p->close_at_end)
        finish(p);
    p->to = -1;
    p->start = p->end = 0;
}

/* Of the bytes of a payload that many are read at a time that what comes of them fits. */
#define FILTERED_READ ((PIPE_BUF - FILTER_ROOM(0)) / 4)

static ssize_t take_in(struct pump *p)
{
    char raw[FILTERED_READ];
    ssize_t n;

    if (!p->filter)
        n = read(p->from, p->data, sizeof p->data);
    else
        n = read(p->from, raw, sizeof raw);
    if (n <= 0)
        return n;
    p->start = 0;
    p->end = p->filter ? filter_run(p->filter, raw, (size_t)n, p->data) : (size_t)n;
    if (p->to < 0)
        p->end = 0;
    return n;
}

bool pump_run(struct pump *p)
{
    ssize_t n;

    if (p->start == p->end) {
        if (p->from < 0)
            return false;
        n = take_in(p);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        if (n <= 0) {
            finish(p);
            return false;
        }
        return true;
    }
    n = write(p->to, p->data + p->start, p->end - p->start);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0) {
        fail(p);
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
    if (p->filter && p->to >= 0) {
        char modes[FILTER_MODES_MAX];

        (void)!write(p->to, modes, filter_leave(p->filter, modes));
    }
}
