/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * hostile-init MODE: an init that does not want to end. It says "up" on its standard output and
 * then
 *
 *   deaf     ignores every signal that can be ignored, and gives up its death signal
 *   forks    has always 20 children, each of which forks itself anew all the time, in sessions of
 * their own console  holds the console: opens it again and again, floods it, makes it raw, hangs it
 * up mounts   mounts over everything that it finds, and holds files open
 *
 * on top of each other: each does what stands above it, too.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CHILDREN 20

static void be_deaf(void)
{
    sigset_t all;

    for (int signal = 1; signal < NSIG; signal++)
        (void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    (void)sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)prctl(PR_SET_PDEATHSIG, 0);
}

/* The pid changes all the time: a signal to each one that is seen reaches none. */
static _Noreturn void fork_for_ever(void)
{
    (void)setsid();
    for (;;) {
        pid_t pid = fork();

        if (pid > 0)
            _exit(0);
        (void)prctl(PR_SET_PDEATHSIG, 0);
        (void)poll(NULL, 0, 2);
    }
}

static void start_children(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            fork_for_ever();
}

static _Noreturn void hold_console(void)
{
    static const char flood[] = "\033[?1049h\033]0;hostile\a\033[c\033[6n\033(0lqqqk\r\n";

    for (;;) {
        int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK);
        struct termios t;

        for (int i = 0; i < 1000; i++)
            (void)!write(fd, flood, sizeof flood - 1);
        if (tcgetattr(fd, &t) == 0) {
            cfmakeraw(&t);
            (void)tcsetattr(fd, TCSANOW, &t);
        }
        (void)ioctl(fd, TIOCVHANGUP, 0);
        (void)close(fd);
    }
}

static void mount_over_everything(void)
{
    static const char *const places[] = {"/proc", "/sys",     "/dev/pts", "/run", "/tmp",
                                         "/dev",  "/var/run", "/etc",     "/usr", "/bin"};

    for (int i = 0; i < 3; i++) {
        for (size_t at = 0; at < sizeof places / sizeof places[0]; at++) {
            char path[64];

            (void)mount("tmpfs", places[at], "tmpfs", 0, NULL);
            snprintf(path, sizeof path, "%s/held", places[at]);
            (void)open(path, O_RDWR | O_CREAT, 0600);
        }
    }
    (void)unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS);
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"deaf", "forks", "console", "mounts"};
    unsigned mode = 0;

    while (argc > 1 && mode < 4 && strcmp(argv[1], modes[mode]) != 0)
        mode++;
    be_deaf();
    if (mode >= 1)
        start_children();
    (void)!write(STDOUT_FILENO, "up\n", 3);
    if (mode >= 3)
        mount_over_everything();
    if (mode >= 2 && fork() == 0)
        hold_console();
    for (;;)
        while (waitpid(-1, NULL, 0) < 0)
            (void)poll(NULL, 0, 100);
}
