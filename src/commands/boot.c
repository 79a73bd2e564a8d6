/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* boot: the target's own init to our rescue target, or a script there. */

#include "base/fd.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/faults_around.h"
#include "commands/patient_options.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A rescue script is written by hand; this is a fence. */
#define SCRIPT_MAX ((size_t)4 << 20)

static int read_script(const char *path, char **ret, size_t *ret_size, struct error *e)
{
    /* Also from a pipe, "<(...)" of a shell; a FIFO that nobody writes to is empty, and no hang. */
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 ? -errno : fd_read_any(fd, SCRIPT_MAX, ret, ret_size);

    if (r < 0)
        return error_set(e, ERROR_USAGE, r, "script", "cannot read the script %s: %s",
                         text_safe(path), strerror(-r));
    if (*ret_size == 0)
        return error_set(e, ERROR_USAGE, -ENODATA, "script", "the script %s is empty",
                         text_safe(path));
    if (*ret && memchr(*ret, '\0', *ret_size))
        return error_set(e, ERROR_USAGE, -EINVAL, "script", "%s is no script: it holds NUL bytes",
                         text_safe(path));
    return 0;
}

/* The exit status and the first words of the last line. */
static int explain_end(const struct supervise_result *r, int wait_status, bool script,
                       const char **ret_words, struct error *e)
{
    *ret_words = "";
    if (r->killed && r->end != SUPERVISE_PAYLOAD && !(r->end == SUPERVISE_EXIT)) {
        *ret_words = "The session had to be killed. ";
        return r->end == SUPERVISE_SIGNAL ? 128 + r->code : ERROR_FAILED;
    }
    switch (r->end) {
    case SUPERVISE_EXIT:
        return script ? r->code : 0;
    case SUPERVISE_POWEROFF:
    case SUPERVISE_ESCAPE:
        return 0;
    case SUPERVISE_REBOOT:
        *ret_words = "A reboot was asked for: the session is ended instead. ";
        return 0;
    case SUPERVISE_STOPPED:
        *ret_words = "It was ended by `unbrick stop`. ";
        return 0;
    case SUPERVISE_SIGNAL:
        *ret_words = r->code == SIGINT ? "Stopped by Ctrl-C. " : "Stopped by a signal. ";
        return 128 + r->code;
    case SUPERVISE_HANGUP:
        *ret_words = "The terminal was lost. ";
        return 128 + r->code;
    case SUPERVISE_PAYLOAD:
        break;
    }
    if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGHUP) {
        *ret_words = "A reboot was asked for: the session is ended instead. ";
        return 0;
    }
    if ((WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGINT) ||
        (r->ready && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0))
        return 0;
    if (WIFSIGNALED(wait_status))
        (void)error_set(e, ERROR_FAILED, -EIO, "init-died", "the patient's init was killed by %s",
                        strsignal(WTERMSIG(wait_status)));
    else
        (void)error_set(e, ERROR_FAILED, -EIO, "init-died",
                        "the patient's init ended with status %d%s", WEXITSTATUS(wait_status),
                        r->ready ? "" : " before the rescue shell was reached");
    (void)error_advise(e, "`unbrick shell` works without an init");
    return ERROR_FAILED;
}

static int run_boot(const struct options *o, struct session *s, struct rescue_request *rescue,
                    int log_fd, struct error *e)
{
    struct container_plan plan = {0};
    struct supervise_result result = {0};
    struct faults_around around = {0};
    struct error closing = {0};
    const char *words = "";
    int wait_status = 0, status, r;

    r = rescue_check_binds(rescue, e);
    if (r == 0 && !o->dry_run)
        r = patient_mount(&s->patient, &s->journal, e);
    if (r == 0)
        r = rescue_plan_build(&plan, &s->patient, rescue, e);
    if (r == 0 && o->dry_run)
        r = print_plan(o, &s->patient, &plan, e);
    if (r == 0 && !o->dry_run) {
        faults_around_begin(&around, o, s, &plan);
        r = session_run(s, &plan, rescue,
                        &(struct session_console){.escape = o->escape,
                                                  .log_fd = log_fd,
                                                  .unfiltered = o->raw_console,
                                                  .prompt = &around.prompt},
                        &result, &wait_status, e);
        if (r == 0)
            faults_around_again(&around, &result);
        faults_around_free(&around);
    }
    container_plan_free(&plan);
    if (r < 0) {
        (void)session_close(s, NULL);
        return e->kind ? e->kind : ERROR_FAILED;
    }
    if (o->dry_run) {
        (void)session_close(s, NULL);
        return 0;
    }
    status = explain_end(&result, wait_status, rescue->script != NULL, &words, e);
    r = close_and_summarise(s, words, status, &closing);
    if (closing.code)
        *e = closing;
    return r;
}

int command_boot(const struct options *o, struct error *e)
{
    struct rescue_request rescue = {
        .kind = RESCUE_BOOT,
        .args = o->args,
        .login = o->login,
        .use_pty = true,
        .private_network = o->private_network,
        .network_chosen = o->network_chosen,
        .untrusted = o->untrusted,
        .setenv = o->setenv,
        .binds = o->binds,
        .binds_ro = o->binds_ro,
    };
    _cleanup_free_ char *script = NULL;
    _cleanup_fd_ int log_fd = -1;
    struct patient_request request;
    struct session s;
    int r;

    r = patient_request_from_options(o, &request, e);
    if (r == 0 && o->run && o->args)
        r = error_set(e, ERROR_USAGE, -EINVAL, "usage",
                      "--run does not go with arguments for the init");
    if (r == 0 && o->run)
        r = read_script(o->run, &script, &rescue.script_size, e);
    if (r == 0)
        r = open_log(o, &log_fd, e);
    if (r == 0)
        r = session_open(&s, &request, e);
    if (r < 0)
        return e->kind;
    rescue.script = script;
    rescue.session_dir = s.journal.dir;
    return run_boot(o, &s, &rescue, log_fd, e);
}
