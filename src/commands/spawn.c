/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * `unbrick spawn`: a directory tree as a container, with systemd-nspawn's command line and exit
 * statuses (systemd-nspawn(1), EXIT STATUS): the payload's own; 0 for a poweroff; 133 for a reboot;
 * 1 for everything that is wrong with the call.
 */

#include "base/fd.h"
#include "base/kernel_calls.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/spawn_options.h"
#include "container/container.h"
#include "session/host_mounts.h"
#include "session/journal.h"
#include "session/keeper.h"
#include "session/rescue_overlays.h"
#include "session/standard_fds.h"
#include "session/supervise.h"
#include "system/linux_system.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPAWN_REBOOT  133
#define STOP_SECONDS  90 /* services of a whole system may be slow to stop; ^]^]^] kills at once */
#define GRACE_SECONDS 1800
#define ESCAPE_KEY    0x1d

static int name_machine(const char *directory, struct container_plan *plan)
{
    char real[PATH_MAX];
    struct container_plan named;
    int r;

    if (plan->name[0])
        return 0;
    r = container_plan_init(&named, realpath(directory, real) ? strrchr(real, '/') + 1 : "", NULL);
    if (r == 0)
        memcpy(plan->name, named.name, sizeof plan->name);
    container_plan_free(&named);
    return r;
}

/*
 * Root is locked on most systems: rescue.target's sulogin would end in a dead end. A drop-in in our
 * own /run lets it through, on every systemd since 240 (sulogin(8), SYSTEMD_SULOGIN_FORCE). The
 * stock units kill only sulogin at the end (KillMode=process): its shell ignores the SIGTERM, and
 * `poweroff` typed into it takes the minute and a half that systemd-shutdown waits.
 */
static int ease_sulogin(struct container_plan *plan)
{
    static const char *const units[] = {"rescue.service", "emergency.service"};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof units / sizeof units[0]; i++) {
        char path[128];

        snprintf(path, sizeof path, "systemd/system/%s.d/unbrick.conf", units[i]);
        r = container_plan_add_file(plan, path, S_IFREG | 0644,
                                    "[Service]\nEnvironment=SYSTEMD_SULOGIN_FORCE=1\n"
                                    "KillMode=control-group\nSendSIGHUP=yes\n");
    }
    return r;
}

static int plan_boot(const struct spawn_options *o, int root_fd, struct container_plan *plan,
                     struct error *e)
{
    struct linux_system system;
    int r = system_inspect(root_fd, &system, e);

    if (r < 0)
        return error_context(e, r, "%s", text_safe(o->directory));
    if (system.init == INIT_NONE || system.init == INIT_BROKEN)
        return error_set(e, ERROR_TARGET, -ENOEXEC, "no-init",
                         "%s has no init that can be started%s%s", text_safe(o->directory),
                         system.init_problem[0] ? ": " : "", system.init_problem);
    plan->payload = PAYLOAD_INIT;
    plan->kill_signal = o->kill_signal                ? o->kill_signal
                        : system.init == INIT_SYSTEMD ? SIGRTMIN + 3
                                                      : 0;
    r = container_plan_add_arg(plan, system.init_path);
    if (r == 0 && system.init == INIT_SYSTEMD)
        r = ease_sulogin(plan);
    return r < 0 ? error_errno(e, r, "cannot plan the container") : 0;
}

static int plan_command(const struct spawn_options *o, struct container_plan *plan, struct error *e)
{
    plan->payload = o->as_pid2 ? PAYLOAD_COMMAND : PAYLOAD_INIT;
    plan->kill_signal = o->kill_signal;
    if (!o->arguments[0] && container_plan_add_arg(plan, "/bin/sh") < 0)
        return error_errno(e, -ENOMEM, "cannot plan the container");
    return 0;
}

static bool wants_pipe(const struct spawn_options *o)
{
    return o->console == SPAWN_CONSOLE_PIPE || (o->console == SPAWN_CONSOLE_AUTOPIPE &&
                                                !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)));
}

static int make_plan(const struct spawn_options *o, int root_fd, struct container_plan *plan,
                     struct error *e)
{
    int r = name_machine(o->directory, plan);

    if (r < 0)
        return error_errno(e, r, "cannot plan the container");
    r = o->boot ? plan_boot(o, root_fd, plan, e) : plan_command(o, plan, e);
    for (char **a = o->arguments; r == 0 && *a; a++)
        r = container_plan_add_arg(plan, *a);
    if (r == 0 && o->resolv_conf && !plan->private_network)
        r = rescue_add_resolv_conf(plan, root_fd);
    plan->console = wants_pipe(o) ? CONSOLE_PIPE : CONSOLE_PTY;
    return r;
}

static int status_of(const struct container *c, const struct supervise_result *result,
                     struct error *e)
{
    int code;

