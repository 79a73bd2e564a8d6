/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * repair: apply the remedies of what examine finds, each shown before. Two sessions: the first
 * looks only, on a layer that is thrown away, so that the disk is not even mounted for writing
 * before the person has said yes; the second opens it for writing, and applies what was shown if
 * that is still what would be done.
 */

#include "base/fd.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/examine.h"
#include "commands/faults_around.h"
#include "commands/patient_options.h"
#include "commands/repair_ids.h"
#include "commands/repair_json.h"
#include "commands/repair_plan.h"
#include "commands/repair_room.h"
#include "libraries/libraries.h"
#include "session/session.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

struct repair {
    const struct options *o;
    struct patient_request request;
    struct session session;
    bool is_open; /* .session is */
    struct repair_access access;
    struct repair_plan plan;
    struct assemble_passphrase passphrase; /* typed once for both sessions */
    struct text shown;
    bool go_on;       /* after the first session */
    unsigned changed; /* how many of the changes are made */
    char stamp[32];   /* behind the names of copies; "" before anything was applied */
};

static int show(const struct repair *p, struct text *t, struct error *e)
{
    const char *at = t->data ? t->data : "";

    for (size_t size; *at; at += size + (at[size] == '\n')) {
        char line[1024];

        size = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)size, at);
        ui_log_raw(line);
    }
    if (p->o->ui.json)
        return 0; /* the document holds it */
    printf("\n%s\n", t->data ? t->data : "");
    /* Who has not seen the changes is not asked for them; a dry run asks for nothing. */
    return fflush(stdout) != 0 && !p->o->dry_run ? error_errno(e, -errno, "showing the changes")
                                                 : 0;
}

/* With --json: the one document, when all is said. */
static int print_document(const struct repair *p, bool applied, struct error *e)
{
    return p->o->ui.json ? repair_json(&p->plan, p->session.patient.name,
                                       p->shown.data ? p->shown.data : "", applied, p->stamp, e)
                         : 0;
}

/* Nothing is applied that was not shown. A finding that was named is wanted as it is; how a way in
 * is opened is seen here first. */
static int confirm(const struct repair *p, struct error *e)
{
    int r = p->plan.ids[0] && !p->access.wanted
                ? 1
                : ui_ask(true, "Apply that to %s?", p->session.patient.name);

    if (r == 1)
        return 0;
    if (r == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, r, "interrupted", "stopped; nothing was changed");
    if (r != -ENOTTY)
        return error_set(e, ERROR_REFUSED, -ECANCELED, "declined", "nothing was changed");
    (void)error_set(e, ERROR_REFUSED, r, "no-terminal",
                    "nothing was changed: there is no terminal to ask at");
    return error_advise(e, "apply it without a question: --yes");
}

static void say_nothing_to_do(const struct repair *p)
{
    const struct report *report = &p->plan.report;
    unsigned riskier = 0;

    for (unsigned i = 0; i < report->count; i++)
        riskier += finding_is_repairable(&report->findings[i]) &&
                   report->findings[i].risk != FAULT_RISK_LOW;
    if (riskier)
        ui_note("What can be repaired has a risk, and is repaired by name: `unbrick examine` shows "
                "how.");
    else if (report->stopped)
        ui_note("Nothing is repaired there: %s.", report->findings[0].remedy);
    else if (report->count)
        ui_note("Nothing of it can be repaired by unbrick; `unbrick examine` says what to do.");
}

static int open_and_choose(struct repair *p, struct error *e)
{
    int r = session_open(&p->session, &p->request, e);

    p->is_open = r == 0;
    if (r < 0)
        return r;
    r = patient_mount(&p->session.patient, &p->session.journal, e);
    if (r == 0)
        r = repair_plan_detect(&p->plan, &p->session.patient, e);
    if (r == 0)
        r = repair_plan_choose(&p->plan, e);
    return r;
}

/* After a failure, which is what is reported. */
static int give_up(struct repair *p, int r)
{
    if (p->is_open)
        (void)session_close(&p->session, NULL);
    return r;
}

