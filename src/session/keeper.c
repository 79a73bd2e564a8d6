/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/keeper.h"

#include "base/fd.h"
#include "base/step.h"
#include "session/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define DISMISSED 'q'

/* What we wait for (a cgroup that empties, a mount that is busy for a moment) takes milliseconds;
 * after this the journal stays for `unbrick cleanup`, unless something is in use: a repairing fsck
 * that outlived us may take an hour, and what it stands on has to wait for it. */
#define UNDO_TRIES       50
#define UNDO_INTERVAL_MS 100
#define BUSY_INTERVAL_MS 1000

static void keep(int pipe_fd, const char *id)
{
    char answer = 0;
    ssize_t n;

    do
        n = read(pipe_fd, &answer, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1 && answer == DISMISSED)
        _exit(0);
    for (int i = 0, r = -EBUSY; i < UNDO_TRIES || r == -EBUSY; i++) {
        r = journal_undo(id, NULL);
        if (r == 0)
            _exit(0);
        (void)poll(NULL, 0, i < UNDO_TRIES ? UNDO_INTERVAL_MS : BUSY_INTERVAL_MS);
    }
    _exit(1);
}

static void become_keeper(int pipe_fd, const char *id)
{
    sigset_t all;

    /* SIGKILL is the only way to end us; a Ctrl-C or a closing terminal must not. */
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)setsid();
    (void)prctl(PR_SET_NAME, "unbrick-keeper");
    if (pipe_fd != 3) {
        if (dup2(pipe_fd, 3) < 0)
            _exit(1);
        pipe_fd = 3;
    }
    /* Also the pipe's other end, by which we know that the supervisor is gone: closefrom(3) has
     * another way than close_range(2), and ends us when that fails, too. */
    closefrom(4);
    for (int fd = 0; fd < 3; fd++)
        (void)close(fd);
    (void)open("/dev/null", O_RDWR);
    (void)open("/dev/null", O_RDWR);
    (void)open("/dev/null", O_RDWR);
    (void)chdir("/");
    keep(pipe_fd, id);
}

int keeper_start(struct keeper *ret, struct error *e)
{
    char id[16]; /* of the journal, see journal.h */
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(e, -errno, "cannot make a pipe");
    snprintf(id, sizeof id, "%d", (int)getpid());
    pid = fork();
    if (pid < 0) {
        int r = error_errno(e, -errno, "cannot start the keeper");

        fd_close(ends[0]);
        fd_close(ends[1]);
        return r;
    }
    if (pid == 0)
        become_keeper(ends[0], id);
    fd_close(ends[0]);
    *ret = (struct keeper){.pid = pid, .pipe_fd = ends[1]};
    step_reached("keeper");
    return 0;
}

void keeper_leave(struct keeper *k)
{
    k->pipe_fd = k->pid > 0 ? fd_close(k->pipe_fd) : -1;
    k->pid = 0;
}

int keeper_finish(struct keeper *k, struct error *e)
{
    char id[16]; /* of the journal */
    int status = 0;

    if (k->pid <= 0)
        return 0;
    k->pipe_fd = fd_close(k->pipe_fd);
    while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
        ;
    k->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    /* It was killed: what it had to do is still to be done. */
    snprintf(id, sizeof id, "%d", (int)getpid());
    if (WIFSIGNALED(status) && journal_undo(id, NULL) == 0)
        return 0;
    return error_set(
        e, ERROR_FAILED, -EBUSY, "give-back",
        "what was taken over from this host could not be given back: `unbrick cleanup` "
        "tries again and says why");
}

void keeper_dismiss(struct keeper *k)
{
    const char quit = DISMISSED;

    if (k->pid <= 0)
        return;
    (void)fd_write_all(k->pipe_fd, &quit, 1);
    k->pipe_fd = fd_close(k->pipe_fd);
    while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    k->pid = 0;
}