    switch (container_how_ended(c, &code)) {
    case CONTAINER_EXITED:
        return code == SPAWN_REBOOT ? EXIT_FAILURE : code;
    case CONTAINER_POWEROFF:
        return 0;
    case CONTAINER_REBOOT:
        return SPAWN_REBOOT;
    case CONTAINER_KILLED:
        break;
    }
    if (!result->killed && result->end == SUPERVISE_REBOOT)
        return SPAWN_REBOOT;
    if (!result->killed && (result->end == SUPERVISE_ESCAPE || result->end == SUPERVISE_POWEROFF ||
                            result->end == SUPERVISE_STOPPED))
        return 0;
    (void)error_set(e, ERROR_FAILED, -EIO, "killed", "the container was killed (SIG%s)",
                    sigabbrev_np(code) ? sigabbrev_np(code) : "?");
    return EXIT_FAILURE;
}

static int journal_cgroup(void *userdata, const char *path)
{
    return journal_record(userdata, JOURNAL_CGROUP, path);
}

static int run_container(const struct spawn_options *o, struct container_plan *plan, int root_fd,
                         struct journal *journal, struct error *e)
{
    /* What systemd understands (systemd(1)); nspawn's keys send the same. */
    bool systemd = plan->kill_signal == SIGRTMIN + 3;
    struct supervise_options options = {
        .dir = journal->dir,
        .plan = plan,
        .in_fd = STDIN_FILENO,
        .out_fd = STDOUT_FILENO,
        .escape = ESCAPE_KEY,
        .log_fd = -1,
        .unfiltered = o->raw_console,
        .control_fd = -1,
        .stop_signal = plan->kill_signal,
        .poweroff_signal = systemd ? SIGRTMIN + 4 : 0,
        .reboot_signal = systemd ? SIGRTMIN + 5 : 0,
        .stop_seconds = STOP_SECONDS,
        .grace_seconds = GRACE_SECONDS,
    };
    struct supervise_result result;
    struct container c;
    struct standard_fds fds;
    int status = EXIT_FAILURE, r;

    r = standard_fds_prepare_plan(&fds, plan, o->raw_console, e);
    if (plan->console == CONSOLE_PIPE) {
        options.pumps = fds.pumps;
        options.pump_count = STANDARD_FDS;
    }
    if (r == 0)
        r = container_start(&c, plan, root_fd, journal_cgroup, journal, e);
    standard_fds_started(&fds);
    if (r == 0) {
        supervise_warn(&c);
        r = supervise(&c, &options, &result, e);
        status = r < 0 ? EXIT_FAILURE : status_of(&c, &result, e);
        container_free(&c);
    }
    plan->stdio = NULL;
    standard_fds_close(&fds);
    return status;
}

/* The host's own root is no patient: two inits would write to one system. */
static int open_root(const struct spawn_options *o, struct error *e)
{
    _cleanup_fd_ int fd = open(o->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st, host;

    if (fd < 0 || fstat(fd, &st) < 0 || stat("/", &host) < 0)
        return error_errno(e, -errno, "cannot open %s", text_safe(o->directory));
    if (st.st_dev == host.st_dev && st.st_ino == host.st_ino)
        return error_set(e, ERROR_REFUSED, -EBUSY, "host-root",
                         "%s is the root directory of this host itself", text_safe(o->directory));
    return take_fd(&fd);
}

/* With a journal, which the keeper undoes when we do not come to its end. */
static int run_journalled(const struct spawn_options *o, struct container_plan *plan,
                          struct error *e)
{
    _cleanup_fd_ int root_fd = -1;
    struct journal journal;
    int status = EXIT_FAILURE;

    journal_undo_stale();
    if (journal_begin(&journal, e) < 0)
        return EXIT_FAILURE;
    if (journal_record(&journal, JOURNAL_NAME, plan->name) == 0 && host_mounts_leave(NULL, e) == 0)
        root_fd = open_root(o, e);
    if (root_fd >= 0)
        status = run_container(o, plan, root_fd, &journal, e);
    journal_end(&journal);
    return status;
}

static int run(const struct spawn_options *o, struct container_plan *plan, struct error *e)
{
    _cleanup_fd_ int root_fd = -1;
    struct keeper keeper;
    int status;

    if (geteuid() != 0) {
        (void)error_set(e, ERROR_HOST, -EPERM, "no-root",
                        "root privileges are needed for a container: run it with sudo");
        return EXIT_FAILURE;
    }
    if (kernel_calls_check(e) < 0)
        return EXIT_FAILURE;
    /* Only for the plan: the container's root is opened in the namespace that it is cloned from. */
    root_fd = open_root(o, e);
    if (root_fd < 0 || make_plan(o, root_fd, plan, e) < 0 || keeper_start(&keeper, e) < 0)
        return EXIT_FAILURE;
    status = run_journalled(o, plan, e);
    keeper_dismiss(&keeper);
    return status;
}

int command_spawn(int argc, char **argv)
{
    struct spawn_options o;
    struct container_plan plan = {0};
    struct error e = {0};
    int status = EXIT_FAILURE;

    if (spawn_options_read(&o, &plan, argc, argv, &e) == 0) {
        ui_setup(&(struct ui_settings){.quiet = o.quiet, .log_fd = -1});
        if (o.help || o.version) {
            if (o.help)
                spawn_options_print_help();
            else
                printf("unbrick %s\n", UNBRICK_VERSION);
            status = 0;
        } else {
            status = run(&o, &plan, &e);
        }
    }
    container_plan_free(&plan);
    if (e.code)
        ui_error("%s%s%s", e.text, e.advice[0] ? "\n" : "", e.advice);
    return status;
}
