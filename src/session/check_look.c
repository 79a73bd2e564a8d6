/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/check_look.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/step.h"
#include "base/text.h"
#include "session/check_ui.h"
#include "session/interrupt.h"
#include "storage/failing.h"
#include "terminal/ui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Each holds the tables of a whole file system in memory. */
#define RUNNING_MAX 8

/* Bytes of file systems that a checker looks at for each byte of memory: xfs_repair(8) wants up to
 * a gigabyte for a terabyte, e2fsck's bitmaps take a quarter of that. */
#define CHECKED_PER_MEMORY 1000

/* How often the bar moves and Ctrl-C is looked for. */
#define TICK_MS 100

/* What a child says; a datagram each on a SOCK_SEQPACKET pair, cut after the part that is used. */
struct word {
    enum word_kind { WORD_PROGRESS, WORD_LINE, WORD_RESULT } kind;
    union {
        int percent;
        char line[1024];
        struct {
            struct check_report report;
            int result;
            struct error error;
        } end;
    };
};

enum state { WAITS, RUNS, ENDED };

struct job {
    struct check_look *look;
    enum state state;
    pid_t pid;
    int socket;
    int percent;
    bool told; /* it told its result */
};

struct run {
    struct job *jobs;
    unsigned count, running, limit;
    enum check_mode mode;
    bool skips;   /* Ctrl-C skips what is left, which was said; else it ends everything */
    bool skip;    /* it came: those that wait are not begun */
    bool failing; /* a disk fails: nor are they then */
    time_t started;
};

static void say(int socket, const struct word *word, size_t size)
{
    (void)send(socket, word, size, MSG_NOSIGNAL);
}

static void child_progress(void *userdata, const char *what, int percent, unsigned elapsed)
{
    struct word word = {.kind = WORD_PROGRESS, .percent = percent};

    (void)what;
    (void)elapsed;
    say(*(int *)userdata, &word, offsetof(struct word, percent) + sizeof word.percent);
}

static void child_line(void *userdata, const char *line)
{
    struct word word = {.kind = WORD_LINE};

    snprintf(word.line, sizeof word.line, "%s", line);
    say(*(int *)userdata, &word, offsetof(struct word, line) + strlen(word.line) + 1);
}

/* The terminal's Ctrl-C reaches it as well as its parent, which ends it by SIGTERM. */
static bool child_interrupted(void *userdata)
{
    (void)userdata;
    return interrupt_pending() != 0;
}

static void child_run(const struct check_look *look, enum check_mode mode, int socket)
{
    const struct check_callbacks callbacks = {
        .progress = child_progress,
        .interrupted = child_interrupted,
        .transcript = child_line,
        .userdata = &socket,
    };
    struct word word = {.kind = WORD_RESULT};

    step_reached("look-child");
    word.end.result =
        check_volume(look->volume, mode, true, &callbacks, &word.end.report, &word.end.error);
    say(socket, &word, sizeof word);
    _exit(0);
}

static int begin(struct run *run, struct job *job, struct error *e)
{
    pid_t parent = getpid();
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_errno(e, -errno, "socketpair");
    job->pid = fork();
    if (job->pid < 0) {
        int r = error_errno(e, -errno, "fork");

        close(ends[0]);
        close(ends[1]);
        return r;
    }
    if (job->pid == 0) {
        /* Its tool goes with it in turn (base/process.h). */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        close(ends[0]);
        child_run(job->look, run->mode, ends[1]);
    }
    close(ends[1]);
    job->socket = ends[0];
    job->percent = -1;
    job->state = RUNS;
    run->running++;
    return 0;
}

static void stop_all(struct run *run)
{
    for (unsigned i = 0; i < run->count; i++)
        if (run->jobs[i].state == RUNS)
            (void)kill(run->jobs[i].pid, SIGTERM);
}

static void finish(struct run *run, struct job *job)
{
    struct check_look *look = job->look;

    while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    job->socket = fd_close(job->socket);
    job->state = ENDED;
    run->running--;
    if (!job->told)
        look->result =
            error_set(&look->error, ERROR_FAILED, -EIO, "check-died",
                      "the check of %s came to an unexpected end", text_safe(look->volume->name));
    /* We have stopped it: the person has not. */
    if (run->failing && look->report.result == CHECK_INTERRUPTED)
        look->report = (struct check_report){0};
    if (look->result < 0 && failing_disk_is(&look->error)) {
        run->failing = true;
        stop_all(run);
    }
}

/* Take one word; after the last the job has ended. */
static void hear(struct run *run, struct job *job)
{
    struct word word;
    ssize_t n = recv(job->socket, &word, sizeof word, 0);

    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        finish(run, job);
        return;
    }
    switch (word.kind) {
    case WORD_PROGRESS:
        job->percent = word.percent;
        break;
    case WORD_LINE:
        ui_log_raw(word.line);
        break;
    case WORD_RESULT:
        job->look->report = word.end.report;
        job->look->result = word.end.result;
        job->look->error = word.end.error;
        job->told = true;
        break;
    }
}

