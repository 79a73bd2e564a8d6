/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/faults_around.h"

#include "base/fd.h"
#include "base/path.h"
#include "commands/banner.h"
#include "container/run.h"
#include "session/interrupt.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below the container's /run. */
#define DIRECTORY   "unbrick"
#define FAULTS_FILE DIRECTORY "/faults"

static int write_file(const struct container *c, struct text *report)
{
    _cleanup_fd_ int fd = run_open(c->run_fd, FAULTS_FILE, S_IFREG, O_WRONLY);

    (void)text_appendf(report, "\n`unbrick` is a program of the host, for when this session has "
                               "ended.\n");
    if (fd < 0 || report->failed)
        return fd < 0 ? fd : report->failed;
    return fd_write_all(fd, report->data, report->size);
}

static void remove_file(const struct container *c)
{
    _cleanup_fd_ int directory = path_open_strict(c->run_fd, DIRECTORY, O_DIRECTORY);

    if (directory >= 0)
        (void)unlinkat(directory, strrchr(FAULTS_FILE, '/') + 1, 0);
}

/* What was found; as far as it is known by now. */
static void take(struct faults_around *f, char headline[FAULTS_HEADLINE_MAX], struct text *report)
{
    int r = faults_look_take(&f->look, &f->before, headline, report);

    f->looked = r == 0;
    if (r == -ETIMEDOUT && !interrupt_pending())
        ui_warn(
            "to look for what keeps it from booting took too long here; `unbrick examine` takes "
            "its time");
}

static void fill_file(const struct container *c, const char *headline, struct text *report)
{
    if (!headline[0])
        remove_file(c);
    else if (write_file(c, report) < 0)
        ui_detail("there is no /run/%s inside", FAULTS_FILE);
}

/* session_prompt.text */
static const char *make_banner(void *userdata, const struct container *c)
{
    struct faults_around *f = userdata;
    _cleanup_text_ struct text report = TEXT_INIT(FAULTS_TEXT_MAX);
    char headline[FAULTS_HEADLINE_MAX] = "";

    if (!f->options->no_mount) {
        take(f, headline, &report);
        fill_file(c, headline, &report);
    }
    if (f->options->run)
        return NULL; /* a script has nobody who reads it */
    return banner_format(&f->banner, f->options, &f->session->patient, f->plan, headline) < 0
               ? NULL
               : f->banner.data;
}

void faults_around_begin(struct faults_around *f, const struct options *o, const struct session *s,
                         struct container_plan *plan)
{
    int r;

    *f = (struct faults_around){
        .session = s,
        .options = o,
        .plan = plan,
        .prompt = {.wait_fd = -1, .text = make_banner, .userdata = f},
        .look = FAULTS_LOOK_NONE,
        .banner = TEXT_INIT(65536),
    };
    if (o->no_mount)
        return;
    /* Empty until it is known what is to stand in it. */
    r = container_plan_add_file(plan, FAULTS_FILE, S_IFREG | 0644, "");
    if (r == 0)
        r = faults_look_begin(&f->look, s, o->machine);
    if (r < 0)
        ui_detail("the system is not examined: %s", strerror(-r));
    f->prompt.wait_fd = f->look.pid_fd;
}

static bool has(const struct report *r, const struct finding *wanted)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->findings[i].fault == wanted->fault && strcmp(r->findings[i].what, wanted->what) == 0)
            return true;
    return false;
}

static unsigned count_of(const struct report *r, const struct fault *fault)
{
    unsigned count = 0;

    for (unsigned i = 0; i < r->count; i++)
        count += r->findings[i].fault == fault;
    return count;
}

void faults_around_say_new(const struct report *before, const struct report *after)
{
    for (unsigned i = 0; i < after->count; i++) {
        const struct finding *f = &after->findings[i];

        /* The same one may stand in another line now, and be told of in other words. */
        if (!has(before, f) && count_of(after, f->fault) > count_of(before, f->fault))
            ui_warn("new since this session began, %s: %s (%s)", fault_severity_name(f->severity),
                    f->what, f->fault->id);
    }
}

static void say_difference(const struct report *before, const struct report *after)
{
    unsigned gone = 0, stopping = report_count(after, FAULT_STOPS_BOOT);

    faults_around_say_new(before, after);
    for (unsigned i = 0; i < before->count; i++)
        gone += !has(after, &before->findings[i]);
    if (stopping)
        ui_warn("it will still not boot: %s (%s)%s", after->findings[0].what,
                after->findings[0].fault->id, stopping > 1 ? "; and there is more" : "");
    else if (report_count(before, FAULT_STOPS_BOOT))
        ui_note("Examined again: nothing is left that stops the boot.");
    else if (gone)
        ui_note("Examined again: %u finding%s gone.", gone, gone == 1 ? " is" : "s are");
}

/* The session ended by itself before its prompt: what was found may say why. */
static void take_late(struct faults_around *f)
{
    _cleanup_text_ struct text report = TEXT_INIT(FAULTS_TEXT_MAX);
    char headline[FAULTS_HEADLINE_MAX] = "";

    session_prompt_wait(&f->prompt);
    take(f, headline, &report);
}

void faults_around_again(struct faults_around *f, const struct supervise_result *end)
{
    bool by_itself = end->end == SUPERVISE_PAYLOAD || end->end == SUPERVISE_EXIT;

    if (f->look.pid && by_itself)
        take_late(f);
    if (f->looked)
        (void)faults_look_again(f->session, f->options->machine, &f->before, say_difference);
}

void faults_around_free(struct faults_around *f)
{
    if (f->session)
        faults_look_drop(&f->look);
    report_free(&f->before);
    text_free(&f->banner);
    f->session = NULL;
}
