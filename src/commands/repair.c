/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* repair: apply the remedies of what examine finds, each shown before. */

#include "base/text.h"
#include "commands/commands.h"
#include "commands/examine.h"
#include "commands/patient_options.h"
#include "commands/repair_access.h"
#include "faults/changes.h"
#include "session/patient_examine.h"
#include "system/file_contexts.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define DIFF_TEXT_MAX ((size_t)8 << 20)

struct repair {
    const struct options *o;
    struct session *session;
    char **ids; /* among the options' targets; NULL-ended; empty: all of low risk */
    struct examination x;
    struct report report;
    struct repair_access access;
    struct file_contexts *contexts;
    struct changes changes;
    unsigned chosen;
};

static bool is_named(const struct repair *p, const char *id)
{
    for (char **i = p->ids; *i; i++)
        if (strcmp(*i, id) == 0)
            return true;
    return false;
}

static bool is_chosen(const struct repair *p, const struct finding *f)
{
    return finding_is_repairable(f) && (p->ids[0]          ? is_named(p, f->fault->id)
                                        : p->access.wanted ? false
                                                           : f->risk == FAULT_RISK_LOW);
}

/* Every id that was typed must have been found, and have a remedy. */
static int check_ids(const struct repair *p, struct error *e)
{
    for (char **id = p->ids; *id; id++) {
        const struct finding *found = NULL;

        for (unsigned i = 0; i < p->report.count && !found; i++)
            if (strcmp(p->report.findings[i].fault->id, *id) == 0)
                found = &p->report.findings[i];
        if (!found)
            return error_set(e, ERROR_FAILED, -ENOENT, "no-finding",
                             "%s is none of what is wrong with %s", text_safe(*id),
                             p->session->patient.name);
        if (!finding_is_repairable(found)) {
            (void)error_set(e, ERROR_FAILED, -ENOTSUP, "no-remedy",
                            "%s has no remedy that unbrick applies", found->fault->id);
            return error_advise(e, "by hand: %s", found->fault->remedy);
        }
    }
    return 0;
}

static const char *label_of(const void *contexts, const char *path, mode_t mode)
{
    return file_contexts_lookup(contexts, path, mode);
}

static int plan_changes(struct repair *p, struct error *e)
{
    p->contexts = file_contexts_open(p->x.root_fd);
    p->changes.root_fd = p->x.root_fd;
    p->changes.label = label_of;
    p->changes.label_userdata = p->contexts;
    for (unsigned i = 0; i < p->report.count; i++) {
        const struct finding *f = &p->report.findings[i];
        int r;

        if (!is_chosen(p, f))
            continue;
        r = f->fault->repair(&p->x, f, &p->changes, e);
        if (r == -ENOTSUP && !p->ids[0]) {
            ui_note("%s is left: %s", f->fault->id, e->text);
            error_clear(e);
            continue;
        }
        if (r < 0)
            return error_context(e, r, "%s", f->fault->id);
        p->chosen++;
    }
    return repair_access_plan(p->o, &p->access, &p->x, &p->changes, e);
}

static int show_changes(const struct repair *p, struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(DIFF_TEXT_MAX);
    int r = changes_describe(&p->changes, &t, e);

    if (r < 0)
        return r;
    for (unsigned i = 0; i < p->report.count; i++)
        if (is_chosen(p, &p->report.findings[i]))
            printf("%s: %s\n", p->report.findings[i].fault->id, p->report.findings[i].what);
    printf("\n%s\n", t.data ? t.data : "");
    return fflush(stdout) != 0 ? error_errno(e, -errno, "showing the changes") : 0;
}

/* Nothing is applied that was not shown; what was named is wanted. */
static int confirm(const struct repair *p, struct error *e)
{
    int r = p->ids[0] || p->access.wanted
                ? 1
                : ui_ask(true, "Apply that to %s?", p->session->patient.name);

    if (r == 1)
        return 0;
    if (r == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, r, "interrupted", "stopped; nothing was changed");
    (void)error_set(e, ERROR_REFUSED, -ECANCELED, "declined", "nothing was changed");
    return r == -ENOTTY ? error_advise(e, "apply it without a question: --yes") : -ECANCELED;
}

static void say_done(void *userdata, const struct change *change)
{
    (void)userdata;
    ui_detail("changed %s", text_safe(change->path));
}

