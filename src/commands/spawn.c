/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * `unbrick spawn`: a directory tree, or the system on a disk, as a container, with systemd-nspawn's
 * command line and exit statuses (systemd-nspawn(1), EXIT STATUS): the payload's own; 0 for a
 * poweroff; 133 for a reboot; 1 for everything that is wrong with the call.
 */

#include "base/fd.h"
#include "base/kernel_calls.h"
#include "base/path.h"
#include "base/step.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/patient_options.h"
#include "commands/spawn_options.h"
#include "commands/spawn_plan.h"
#include "commands/spawn_tree.h"
#include "container/capabilities.h"
#include "container/container.h"
#include "libraries/libraries.h"
#include "session/container_host.h"
#include "session/foreign.h"
#include "session/journal.h"
#include "session/keeper.h"
#include "session/rescue_devices.h"
#include "session/scratch.h"
#include "session/service.h"
#include "session/session.h"
#include "session/standard_fds.h"
#include "session/supervise.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPAWN_REBOOT  133
#define STOP_SECONDS  90 /* services of a whole system may be slow to stop; ^]^]^] kills at once */
#define GRACE_SECONDS 1800
#define ESCAPE_KEY    0x1d

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

/* Where the payload's terminal is shown. @ret_fd is to be closed. */
static int attach_console(const struct spawn_options *o, struct supervise_options *s, int *ret_fd,
                          struct error *e)
{
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

    if (o->console == SPAWN_CONSOLE_READ_ONLY || o->console == SPAWN_CONSOLE_PASSIVE ||
        (o->console == SPAWN_CONSOLE_DEFAULT && !terminal))
        s->in_fd = -1;
    if (o->console != SPAWN_CONSOLE_PASSIVE)
        return 0;
    s->out_fd = *ret_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return s->out_fd < 0 ? error_errno(e, -errno, "cannot open /dev/null") : 0;
}

/* The kernel wants an empty directory beside the layer that is written to. */
static int make_work_directories(struct container_plan *plan, struct journal *journal,
                                 struct error *e)
{
    for (unsigned i = 0; i < plan->mount_count; i++) {
        struct container_mount *m = &plan->mounts[i];
        char path[PATH_MAX];
        unsigned last = 0;
        int r;

        if (m->kind != MOUNT_OVERLAY || m->layer != LAYER_UPPER)
            continue;
        while (m->layers[last + 1])
            last++;
        r = scratch_make(journal, m->layers[last], path, sizeof path, e);
        if (r < 0)
            return r;
        m->work = strdup(path);
        if (!m->work)
            return error_errno(e, -ENOMEM, "cannot plan the container");
    }
    return 0;
}

static void remove_work_directories(const struct container_plan *plan)
{
    for (unsigned i = 0; i < plan->mount_count; i++)
        if (plan->mounts[i].work)
            (void)scratch_remove(plan->mounts[i].work, NULL);
}

static void say_ready(void)
{
    service_notify("READY=1");
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
        .gate_fd = -1,
        .stop_signal = plan->kill_signal,
        .poweroff_signal = systemd ? SIGRTMIN + 4 : 0,
        .reboot_signal = systemd ? SIGRTMIN + 5 : 0,
        .stop_seconds = STOP_SECONDS,
        .grace_seconds = step_seconds("UNBRICK_GRACE_SECONDS", GRACE_SECONDS),
        .on_notify = say_ready,
    };
    const struct container_host host = container_host_of(journal, !o->keep_unit);
    _cleanup_fd_ int nowhere = -1;
    struct foreign foreign = FOREIGN_NONE;
    struct supervise_result result;
    struct standard_fds fds;
    struct container c;
    int status = EXIT_FAILURE, r = standard_fds_prepare_plan(&fds, plan, o->raw_console, e);

    if (plan->console == CONSOLE_PIPE) {
        options.pumps = fds.pumps;
        options.pump_count = STANDARD_FDS;
    }
    if (r == 0)
        r = attach_console(o, &options, &nowhere, e);
    if (r == 0)
        r = make_work_directories(plan, journal, e);
    if (r == 0)
        r = foreign_begin(&foreign, plan->emulated, journal, e);
    if (r == 0)
        r = container_start(&c, plan, root_fd, &host, e);
    standard_fds_started(&fds);
    if (r == 0)
        container_warn_of_devices(&c);
    if (r == 0 && plan->untrusted)
        ui_note(
            "Not trusted: root inside is nobody outside; no disks, no network, %s. Shared with it: "
            "the kernel, memory and processor time.",
            plan->root_in_memory ? "changes go to memory" : "the tree is read-only");
    if (r == 0 && !o->notify_ready)
        say_ready();
    if (r == 0) {
        r = supervise(&c, &options, &result, e);
        status = r < 0 ? EXIT_FAILURE : status_of(&c, &result, e);
        service_notify("STOPPING=1");
        container_free(&c);
    }
    foreign_end(&foreign);
    remove_work_directories(plan);
    plan->stdio = NULL;
    standard_fds_close(&fds);
    return status;
}

