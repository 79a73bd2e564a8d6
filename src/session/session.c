/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/session.h"

#include "base/fd.h"
#include "base/kernel_calls.h"
#include "base/path.h"
#include "base/step.h"
#include "base/text.h"
#include "session/take_over.h"
#include "container/run.h"
#include "storage/host_mounts.h"
#include "session/container_host.h"
#include "session/foreign.h"
#include "session/interrupt.h"
#include "session/rescue_host_tools.h"
#include "session/standard_fds.h"
#include "terminal/encoding.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* An orderly end of a rescue shell takes a fraction of a second; of a system with services, more.
 */
#define STOP_SECONDS 10

int session_open(struct session *ret, const struct patient_request *request, struct error *e)
{
    struct session *s = ret;
    int r;

    *s = (struct session){.host_ns_fd = -1,
                          .host_cwd_fd = -1,
                          .patient = {.directory_fd = -1, .root_fd = -1},
                          .journal = {.fd = -1, .lock_fd = -1}};
    if (geteuid() != 0)
        return error_set(e, ERROR_HOST, -EPERM, "no-root",
                         "root privileges are needed to open disks: run it with sudo");
    r = kernel_calls_check(e);
    if (r < 0)
        return r;
    journal_undo_stale();
    r = keeper_start(&s->keeper, e);
    if (r == 0)
        r = journal_begin(&s->journal, e);
    if (r < 0) {
        keeper_dismiss(&s->keeper);
        return r;
    }
    step_reached("session-journal");
    r = take_over(request, &s->journal, &s->gives_back, e);
    s->host_cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC); /* it may be gone: -1 */
    if (r == 0)
        r = host_mounts_leave(&s->host_ns_fd, e);
    if (r == 0)
        r = patient_open(&s->patient, request, &s->journal, e);
    /* Of disks it is known earlier, and recorded then. */
    if (r == 0 && s->patient.directory_fd >= 0)
        (void)journal_record(&s->journal, JOURNAL_NAME, s->patient.name);
    if (r < 0)
        (void)session_close(s, NULL);
    return r;
}

int session_close(struct session *s, struct error *e)
{
    int r = patient_close(&s->patient, e);

    if (r < 0) {
        /* Something is still in use: the keeper tries for a while, then `cleanup` can. */
        journal_leave(&s->journal);
        keeper_leave(&s->keeper);
    } else if (s->gives_back) {
        journal_leave(&s->journal);
        r = keeper_finish(&s->keeper, e);
    } else {
        journal_end(&s->journal);
        keeper_dismiss(&s->keeper);
    }
    s->host_ns_fd = s->host_ns_fd >= 0 ? fd_close(s->host_ns_fd) : -1;
    s->host_cwd_fd = s->host_cwd_fd >= 0 ? fd_close(s->host_cwd_fd) : -1;
    if (r == 0 && s->patient.lost.code) {
        r = s->patient.lost.code;
        if (e)
            *e = s->patient.lost;
    }
    return r;
}

int session_close_and_return(struct session *s, struct error *e)
{
    _cleanup_fd_ int host = take_fd(&s->host_ns_fd), cwd = take_fd(&s->host_cwd_fd);
    int r = session_close(s, e);

    if (r < 0)
        return r;
    if (setns(host, CLONE_NEWNS) < 0)
        return error_errno(e, -errno, "going back to the host's mounts");
    if (cwd >= 0 && fchdir(cwd) < 0)
        return error_errno(e, -errno, "going back to the working directory");
    return 0;
}

int session_leave_mounted(struct session *s, struct error *e)
{
    journal_leave(&s->journal);
    keeper_dismiss(&s->keeper);
    s->host_ns_fd = fd_close(s->host_ns_fd);
    s->host_cwd_fd = s->host_cwd_fd >= 0 ? fd_close(s->host_cwd_fd) : -1;
    /* Our own mounts go; the copy on the host keeps the loop devices alive. */
    s->patient.kept_on_host = true;
    return patient_close(&s->patient, e);
}

/* A FIFO in the container's /run, opened for reading and writing, so that it neither blocks
 * nor ends while programs inside come and go. */
