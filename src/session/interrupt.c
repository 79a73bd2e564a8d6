/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

static volatile sig_atomic_t pending;

static void remember(int signal)
{
    pending = signal;
}

void interrupt_setup(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = remember};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction old;

        /* nohup(1) and background jobs of old shells start us with a signal ignored on purpose. */
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue;
        (void)sigaction(signals[i], &action, NULL);
    }
    (void)signal(SIGPIPE, SIG_IGN);
}

int interrupt_pending(void)
{
    return pending;
}

bool interrupt_take_ctrl_c(void)
{
    if (pending != SIGINT)
        return pending != 0;
    pending = 0;
    return true;
}

int interrupt_check(struct error *e)
{
    if (!pending)
        return 0;
    return error_set(e, pending == SIGINT ? ERROR_INTERRUPTED : 128 + (enum error_kind)pending,
                     -EINTR, "interrupted", "stopped by %s",
                     pending == SIGINT ? "Ctrl-C" : strsignal(pending));
}