/* What is left is what counts. */
static int status_of(const struct repair *p)
{
    return report_count(&p->plan.report, FAULT_STOPS_BOOT) ? ERROR_FAILED : 0;
}

/* The same of a dry run, as far as it can be told before: what the plan has no remedy for. */
static int say_left(const struct repair *p)
{
    if (p->plan.left == 0)
        return 0;
    ui_note("%u of what stops the boot would be left; `unbrick examine` says what helps.",
            p->plan.left);
    return ERROR_FAILED;
}

/* The session is opened, and is closed by the caller. The exit status, or a negative errno. */
static int show_and_ask(struct repair *p, struct error *e)
{
    char headline[1024];
    bool mends_files = p->o->fsck == CHECK_REPAIR && !p->o->dry_run;
    int r;

    ui_note("%s.", examine_headline(&p->plan.report, headline, sizeof headline));
    if (p->plan.changes.count == 0) {
        p->go_on = mends_files;
        if (mends_files)
            return 0;
        say_nothing_to_do(p);
        r = print_document(p, false, e);
        return r < 0 ? r : status_of(p);
    }
    r = repair_plan_describe(&p->plan, &p->shown, e);
    if (r == 0)
        r = show(p, &p->shown, e);
    if (r == 0 && p->o->dry_run) {
        r = print_document(p, false, e);
        return r < 0 ? r : say_left(p);
    }
    if (r == 0)
        r = confirm(p, e);
    p->go_on = r == 0;
    return r;
}

/* One whose file systems are clean is not checked in full a second time. */
static enum check_mode check_again(const struct repair *p)
{
    if (p->o->fsck != CHECK_ASK)
        return p->o->fsck;
    for (unsigned i = 0; i < p->plan.x.filesystem_count; i++)
        if (p->plan.x.filesystems[i].report->result == CHECK_ERRORS_LEFT)
            return CHECK_ASK;
    return CHECK_QUICK;
}

static int look(struct repair *p, struct error *e)
{
    int r;

    p->request.read_only = p->request.examine = true;
    r = open_and_choose(p, e);
    if (r == 0)
        r = show_and_ask(p, e);
    p->request.read_only = p->request.examine = false;
    p->request.fsck = check_again(p);
    p->request.takeover_agreed = p->session.gives_back;
    repair_plan_free(&p->plan);
    if (r < 0)
        return give_up(p, r);
    if (p->go_on)
        return session_close_and_return(&p->session, e) < 0 ? -EBUSY : 0;
    return p->o->dry_run ? session_close(&p->session, e) < 0 ? -EBUSY : r
                         : close_and_summarise(&p->session, NULL, r, e);
}

/* The replay of a journal, or of the check's repairs, may have changed what there is to do. */
static int same_as_shown(struct repair *p, struct error *e)
{
    _cleanup_text_ struct text now = TEXT_INIT(REPAIR_TEXT_MAX);
    int r;

    if (p->plan.changes.count == 0)
        return 0;
    r = repair_plan_describe(&p->plan, &now, e);
    if (r < 0 || (p->shown.data && strcmp(now.data, p->shown.data) == 0))
        return r;
    ui_note("With the file system opened for writing, it is this that has to be done:");
    r = show(p, &now, e);
    if (r == 0)
        r = confirm(p, e);
    text_free(&p->shown);
    p->shown = now;
    now = TEXT_INIT(0);
    return r;
}

static void say_done(void *userdata, const struct change *change)
{
    struct repair *p = userdata;

    p->changed++;
    ui_detail("changed %s", text_safe(change->path));
}

