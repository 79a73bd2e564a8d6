/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/examine_each.h"

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"
#include "commands/patient_options.h"
#include "faults/machine.h"
#include "terminal/ui.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Each job mounts and reads a disk; more of them than this wait for the disks. */
#define JOBS_MAX 8

/* Of one report. */
#define OUTPUT_MAX ((size_t)8 << 20)

struct job {
    const char *target; /* NULL: free */
    struct process process;
    struct text output;
};

struct each {
    const struct options *o;
    struct job jobs[JOBS_MAX];
    unsigned running, limit, done, unbootable, failed;
    int failure; /* the first status that tells of one */
};

static unsigned job_limit(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors < 1 ? 1 : processors > JOBS_MAX ? JOBS_MAX : (unsigned)processors;
}

static int start(struct each *each, char *target, struct error *e)
{
    char *argv[20];
    unsigned count = 0;
    struct job *job = each->jobs;
    int r;

    while (job->target)
        job++;
    argv[count++] = (char *)"/proc/self/exe";
    argv[count++] = (char *)"examine";
    argv[count++] = (char *)"--json";
    argv[count++] = (char *)"--quiet";
    if (each->o->quick)
        argv[count++] = (char *)"--quick";
    if (each->o->strict)
        argv[count++] = (char *)"--strict";
    if (each->o->degraded)
        argv[count++] = (char *)"--degraded";
    if (each->o->key_file) {
        argv[count++] = (char *)"--key-file";
        argv[count++] = (char *)each->o->key_file;
    }
    if (each->o->luks_header) {
        argv[count++] = (char *)"--luks-header";
        argv[count++] = (char *)each->o->luks_header;
    }
    if (each->o->machine) {
        argv[count++] = (char *)"--for";
        argv[count++] = (char *)each->o->machine->name;
    }
    if (each->o->system) {
        argv[count++] = (char *)"--system";
        argv[count++] = (char *)each->o->system;
    }
    argv[count++] = (char *)"--";
    argv[count++] = target;
    argv[count] = NULL;
    r = process_start(&job->process, argv, 0, true, false, e);
    if (r < 0)
        return r;
    job->target = target;
    job->output = TEXT_INIT(OUTPUT_MAX);
    each->running++;
    return 0;
}

static const char *text_of(const json_t *document, const char *key)
{
    const char *text = json_string_value(json_object_get(document, key));

    return text ? text : "";
}

/* What the job printed, from the first brace on: a warning on its standard error may come before.
 */
static json_t *parse(const struct job *job)
{
    const char *start = job->output.data ? strchr(job->output.data, '{') : NULL;

    return start ? json_loadb(start, job->output.size - (size_t)(start - job->output.data),
                              JSON_DISABLE_EOF_CHECK, NULL)
                 : NULL;
}

static void show(struct each *each, const struct job *job, int status)
{
    json_t *document = parse(job);
    const char *headline = text_of(document, "headline");

    if (!document)
        document = json_pack("{s:s, s:i, s:s, s:s}", "schema", "unbrick.error/1", "status", status,
                             "reason", "failed", "message", "it gave no report");
    if (each->o->ui.json && document) {
        json_object_set_new(document, "target", json_string(text_safe(job->target)));
        (void)json_dumpf(document, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        printf("%s\t%s\t%s\n", text_safe(job->target),
               text_of(document, "name")[0] ? text_of(document, "name") : "-",
               headline[0] ? headline : text_of(document, "message"));
    }
    (void)fflush(stdout);
    json_decref(document);
}

static void finish(struct each *each, struct job *job)
{
    int status = process_finish(&job->process);

    show(each, job, status);
    each->done++;
    if (status == ERROR_FAILED)
        each->unbootable++;
    else if (status)
        each->failed++;
    if (status > ERROR_FAILED && !each->failure)
        each->failure = status;
    text_free(&job->output);
    job->target = NULL;
    each->running--;
}

/* Read what has come. */
static void pump(struct each *each, struct job *job)
{
    char buffer[65536];
    ssize_t n = read(job->process.out_fd, buffer, sizeof buffer);

    if (n > 0)
        (void)text_append(&job->output, buffer, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        finish(each, job);
}

static int wait_for_one(struct each *each, struct error *e)
{
    struct pollfd fds[JOBS_MAX];

    for (unsigned i = 0; i < JOBS_MAX; i++)
        fds[i] = (struct pollfd){.fd = each->jobs[i].target ? each->jobs[i].process.out_fd : -1,
                                 .events = POLLIN};
    if (poll(fds, JOBS_MAX, -1) < 0)
        return error_set(e, ERROR_INTERRUPTED, -errno, "interrupted", "stopped");
    for (unsigned i = 0; i < JOBS_MAX; i++)
        if (fds[i].revents)
            pump(each, &each->jobs[i]);
    return 0;
}

/* A job that is left sees the end of us, closes its patient and ends (PR_SET_PDEATHSIG). */
static void give_up(struct each *each)
{
    for (unsigned i = 0; i < JOBS_MAX; i++)
        if (each->jobs[i].target) {
            (void)kill(each->jobs[i].process.pid, SIGTERM);
            (void)process_finish(&each->jobs[i].process);
            text_free(&each->jobs[i].output);
        }
}

static int refuse_twice(const struct options *o, struct error *e)
{
    for (unsigned i = 0; i < o->target_count; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(o->targets[i], o->targets[j]) == 0)
                return error_set(e, ERROR_USAGE, -EINVAL, "usage", "%s is named twice",
                                 text_safe(o->targets[i]));
    return 0;
}

int examine_each(const struct options *o, struct error *e)
{
    struct each each = {.o = o, .limit = job_limit()};
    int r = 0;

    if (o->target_count == 0)
        return refuse_no_target(o, e);
    r = refuse_twice(o, e);
    for (unsigned next = 0; r == 0 && (next < o->target_count || each.running);) {
        if (next < o->target_count && each.running < each.limit)
            r = start(&each, o->targets[next++], e);
        else
            r = wait_for_one(&each, e);
    }
    if (r < 0) {
        give_up(&each);
        return r;
    }
    if (!o->ui.json)
        ui_note("%u examined: %u with findings%s, %u that could not be examined.", each.done,
                each.unbootable, o->strict ? "" : " that stop the boot", each.failed);
    return each.unbootable ? ERROR_FAILED : each.failure;
}