/* One bar for all of them, by their sizes; none while one cannot say how far it is. */
static void show_progress(const struct run *run)
{
    const char *name = "";
    double done = 0, size = 0;
    bool known = true;
    char what[200];

    for (unsigned i = 0; i < run->count; i++) {
        const struct job *job = &run->jobs[i];
        double bytes = (double)job->look->volume->size;

        size += bytes;
        if (job->state == ENDED)
            done += bytes;
        if (job->state != RUNS)
            continue;
        name = job->look->volume->name;
        known = known && job->percent >= 0;
        done += bytes * job->percent / 100;
    }
    if (run->running == 0)
        return;
    if (run->running == 1)
        snprintf(what, sizeof what, "checking %s", text_safe(name));
    else
        snprintf(what, sizeof what, "checking %u file systems", run->running);
    ui_progress(what, known && size > 0 ? (int)(100 * done / size) : -1,
                (unsigned)(time(NULL) - run->started));
}

static void wait_for_some(struct run *run)
{
    struct pollfd fds[RUNNING_MAX];
    struct job *jobs[RUNNING_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < run->count; i++)
        if (run->jobs[i].state == RUNS) {
            fds[count] = (struct pollfd){.fd = run->jobs[i].socket, .events = POLLIN};
            jobs[count++] = &run->jobs[i];
        }
    if (poll(fds, count, TICK_MS) > 0)
        for (unsigned i = 0; i < count; i++)
            if (fds[i].revents)
                hear(run, jobs[i]);
    show_progress(run);
    if (!run->skip && (run->skips ? interrupt_take_ctrl_c() : interrupt_pending() != 0)) {
        run->skip = true;
        stop_all(run);
    }
}

/* One that may begin now, or NULL. */
static struct job *next_of(const struct run *run)
{
    if (run->running >= run->limit || run->skip || run->failing)
        return NULL;
    for (unsigned i = 0; i < run->count; i++)
        if (run->jobs[i].state == WAITS)
            return &run->jobs[i];
    return NULL;
}

static int run_all(struct run *run, struct error *e)
{
    struct job *next;
    int r = 0;

    while ((next = next_of(run)) || run->running) {
        if (next)
            r = begin(run, next, e);
        else
            wait_for_some(run);
        if (r < 0)
            break;
    }
    if (r < 0)
        stop_all(run);
    while (run->running)
        wait_for_some(run);
    ui_progress_end();
    return r;
}

/* Those whose answer needs no tool are answered here. Returns how long the rest takes, roughly. */
static unsigned sort_out(struct run *run, struct check_look *looks)
{
    unsigned sum = 0, longest = 0;

    for (unsigned i = 0; i < run->count; i++) {
        struct check_look *look = &looks[i];
        unsigned seconds = check_estimate_seconds(look->volume);

        run->jobs[i] = (struct job){.look = look, .socket = -1};
        look->report = (struct check_report){0};
        look->result = 0;
        error_clear(&look->error);
        if (run->mode == CHECK_SKIP || seconds == 0) {
            look->result =
                check_volume(look->volume, run->mode, true, NULL, &look->report, &look->error);
            run->jobs[i].state = ENDED;
            continue;
        }
        sum += seconds;
        longest = seconds > longest ? seconds : longest;
    }
    return run->limit == 1 ? sum : longest;
}

/* Bytes that can be had without swapping, proc_meminfo(5); 0: unknown. */
static uint64_t memory_available(void)
{
    _cleanup_free_ char *data = NULL;
    const char *line;

    if (host_read("/proc/meminfo", 65536, &data, NULL) < 0)
        return 0;
    line = strstr(data, "\nMemAvailable:");
    return line ? strtoull(line + strlen("\nMemAvailable:"), NULL, 10) << 10 : 0;
}

/* A rescue stick's little memory is for one checker at a time, where the file systems are large. */
static bool memory_suffices(const struct check_look *looks, unsigned count)
{
    uint64_t size = 0;

    for (unsigned i = 0; i < count; i++)
        size += looks[i].volume->size;
    return size / CHECKED_PER_MEMORY <= memory_available();
}

static unsigned limit_of(const struct check_look *looks, unsigned count, bool in_turn)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (in_turn || processors < 1 || !memory_suffices(looks, count))
        return 1;
    return processors > RUNNING_MAX ? RUNNING_MAX : (unsigned)processors;
}

int check_look_at_all(struct check_look *looks, unsigned count, enum check_mode mode, bool in_turn,
                      struct error *e)
{
    struct run run = {.count = count,
                      .mode = mode,
                      .limit = limit_of(looks, count, in_turn),
                      .started = time(NULL)};
    char duration[24];
    unsigned seconds;
    int r;

    run.jobs = calloc(count ? count : 1, sizeof *run.jobs);
    if (!run.jobs)
        return error_errno(e, -ENOMEM, "checking file systems");
    seconds = sort_out(&run, looks);
    run.skips = seconds > CHECK_ANNOUNCE_SECONDS;
    if (run.skips)
        ui_note("checking %u file system%s: about %s; Ctrl-C skips %s", count,
                count == 1 ? "" : "s", text_duration(seconds, duration),
                count == 1 ? "it" : "them");
    r = run_all(&run, e);
    if (r == 0 && !run.skips)
        r = interrupt_check(e);
    for (unsigned i = 0; i < count && run.skip; i++)
        if (run.jobs[i].state == WAITS)
            looks[i].report = (struct check_report){.result = CHECK_INTERRUPTED,
                                                    .summary = "the check was skipped with Ctrl-C"};
    free(run.jobs);
    return r;
}