/* A command of the remedy, in the container, as `shell` would run it. */
static int run_inside(struct repair *p, char **argv, struct error *e)
{
    struct rescue_request rescue = {
        .kind = RESCUE_SHELL, .args = argv, .session_dir = p->session->journal.dir};
    struct session_console console = {.escape = -1, .log_fd = -1};
    struct container_plan plan = {0};
    struct supervise_result result = {0};
    int status = 0;
    int r = rescue_plan_build(&plan, &p->session->patient, &rescue, e);

    if (r == 0)
        r = session_run(p->session, &plan, &rescue, &console, &result, &status, e);
    container_plan_free(&plan);
    if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        r = error_set(e, ERROR_FAILED, -EIO, "command-failed", "%s failed inside %s",
                      text_safe(argv[0]), p->session->patient.name);
    return r;
}

static int apply(struct repair *p, struct error *e)
{
    time_t now = time(NULL);
    char stamp[32] = "";
    struct tm tm;
    int r;

    if (localtime_r(&now, &tm))
        (void)strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
    r = changes_apply(&p->changes, stamp, say_done, NULL, e);
    for (unsigned i = 0; r == 0 && i < p->changes.count; i++)
        if (p->changes.items[i].kind == CHANGE_COMMAND)
            r = run_inside(p, p->changes.items[i].argv, e);
    return r;
}

static int detect(struct repair *p, struct error *e)
{
    int r = patient_examination_open(&p->x, &p->session->patient, e);

    p->x.machine = p->o->machine;
    return r < 0 ? r : faults_detect(&p->x, &p->report, e);
}

/* What is left is what counts: the exit status, or a negative errno. */
static int examine_again(struct repair *p, struct error *e)
{
    char headline[1024];
    int r;

    report_free(&p->report);
    examination_close(&p->x);
    r = detect(p, e);
    if (r < 0)
        return error_context(e, r, "examining it again");
    ui_note("%s.", examine_headline(&p->report, headline, sizeof headline));
    return report_count(&p->report, FAULT_STOPS_BOOT) ? ERROR_FAILED : 0;
}

static int repair(struct repair *p, struct error *e)
{
    char headline[1024];
    int r = detect(p, e);

    if (r == 0)
        r = check_ids(p, e);
    if (r == 0)
        r = plan_changes(p, e);
    if (r < 0)
        return r;
    ui_note("%s.", examine_headline(&p->report, headline, sizeof headline));
    if (p->changes.count == 0) {
        if (p->report.count)
            ui_note("Nothing of it has a remedy of low risk; `unbrick examine` shows what can be "
                    "repaired by name.");
        return report_count(&p->report, FAULT_STOPS_BOOT) ? ERROR_FAILED : 0;
    }
    r = show_changes(p, e);
    if (r < 0 || p->o->dry_run)
        return r;
    r = confirm(p, e);
    if (r == 0)
        r = apply(p, e);
    return r < 0 ? r : examine_again(p, e);
}

/* The words that are ids of faults are no targets: they go behind the targets. */
static unsigned split_ids(struct options *o)
{
    unsigned targets = o->target_count;

    while (targets > 0 && fault_find(o->targets[targets - 1]))
        targets--;
    return targets;
}

int command_repair(const struct options *given, struct error *e)
{
    struct options o = *given;
    struct patient_request request;
    struct session s;
    struct repair p = {.o = &o, .session = &s};
    int r;

    o.target_count = split_ids(&o);
    r = patient_request_from_options(&o, &request, e);
    if (r < 0)
        return e->kind;
    p.ids = o.targets + o.target_count;
    request.plan_only = false;
    r = repair_access_read(&o, &p.access, e);
    if (r == 0)
        r = session_open(&s, &request, e);
    if (r < 0) {
        repair_access_free(&p.access);
        return e->kind;
    }
    r = patient_mount(&s.patient, &s.journal, e);
    if (r == 0)
        r = repair(&p, e);
    changes_free(&p.changes);
    file_contexts_close(p.contexts);
    repair_access_free(&p.access);
    report_free(&p.report);
    examination_close(&p.x);
    if (r < 0) {
        (void)session_close(&s, NULL);
        return e->kind;
    }
    return o.dry_run ? session_close(&s, e) < 0 ? (int)e->kind : r
                     : close_and_summarise(&s, "", r, e);
}