static int print_plan_of(const struct container_plan *plan, struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(1 << 20);
    int r = container_plan_describe(plan, &t);

    if (r < 0) {
        (void)error_errno(e, r, "cannot describe the container");
        return EXIT_FAILURE;
    }
    fputs(t.data, stdout);
    return 0;
}

/* --pivot-root=NEW:OLD: a directory of the tree becomes the root, the tree is seen at OLD. */
static int pivot(const struct spawn_options *o, int tree_fd, struct container_plan *plan,
                 struct error *e)
{
    int fd;

    if (!o->pivot_new)
        return fcntl(tree_fd, F_DUPFD_CLOEXEC, 3);
    fd = path_open(tree_fd, o->pivot_new, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return error_errno(e, fd, "cannot open %s in the tree", text_safe(o->pivot_new));
    if (o->pivot_old &&
        container_plan_add_mount(plan, &(struct container_mount){.kind = MOUNT_BIND_FD,
                                                                 .source_fd = tree_fd,
                                                                 .target = (char *)o->pivot_old,
                                                                 .read_only = plan->read_only,
                                                                 .recursive = true}) < 0) {
        fd_close(fd);
        return error_errno(e, -ENOMEM, "cannot plan the container");
    }
    return fd;
}

/* --- a directory ------------------------------------------------------------------------------ */

/* systemd-nspawn's own lock of a tree, where it has one: held here, it keeps nspawn away as well.
 */
static int lock_nspawn(int tree_fd, bool shared, int *ret_fd)
{
    struct flock lock = {.l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
    _cleanup_fd_ int fd = -1;
    struct stat st;
    char path[128];

    if (fstat(tree_fd, &st) < 0)
        return -errno;
    snprintf(path, sizeof path, "/run/systemd/nspawn/locks/inode-%lu:%lu", (unsigned long)st.st_dev,
             (unsigned long)st.st_ino);
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) < 0)
        return errno == EACCES || errno == EAGAIN ? -EWOULDBLOCK : -errno;
    *ret_fd = take_fd(&fd);
    return 0;
}

/* Two inits in one tree would write to one system: a lock on the directory itself, which goes with
 * us. *ret_fd is to be kept open. */
static int lock_tree(int fd, const struct container_plan *plan, const char *directory, int *ret_fd,
                     struct error *e)
{
    bool shared = plan->read_only || plan->root_in_memory;
    int r = flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0 ? -errno : 0;

    if (r != -EWOULDBLOCK)
        r = lock_nspawn(fd, shared, ret_fd);
    if (r != -EWOULDBLOCK)
        return 0; /* or a file system without locks */
    (void)error_set(e, ERROR_REFUSED, -EBUSY, "in-use", "%s is in use by another container",
                    text_safe(directory));
    return error_advise(e, "end that one, or use --read-only or --ephemeral");
}

/* The host's own root is no patient: two inits would write to one system. */
static int open_tree_of(const char *directory, const struct container_plan *plan, struct error *e)
{
    _cleanup_fd_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st, host;

    if (fd < 0 || fstat(fd, &st) < 0 || stat("/", &host) < 0)
        return error_errno(e, -errno, "cannot open %s", text_safe(directory));
    if (st.st_dev == host.st_dev && st.st_ino == host.st_ino && !plan->root_in_memory)
        return error_set(e, ERROR_REFUSED, -EBUSY, "host-root",
                         "%s is the root directory of this host itself; with --ephemeral nothing "
                         "is written to it",
                         text_safe(directory));
    return take_fd(&fd);
}

/* With a journal, which the keeper undoes when we do not come to its end. */
static int run_journalled(const struct spawn_options *o, struct container_plan *plan, int root_fd,
                          struct error *e)
{
    struct journal journal;
    int status = EXIT_FAILURE, r;

    journal_undo_stale();
    if (journal_begin(&journal, e) < 0)
        return EXIT_FAILURE;
    r = journal_record(&journal, JOURNAL_NAME, plan->name);
    if (r < 0)
        (void)error_errno(e, r, "cannot write the journal");
    else if (spawn_tree_write(o, root_fd, e) == 0)
        status = run_container(o, plan, root_fd, &journal, e);
    journal_end(&journal);
    return status;
}