static int open_fifo(const struct container *c, const char *path)
{
    return run_open(c->run_fd, path, S_IFIFO, O_RDWR);
}

/*
 * A patient without /etc/machine-id is started with a read-only /etc, because systemd would take
 * it for a first boot, write an id and preset all units. At the prompt /etc becomes what it is:
 * a child enters the payload's mount namespace and takes the cover away.
 */
static void uncover_etc(const struct container *c)
{
    pid_t pid = fork();

    if (pid < 0)
        return;
    if (pid == 0) {
        if (setns(c->payload_fd, CLONE_NEWNS) == 0)
            (void)umount2("/etc", MNT_DETACH | UMOUNT_NOFOLLOW);
        _exit(0);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

struct ready_context {
    const struct container *container;
    const struct session_prompt *prompt;
    int go_fd; /* a script waits for a line from it; -1 */
    bool uncover;
};

static void say_ready(void *userdata, struct console *console)
{
    struct ready_context *ready = userdata;
    const char *text = NULL;

    if (ready->uncover)
        uncover_etc(ready->container);
    if (ready->prompt)
        text = ready->prompt->text(ready->prompt->userdata, ready->container);
    if (text && console)
        console_print(console, text);
    else if (text)
        ui_note("%s", text);
    if (ready->go_fd >= 0)
        (void)fd_write_all(ready->go_fd, "\n", 1);
}

static int prompt_ms(void)
{
    return (int)step_seconds("UNBRICK_PROMPT_SECONDS", SESSION_PROMPT_SECONDS) * 1000;
}

void session_prompt_wait(const struct session_prompt *prompt)
{
    struct pollfd wait = {.fd = prompt->wait_fd, .events = POLLIN};

    while (prompt->wait_fd >= 0 && !interrupt_pending() && poll(&wait, 1, prompt_ms()) < 0 &&
           errno == EINTR)
        ;
}

/* Without a control FIFO nothing says that the shell is there: its prompt waits for nobody. */
static void show_prompt_now(const struct container *c, const struct session_prompt *prompt)
{
    const char *text;

    session_prompt_wait(prompt);
    if (interrupt_pending())
        return;
    text = prompt->text(prompt->userdata, c);
    if (text)
        ui_note("%s", text);
}

/* Lay a read-only copy of the mount of /etc over itself, see uncover_etc(). */
static int cover_etc(struct session *s, struct container_plan *plan, int *ret_fd, struct error *e)
{
    _cleanup_fd_ int etc = path_open_strict(s->patient.root_fd, "/etc", O_DIRECTORY), tree = -1;

    if (etc < 0)
        return 0;
    tree = open_tree(etc, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        return error_errno(e, -errno, "cannot cover /etc");
    if (container_plan_add_mount(plan, &(struct container_mount){.kind = MOUNT_BIND_FD,
                                                                 .source_fd = tree,
                                                                 .target = (char *)"/etc",
                                                                 .read_only = true}) < 0)
        return error_errno(e, -ENOMEM, "cannot cover /etc");
    *ret_fd = take_fd(&tree);
    return 1;
}

/* What a rescue without an init is ended with: an interactive shell ignores SIGTERM, a command may
 * have been started so that it ignores SIGHUP. */
static int stop_signal(const struct container_plan *plan, const struct rescue_request *rescue)
{
    if (plan->kill_signal || plan->payload != PAYLOAD_COMMAND)
        return plan->kill_signal;
    return rescue->args && rescue->args[0] ? SIGTERM : SIGHUP;
}

static int run_started(const struct session *s, struct container *c,
                       const struct container_plan *plan, const struct rescue_request *rescue,
                       const struct session_console *console, struct standard_fds *fds,
                       bool covered, struct supervise_result *ret, struct error *e)
{
    bool controlled = rescue_uses_control(rescue);
    struct ready_context ready = {
        .container = c,
        .prompt = console->prompt,
        .go_fd = rescue->script ? open_fifo(c, RESCUE_GO) : -1,
        .uncover = covered,
    };
    const char *shell = rescue->kind == RESCUE_HOST_TOOLS || !s->patient.system.shell[0]
                            ? "/bin/sh"
                            : s->patient.system.shell;
    struct filter filters[SUPERVISE_PUMPS];
    struct pump pumps[SUPERVISE_PUMPS];
    struct supervise_options options = {
        .dir = s->journal.dir,
        .plan = plan,
        .shell = (char *const[]){(char *)shell, (char *)"/run/" RESCUE_ENTER, NULL},
        .in_fd = rescue->script ? -1 : STDIN_FILENO,
        .out_fd = STDOUT_FILENO,
        .escape = console->escape,
        .log_fd = console->log_fd,
        .unfiltered = console->unfiltered,
        .control_fd = controlled ? open_fifo(c, RESCUE_CONTROL) : -1,
        .gate_fd = controlled && console->prompt ? console->prompt->wait_fd : -1,
        .gate_ms = prompt_ms(),
        .waits_for_output = !rescue->script && !(rescue->args && rescue->args[0]),
        .stop_signal = stop_signal(plan, rescue),
        .stop_seconds = STOP_SECONDS,
        .grace_seconds = step_seconds("UNBRICK_GRACE_SECONDS", SESSION_GRACE_SECONDS),
        .on_ready = say_ready,
        .userdata = &ready,
    };
    int r;

    if (rescue->script) {
        static const char *const paths[] = {RESCUE_STDIN, RESCUE_STDOUT, RESCUE_STDERR};

        memset(pumps, 0, sizeof pumps);
        for (int i = 0; i < 3; i++) {
            int fifo = open_fifo(c, paths[i]);

            pumps[i].from = i == 0 ? STDIN_FILENO : fifo;
            pumps[i].to = i == 0 ? fifo : i;
            pumps[i].close_at_end = i == 0;
            if (i > 0 && isatty(i) && !console->unfiltered) {
                filter_init(&filters[i], terminal_reads_utf8(i));
                pumps[i].filter = &filters[i];
            }
        }
        options.pumps = pumps;
        options.pump_count = 3;
    } else if (plan->console == CONSOLE_PIPE) {
        options.pumps = fds->pumps;
        options.pump_count = STANDARD_FDS;
    }
    if (!controlled && console->prompt && c->pty_fd >= 0)
        show_prompt_now(c, console->prompt);
    r = supervise(c, &options, ret, e);
    if (rescue->script) {
        fd_close(pumps[0].to);
        fd_close(pumps[1].from);
        fd_close(pumps[2].from);
    }
    fd_close(options.control_fd);
    fd_close(ready.go_fd);
    return r;
}

int session_run(struct session *s, struct container_plan *plan, const struct rescue_request *rescue,
                const struct session_console *console, struct supervise_result *ret,
                int *ret_wait_status, struct error *e)
{
    _cleanup_fd_ int tools = -1, etc = -1;
    struct standard_fds fds;
    struct container c = {
        .sync_fd = -1, .stub_fd = -1, .payload_fd = -1, .pty_fd = -1, .pts_fd = -1, .run_fd = -1};
    struct container_host host;
    struct foreign foreign;
    int covered = 0, r;

    if (rescue->kind == RESCUE_HOST_TOOLS) {
        r = rescue_make_host_tools(&s->patient, &tools, e);
        if (r < 0)
            return r;
    }
    if (rescue_uses_control(rescue) && s->patient.system.init == INIT_SYSTEMD &&
        !s->patient.system.machine_id_file && !plan->read_only) {
        covered = cover_etc(s, plan, &etc, e);
        if (covered < 0)
            return covered;
    }
    host = container_host_of(&s->journal, true);
    r = foreign_begin(&foreign, plan->emulated, &s->journal, e);
    if (r == 0)
        r = standard_fds_prepare_plan(&fds, plan, console->unfiltered, e);
    if (r == 0) {
        r = container_start(&c, plan, tools >= 0 ? tools : s->patient.root_fd, &host, e);
        standard_fds_started(&fds);
        if (r == 0) {
            step_reached("session-running");
            container_warn_of_devices(&c);
            r = run_started(s, &c, plan, rescue, console, &fds, covered > 0, ret, e);
            *ret_wait_status = c.status;
            container_free(&c);
        }
        plan->stdio = NULL;
        standard_fds_close(&fds);
    }
    foreign_end(&foreign);
    return r;
}
