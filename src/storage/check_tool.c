/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"
#include "base/process.h"
#include "base/step.h"
#include "base/text.h"
#include "storage/check_private.h"
#include "storage/failing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often the bar moves and Ctrl-C is looked for. */
#define TICK_MS 100

/* e2fsck's passes and where they end in the whole, in percent; the times of its own bar
 * (e2fsck(8), -C; the passes are described in its documentation). */
static const int pass_ends[] = {0, 70, 90, 92, 95, 100};

int check_percent(const char *line)
{
    unsigned long pass, current, maximum;
    char *end;

    pass = strtoul(line, &end, 10);
    if (end == line || pass < 1 || pass > 5)
        return -1;
    line = end;
    current = strtoul(line, &end, 10);
    if (end == line)
        return -1;
    line = end;
    maximum = strtoul(line, &end, 10);
    if (end == line || maximum == 0 || current > maximum)
        return -1;
    return pass_ends[pass - 1] + (int)((double)(pass_ends[pass] - pass_ends[pass - 1]) *
                                       (double)current / (double)maximum);
}

/* Lines of a pipe, as they become whole. */
struct lines {
    char data[1024];
    size_t size;
};

/* Take what is there to read; call @use with each line. false at the end of the pipe. */
static bool read_lines(int fd, struct lines *l, void (*use)(void *userdata, const char *line),
                       void *userdata)
{
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof chunk);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    for (ssize_t i = 0; i < n; i++) {
        /* \r is how tools draw over a line of progress. */
        bool ends = chunk[i] == '\n' || chunk[i] == '\r' || l->size + 1 == sizeof l->data;

        if (!ends) {
            l->data[l->size++] = chunk[i];
            continue;
        }
        l->data[l->size] = '\0';
        if (l->size)
            use(userdata, l->data);
        l->size = 0;
    }
    return n > 0;
}

struct run {
    struct check *check;
    struct check_tool *tool;
    char what[200]; /* "checking part2" */
    struct process process;
    struct lines output, completion;
    int percent;
    bool stopped;
    char before[160];     /* the last line that was no problem; raw */
    char read_error[160]; /* safe text of the first; "" */
};

/* What the tools say when the device below does not give what is on it. */
static const char *const read_errors[] = {
    "Error reading block",    /* e2fsck */
    "resulted in short read", /* e2fsck */
    "Input/output error",     /* all of them, by strerror(3) */
    "read failed: ",          /* xfs_repair */
    "cannot read block",      /* btrfs check */
};

static void look_for_read_error(struct run *run, const char *line)
{
    for (size_t i = 0; !run->read_error[0] && i < sizeof read_errors / sizeof read_errors[0]; i++)
        if (strstr(line, read_errors[i]))
            snprintf(run->read_error, sizeof run->read_error, "%.150s", text_safe(line));
}

static void output_line(void *userdata, const char *line)
{
    struct run *run = userdata;
    const struct check_callbacks *cb = run->check->cb;
    char name[160];

    if (cb && cb->transcript)
        cb->transcript(cb->userdata, line);
    look_for_read_error(run, line);
    if (!run->tool->is_problem || !run->tool->is_problem(line)) {
        snprintf(run->before, sizeof run->before, "%.150s", line);
        return;
    }
    if (run->tool->problems++ > 0)
        return;
    if (run->tool->name)
        run->tool->name(run->before, line, name, sizeof name);
    else
        snprintf(name, sizeof name, "%.150s", line);
    snprintf(run->tool->first, sizeof run->tool->first, "%.150s", text_safe(name));
}

static void completion_line(void *userdata, const char *line)
{
    struct run *run = userdata;
    int percent = check_percent(line);

    if (percent >= 0)
        run->percent = percent;
}

static void tick(struct run *run)
{
    const struct check_callbacks *cb = run->check->cb;
    struct timespec now;

    if (!cb)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (cb->progress)
        cb->progress(cb->userdata, run->what, run->percent,
                     (unsigned)now.tv_sec - run->check->started);
    if (run->tool->stop == CHECK_STOP_NEVER || run->stopped || !cb->interrupted ||
        !cb->interrupted(cb->userdata))
        return;
    run->stopped = true;
    (void)kill(run->process.pid, run->tool->stop == CHECK_STOP_TERM ? SIGTERM : SIGKILL);
}

static void watch(struct run *run)
{
    struct pollfd fds[] = {{.fd = run->process.out_fd, .events = POLLIN},
                           {.fd = run->process.extra_fd, .events = POLLIN},
                           {.fd = run->process.pid_fd, .events = POLLIN}};

    for (;;) {
        if (poll(fds, 3, TICK_MS) < 0 && errno != EINTR)
            break;
        if (fds[0].revents && !read_lines(run->process.out_fd, &run->output, output_line, run))
            fds[0].fd = -1;
        if (fds[1].revents &&
            !read_lines(run->process.extra_fd, &run->completion, completion_line, run))
            fds[1].fd = -1;
        tick(run);
        /* What it wrote last is still in the pipe when it has gone. */
        if (fds[2].revents && (fds[0].fd < 0 || !fds[0].revents))
            break;
        fds[0].revents = fds[1].revents = fds[2].revents = 0;
    }
    if (run->output.size) {
        run->output.data[run->output.size] = '\0';
        output_line(run, run->output.data);
    }
}

/* The tool's own words belong to its command in the log. */
static void log_command(struct check *c, char *const argv[])
{
    _cleanup_text_ struct text line = TEXT_INIT(4096);

    if (!c->cb || !c->cb->transcript)
        return;
    (void)text_appendf(&line, "$");
    for (char *const *a = argv; *a; a++)
        (void)text_appendf(&line, " %s", *a);
    if (!line.failed)
        c->cb->transcript(c->cb->userdata, line.data);
}

int check_tool_run(struct check *c, char *const argv[], const char *what, struct check_tool *tool,
                   struct error *e)
{
    struct run run = {.check = c, .tool = tool, .percent = -1};
    bool writes = tool->stop != CHECK_STOP_KILL;
    int status;

    snprintf(run.what, sizeof run.what, "%s %s", what, c->volume->name);
    tool->problems = 0;
    tool->first[0] = '\0';
    log_command(c, argv);
    status =
        process_start(&run.process, argv, PROCESS_OWN_GROUP | (writes ? PROCESS_OUTLIVES_US : 0),
                      true, tool->completion, e);
    if (status < 0)
        return status;
    if (writes)
        step_reached("check-writing");
    if (run.process.out_fd >= 0)
        (void)fcntl(run.process.out_fd, F_SETFL, O_NONBLOCK);
    if (run.process.extra_fd >= 0)
        (void)fcntl(run.process.extra_fd, F_SETFL, O_NONBLOCK);
    watch(&run);
    status = process_finish(&run.process);
    if (run.read_error[0] && !run.stopped)
        return failing_disk(text_safe(c->volume->name), run.read_error, e);
    return run.stopped ? CHECK_TOOL_INTERRUPTED : status;
}
