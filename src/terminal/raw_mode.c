/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "terminal/raw_mode.h"
#include "terminal/console.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct {
    volatile sig_atomic_t on;
    int fd;
    pid_t owner; /* a forked child that exits must not restore what its parent still uses */
    struct termios saved;
} terminal = {.fd = -1};

int raw_mode_enter(int fd)
{
    static bool registered;
    struct termios raw;

    if (terminal.on)
        return -EBUSY;
    if (tcgetattr(fd, &terminal.saved) < 0)
        return -errno;
    terminal.fd = fd;
    terminal.owner = getpid();
    if (!registered && atexit(console_restore_terminal) == 0)
        registered = true;
    raw = terminal.saved;
    cfmakeraw(&raw);
    /* Before the change: a signal between the two restores what is there already. */
    terminal.on = 1;
    if (tcsetattr(fd, TCSANOW, &raw) < 0) {
        int r = -errno;

        terminal.on = 0;
        return r;
    }
    return 0;
}

bool raw_mode_is_on(void)
{
    return terminal.on && terminal.owner == getpid();
}

void console_restore_terminal(void)
{
    int saved_errno = errno;
    sigset_t block, old;

    if (!raw_mode_is_on())
        return;
    /* From the background these stop the caller by SIGTTOU, unless that is blocked. */
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    (void)sigprocmask(SIG_BLOCK, &block, &old);
    /* An answer of the terminal to something that was shown would be the next shell's input. */
    (void)tcflush(terminal.fd, TCIFLUSH);
    (void)tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    terminal.on = 0;
    errno = saved_errno;
}
