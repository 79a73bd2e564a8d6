/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* shell: the same mounts as boot, a shell or a command instead of the init. */

#include "base/fd.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/faults_around.h"
#include "commands/patient_options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our own failures must not look like the command's. */
#define SHELL_FAILED 125

static int status_of(const struct supervise_result *result, int wait_status)
{
    switch (result->end) {
    case SUPERVISE_SIGNAL:
    case SUPERVISE_HANGUP:
        return 128 + result->code;
    case SUPERVISE_ESCAPE:
    case SUPERVISE_POWEROFF:
    case SUPERVISE_REBOOT:
    case SUPERVISE_STOPPED:
        return result->killed ? 128 + SIGKILL : 0;
    case SUPERVISE_PAYLOAD:
    case SUPERVISE_EXIT:
        break;
    }
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static int run_shell(const struct options *o, struct session *s, struct rescue_request *rescue,
                     int log_fd, struct error *e)
{
    struct container_plan plan = {0};
    struct supervise_result result = {0};
    struct faults_around around = {0};
    bool for_a_person = !rescue->args && rescue->use_pty;
    int wait_status = 0, status, r;

    r = rescue_check_binds(rescue, e);
    if (r == 0 && !o->dry_run)
        r = patient_mount(&s->patient, &s->journal, e);
    if (r == 0)
        r = rescue_plan_build(&plan, &s->patient, rescue, e);
    if (r == 0 && o->dry_run)
        r = print_plan(o, &s->patient, &plan, e);
    if (r == 0 && !o->dry_run) {
        if (for_a_person)
            faults_around_begin(&around, o, s, &plan);
        else
            patient_say_unmounted(&s->patient);
        r = session_run(s, &plan, rescue,
                        &(struct session_console){.escape = o->escape,
                                                  .log_fd = log_fd,
                                                  .unfiltered = o->raw_console,
                                                  .prompt = for_a_person ? &around.prompt : NULL},
                        &result, &wait_status, e);
        if (r == 0 && for_a_person)
            faults_around_again(&around, &result);
        faults_around_free(&around);
    }
    container_plan_free(&plan);
    if (r < 0 || o->dry_run) {
        int kind = e->kind;

        (void)session_close(s, NULL);
        return r < 0 ? kind : 0;
    }
    status = status_of(&result, wait_status);
    if (!for_a_person) {
        /* A command's output is its own; nothing of ours is mixed in when all is well. */
        r = session_close(s, e);
        return r < 0 ? SHELL_FAILED : status;
    }
    return close_and_summarise(s, "", status, e);
}

int command_shell(const struct options *o, struct error *e)
{
    struct rescue_request rescue = {
        .kind = o->host_tools ? RESCUE_HOST_TOOLS : RESCUE_SHELL,
        .args = o->args,
        .use_pty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
        .private_network = o->private_network,
        .network_chosen = o->network_chosen,
        .untrusted = o->untrusted,
        .setenv = o->setenv,
        .binds = o->binds,
        .binds_ro = o->binds_ro,
    };
    _cleanup_fd_ int log_fd = -1;
    struct patient_request request;
    struct session s;
    int r;

    if (rescue.args && !rescue.args[0])
        rescue.args = NULL;
    r = patient_request_from_options(o, &request, e);
    if (r == 0 && o->no_mount && (!o->host_tools || o->system))
        r = error_set(e, ERROR_USAGE, -EINVAL, "usage",
                      o->system ? "--no-mount looks for no system: --system does not go with it"
                                : "--no-mount goes with --host-tools: no program of the patient is "
                                  "there without a mount");
    if (r == 0)
        r = open_log(o, &log_fd, e);
    if (r == 0)
        r = session_open(&s, &request, e);
    if (r < 0)
        return e->kind;
    rescue.session_dir = s.journal.dir;
    return run_shell(o, &s, &rescue, log_fd, e);
}
