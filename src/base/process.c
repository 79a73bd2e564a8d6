/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/process.h"

#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A rescue shell's PATH may lack the sbin directories in which all the tools are. */
static const char *const search_path[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};

static int find_program(const char *name, char *ret_path, size_t size)
{
    if (strchr(name, '/')) {
        snprintf(ret_path, size, "%s", name);
        return access(name, X_OK) < 0 ? -errno : 0;
    }
    for (size_t i = 0; i < sizeof search_path / sizeof search_path[0]; i++) {
        snprintf(ret_path, size, "%s/%s", search_path[i], name);
        if (access(ret_path, X_OK) == 0)
            return 0;
    }
    return -ENOENT;
}

int process_exists(const char *name)
{
    char path[256];

    return find_program(name, path, sizeof path) == 0;
}

/* Put descriptor @from on @to in the child. dup2() to itself would keep O_CLOEXEC. */
static void place_fd(int from, int to)
{
    if (from == to)
        (void)fcntl(from, F_SETFD, 0);
    else
        (void)dup2(from, to);
}

/* Tell the parent why there is no program; @failure is closed by an execve(2) that succeeds. */
static _Noreturn void no_program(int failure, int error, int status)
{
    /* The pipe is empty, and the parent reads: there is nobody to tell of a failure. */
    ssize_t ignored = write(failure, &error, sizeof error);

    (void)ignored;
    _exit(status);
}

static _Noreturn void child_exec(const char *path, char *const argv[], unsigned flags,
                                 const struct process_setup *setup, pid_t parent, int out,
                                 int extra, int failure)
{
    sigset_t none;
    int null, r;

    /* Keep the pipe ends clear of 0..3, where they are going to be placed. */
    failure = fcntl(failure, F_DUPFD_CLOEXEC, 10);
    if (out >= 0)
        out = fcntl(out, F_DUPFD_CLOEXEC, 10);
    if (extra >= 0)
        extra = fcntl(extra, F_DUPFD_CLOEXEC, 10);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        no_program(failure, errno, 126);
    place_fd(null, STDIN_FILENO);
    if (out >= 0 || (flags & PROCESS_QUIET)) {
        place_fd(out >= 0 ? out : null, STDOUT_FILENO);
        place_fd(out >= 0 ? out : null, STDERR_FILENO);
    }
    if (extra >= 0)
        place_fd(extra, 3);
    (void)close_range(extra >= 0 ? 4 : 3, ~0U, CLOSE_RANGE_CLOEXEC);
    for (unsigned i = 0; setup && i < setup->fd_count; i++)
        (void)fcntl(setup->fds[i], F_SETFD, 0);
    if (flags & PROCESS_OWN_GROUP)
        (void)setpgid(0, 0);
    signal(SIGPIPE, flags & PROCESS_OUTLIVES_US ? SIG_IGN : SIG_DFL);
    signal(SIGHUP, flags & PROCESS_OUTLIVES_US ? SIG_IGN : SIG_DFL);
    if (!(flags & PROCESS_OUTLIVES_US)) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(126);
    }
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* libdevmapper's programs then neither wait for a udevd, which may not be there, nor leave a
     * semaphore when they are killed meanwhile (dmsetup(8)). */
    if (!(flags & PROCESS_WITH_UDEV))
        setenv("DM_DISABLE_UDEV", "1", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    r = setup && setup->prepare ? setup->prepare(setup->userdata) : 0;
    if (r < 0)
        no_program(failure, -r, 126);
    execv(path, argv);
    no_program(failure, errno, 127);
}

/* 0 when the program has begun, else why not. */
static int wait_begun(int fd)
{
    int error = 0;
    ssize_t n;

    do
        n = read(fd, &error, sizeof error);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof error && error > 0 ? -error : 0;
}