/* A command of the remedy, in the container, as `shell` would run it. */
static int run_inside(struct repair *p, char **argv, struct error *e)
{
    struct rescue_request rescue = {
        .kind = RESCUE_SHELL, .args = argv, .session_dir = p->session.journal.dir};
    struct session_console console = {.escape = -1, .log_fd = -1};
    struct container_plan plan = {0};
    struct supervise_result result = {0};
    int status = 0;
    int r = rescue_plan_build(&plan, &p->session.patient, &rescue, e);

    if (r == 0)
        r = session_run(&p->session, &plan, &rescue, &console, &result, &status, e);
    container_plan_free(&plan);
    if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        r = error_set(e, ERROR_FAILED, -EIO, "command-failed", "%s failed inside %s",
                      text_safe(argv[0]), p->session.patient.name);
        repair_room_advise(p->session.patient.root_fd, p->changed > 0, e);
    }
    p->changed += r == 0;
    return r;
}

static int apply(struct repair *p, struct error *e)
{
    const struct changes *changes = &p->plan.changes;
    time_t now = time(NULL);
    unsigned files = 0;
    struct tm tm;
    int r;

    if (localtime_r(&now, &tm))
        (void)strftime(p->stamp, sizeof p->stamp, "%Y%m%d-%H%M%S", &tm);
    r = changes_apply(changes, p->stamp, say_done, p, e);
    for (unsigned i = 0; r == 0 && i < changes->count; i++) {
        if (changes->items[i].kind == CHANGE_COMMAND)
            r = run_inside(p, changes->items[i].argv, e);
        files += (changes->items[i].kind == CHANGE_FILE || changes->items[i].kind == CHANGE_COPY) &&
                 changes->items[i].before;
    }
    if (r == 0 && files)
        ui_note("Done. The files as they were are beside them, with .unbrick-%s behind their "
                "names.",
                p->stamp);
    else if (r == 0 && changes->count)
        ui_note("Done.");
    if (r == 0)
        repair_access_say(p->o, &p->access);
    return r;
}

static int examine_again(struct repair *p, struct error *e)
{
    char headline[1024], targets[1024];
    struct report before = p->plan.report;
    int r;

    p->plan.report = (struct report){0};
    r = repair_plan_detect(&p->plan, &p->session.patient, e);
    if (r == 0)
        faults_around_say_new(&before, &p->plan.report);
    report_free(&before);
    if (r < 0)
        return error_context(e, r, "examining it again");
    ui_note("%s.", examine_headline(&p->plan.report, headline, sizeof headline));
    if (status_of(p))
        ui_note("What is left, and what helps against it: unbrick examine %s",
                patient_targets(&p->session.patient, targets, sizeof targets));
    r = print_document(p, true, e);
    return r < 0 ? r : status_of(p);
}

static int write_it(struct repair *p, struct error *e)
{
    int r = open_and_choose(p, e);

    if (r == 0)
        r = same_as_shown(p, e);
    if (r == 0)
        r = apply(p, e);
    if (r == 0)
        r = examine_again(p, e);
    repair_plan_free(&p->plan);
    if (r < 0)
        return give_up(p, r);
    return close_and_summarise(&p->session, NULL, r, e);
}

int command_repair(const struct options *given, struct error *e)
{
    struct options o = *given;
    _cleanup_fd_ int log_fd = -1;
    struct repair p = {.o = &o, .shown = TEXT_INIT(REPAIR_TEXT_MAX)};
    int r;

    p.plan.o = &o;
    p.plan.access = &p.access;
    r = libraries_load_for_examination(e);
    if (r == 0)
        r = repair_ids_split(&o, &p.plan.ids, e);
    if (r == 0)
        r = patient_request_from_options(&o, &p.request, e);
    p.request.plan_only = false;
    p.request.assemble.last = &p.passphrase;
    if (r == 0)
        r = open_log(&o, &log_fd, e);
    if (r == 0)
        r = repair_access_read(&o, &p.access, e);
    if (r == 0)
        r = look(&p, e);
    if (r == 0 && p.go_on)
        r = write_it(&p, e);
    text_free(&p.shown);
    repair_access_free(&p.access);
    explicit_bzero(&p.passphrase, sizeof p.passphrase);
    return r < 0 ? (int)e->kind : r;
}