static int run_tree(const struct spawn_options *o, struct container_plan *plan, struct error *e)
{
    const char *directory = o->directory ? o->directory : ".";
    _cleanup_fd_ int tree_fd = open_tree_of(directory, plan, e), root_fd = -1, lock_fd = -1;
    char real[PATH_MAX];
    const char *name = realpath(directory, real) ? strrchr(real, '/') + 1 : "";
    struct keeper keeper;
    int status;

    if (tree_fd < 0)
        return EXIT_FAILURE;
    root_fd = pivot(o, tree_fd, plan, e);
    if (root_fd < 0 || spawn_plan_build(o, root_fd, name, plan, e) < 0)
        return EXIT_FAILURE;
    if (o->dry_run)
        return print_plan_of(plan, e);
    if (lock_tree(tree_fd, plan, directory, &lock_fd, e) < 0 || keeper_start(&keeper, e) < 0)
        return EXIT_FAILURE;
    status = run_journalled(o, plan, root_fd, e);
    keeper_dismiss(&keeper);
    return status;
}

static int run_directory(const struct spawn_options *o, struct container_plan *plan,
                         struct error *e)
{
    static const char *const reasons[] = {"no-system", "missing-directory"};
    int status = run_tree(o, plan, e);

    for (size_t i = 0; !o->directory && e->code && i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(e->reason, reasons[i]) == 0)
            (void)error_context(e, e->code,
                                "no --directory= was given, and the current one is taken");
    return status;
}

/* --- a disk ----------------------------------------------------------------------------------- */

static int run_patient(const struct spawn_options *o, struct container_plan *plan,
                       struct session *s, struct error *e)
{
    _cleanup_fd_ int root_fd = -1;
    int r = container_plan_check_sources(plan, e); /* before the disk is written to */

    if (r == 0)
        r = patient_mount(&s->patient, &s->journal, e);
    if (r == 0) {
        patient_say_unmounted(&s->patient);
        root_fd = pivot(o, s->patient.root_fd, plan, e);
        r = root_fd < 0 ? root_fd : spawn_plan_build(o, root_fd, s->patient.name, plan, e);
    }
    /* Its disks, as for `boot`: grub-install and fsck need them. */
    if (r == 0 && !plan->untrusted && rescue_add_devices(plan, &s->patient) < 0)
        r = error_errno(e, -ENOMEM, "cannot plan the container");
    if (r < 0)
        return EXIT_FAILURE;
    if (o->dry_run)
        return print_plan_of(plan, e);
    if (spawn_tree_write(o, root_fd, e) < 0)
        return EXIT_FAILURE;
    return run_container(o, plan, root_fd, &s->journal, e);
}

static int run_image(const struct spawn_options *o, struct container_plan *plan, struct error *e)
{
    struct patient_request request = {
        .targets = (char *const *)o->images,
        .target_count = o->image_count,
        .fsck = CHECK_ASK,
        .read_only = plan->read_only || plan->root_in_memory || o->dry_run,
        .assemble = {.no_passphrase = o->no_passphrase},
    };
    struct error closing = {0};
    struct session session;
    int status;

    if (libraries_load(e) < 0 || session_open(&session, &request, e) < 0)
        return EXIT_FAILURE;
    status = run_patient(o, plan, &session, e);
    if (session_close(&session, &closing) < 0 && !e->code) {
        *e = closing;
        status = EXIT_FAILURE;
    }
    return status;
}

/* ---------------------------------------------------------------------------------------------- */

static int run(const struct spawn_options *o, struct container_plan *plan, struct error *e)
{
    if (geteuid() != 0) {
        (void)error_set(e, ERROR_HOST, -EPERM, "no-root",
                        "root privileges are needed for a container: run it with sudo");
        return EXIT_FAILURE;
    }
    if (kernel_calls_check(e) < 0)
        return EXIT_FAILURE;
    if (o->cleanup) {
        journal_undo_stale();
        return 0;
    }
    return o->image_count ? run_image(o, plan, e) : run_directory(o, plan, e);
}

/* What is printed without doing anything. True when there was such an option. */
static bool print_something(const struct spawn_options *o)
{
    if (o->help)
        spawn_options_print_help();
    else if (o->version)
        printf("unbrick %s\n", UNBRICK_VERSION);
    else if (o->list_capabilities)
        for (unsigned cap = 0; cap < capability_count(); cap++)
            puts(capability_name(cap));
    return o->help || o->version || o->list_capabilities;
}

int command_spawn(int argc, char **argv)
{
    struct spawn_options o = {0};
    struct container_plan plan = {0};
    struct error e = {0};
    int status = EXIT_FAILURE;

    if (spawn_options_read(&o, &plan, argc, argv, &e) == 0) {
        ui_setup(&(struct ui_settings){.quiet = o.quiet, .log_fd = -1});
        if (!print_something(&o))
            status = run(&o, &plan, &e);
        else if (ui_flush_output(&e) == 0)
            status = 0;
    }
    container_plan_free(&plan);
    spawn_options_free(&o);
    if (e.code)
        ui_error("%s%s%s", e.text, e.advice[0] ? "\n" : "", e.advice);
    return status;
}