static int start(struct process *ret, char *const argv[], unsigned flags,
                 const struct process_setup *setup, bool capture, bool extra, struct error *e)
{
    _cleanup_fd_ int out_read = -1, out_write = -1, extra_read = -1, extra_write = -1;
    _cleanup_fd_ int failure_read = -1, failure_write = -1;
    char path[256];
    int ends[2], pid_fd, r;
    pid_t parent = getpid(), pid;

    r = find_program(argv[0], path, sizeof path);
    if (r < 0)
        return error_set(e, ERROR_HOST, r, "program-missing", "this host has no program \"%s\"",
                         argv[0]);
    if (capture) {
        if (pipe2(ends, O_CLOEXEC) < 0)
            return error_errno(e, -errno, "pipe");
        out_read = ends[0];
        out_write = ends[1];
        (void)fcntl(out_read, F_SETFL, O_NONBLOCK);
    }
    if (extra) {
        if (pipe2(ends, O_CLOEXEC) < 0)
            return error_errno(e, -errno, "pipe");
        extra_read = ends[0];
        extra_write = ends[1];
        (void)fcntl(extra_read, F_SETFL, O_NONBLOCK);
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(e, -errno, "pipe");
    failure_read = ends[0];
    failure_write = ends[1];
    pid = fork();
    if (pid < 0)
        return error_errno(e, -errno, "fork");
    if (pid == 0)
        child_exec(path, argv, flags, setup, parent, out_write, extra_write, failure_write);
    failure_write = fd_close(failure_write);
    r = wait_begun(failure_read);
    if (r < 0) {
        (void)waitpid(pid, NULL, 0);
        /* ENOENT is for a program that is not there; this may be its interpreter. */
        return error_set(e, ERROR_HOST, r == -ENOENT ? -ENOEXEC : r, "program-fails",
                         "cannot run %s: %s", path, strerror(-r));
    }
    pid_fd = pidfd_open(pid, 0);
    if (pid_fd < 0) {
        r = error_errno(e, -errno, "cannot watch %s", argv[0]);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    *ret = (struct process){.pid = pid,
                            .pid_fd = pid_fd,
                            .out_fd = take_fd(&out_read),
                            .extra_fd = take_fd(&extra_read)};
    return 0;
}

int process_start(struct process *ret, char *const argv[], unsigned flags, bool capture, bool extra,
                  struct error *e)
{
    return start(ret, argv, flags, NULL, capture, extra, e);
}

int process_finish(struct process *p)
{
    int status = 0;

    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        ;
    p->pid_fd = fd_close(p->pid_fd);
    p->out_fd = fd_close(p->out_fd);
    p->extra_fd = fd_close(p->extra_fd);
    p->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int process_run_with(char *const argv[], unsigned flags, const struct process_setup *setup,
                     size_t max, char **ret_output, size_t *ret_size, struct error *e)
{
    _cleanup_text_ struct text output = TEXT_INIT(max);
    struct process p = {.pid_fd = -1, .out_fd = -1, .extra_fd = -1};
    int r;

    r = start(&p, argv, flags, setup, ret_output != NULL, false, e);
    if (r < 0)
        return r;
    while (p.out_fd >= 0) {
        struct pollfd wait = {.fd = p.out_fd, .events = POLLIN};
        char chunk[4096];
        ssize_t n;

        if (poll(&wait, 1, -1) < 0)
            continue;
        n = read(p.out_fd, chunk, sizeof chunk);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            break;
        if (n > 0)
            (void)text_append(&output, chunk, (size_t)n);
    }
    r = process_finish(&p);
    if (ret_size)
        *ret_size = output.size;
    if (ret_output) {
        *ret_output = output.data ? take_ptr(&output.data) : strdup("");
        if (!*ret_output)
            return error_errno(e, -ENOMEM, "output of %s", argv[0]);
    }
    return r;
}

int process_run(char *const argv[], unsigned flags, size_t max, char **ret_output, struct error *e)
{
    return process_run_with(argv, flags, NULL, max, ret_output, NULL, e);
}
