/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/faults_look.h"

#include "base/fd.h"
#include "base/step.h"
#include "commands/examine.h"
#include "commands/patient_options.h"
#include "libraries/libraries.h"
#include "session/interrupt.h"
#include "session/patient_examine.h"
#include "terminal/ui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A terminal at the prompt has at least that. */
#define COLUMNS 79

/* Everything that the process leaves. */
#define RESULT_MAX (2 * FAULTS_TEXT_MAX)

static int detect(const struct session *s, const struct machine *machine, struct report *ret)
{
    struct examination x = {0};
    struct error e = {0};
    int r;

    /* Two readers of one descriptor would each see half of the kernel's log. */
    read_errors_reopen(s->patient.read_errors);
    r = libraries_load_for_examination(&e);
    if (r == 0)
        r = patient_examination_open(&x, &s->patient, &e);
    x.machine = machine;
    if (r == 0)
        r = faults_detect(&x, ret, &e);
    if (r < 0)
        ui_detail("the system is not examined: %s", e.text);
    return r;
}

/* With its NUL. */
static void append_string(struct text *t, const char *string)
{
    (void)text_append(t, string, strlen(string) + 1);
}

/* The headline; of each finding severity (a digit), id and sentence; an empty string; the report:
 * each with a NUL behind it. */
static int tell(const struct session *s, const struct report *r, int fd)
{
    _cleanup_text_ struct text out = TEXT_INIT(RESULT_MAX), text = TEXT_INIT(FAULTS_TEXT_MAX);
    const struct patient *p = &s->patient;
    char headline[FAULTS_HEADLINE_MAX] = "", targets[512];
    const struct examine_subject subject = {
        .name = p->name,
        .system = p->system.pretty[0] ? text_safe(p->system.pretty) : "Linux",
        .targets = patient_targets(p, targets, sizeof targets),
    };

    if (r->count) {
        (void)examine_headline(r, headline, sizeof headline);
        (void)examine_text(r, &subject, COLUMNS, false, &text);
    }
    append_string(&out, headline);
    for (unsigned i = 0; i < r->count; i++) {
        append_string(&out, (char[]){(char)('0' + r->findings[i].severity), '\0'});
        append_string(&out, r->findings[i].fault->id);
        append_string(&out, r->findings[i].what);
    }
    append_string(&out, "");
    append_string(&out, text.data && !text.failed ? text.data : "");
    return out.failed ? out.failed : fd_write_all(fd, out.data, out.size);
}

/* fork() with a child that does not outlive us. 0 in the child. */
static pid_t fork_with_us(void)
{
    pid_t parent = getpid(), pid = fork();

    if (pid < 0)
        return -errno;
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        step_reached("look-faults");
    }
    return pid;
}

int faults_look_begin(struct faults_look *look, const struct session *s,
                      const struct machine *machine)
{
    _cleanup_fd_ int result = memfd_create("unbrick-faults", MFD_CLOEXEC);
    struct report report = {0};
    pid_t pid;

    *look = FAULTS_LOOK_NONE;
    if (result < 0)
        return -errno;
    pid = fork_with_us();
    if (pid < 0)
        return pid;
    if (pid == 0)
        _exit(detect(s, machine, &report) < 0 || tell(s, &report, result) < 0);
    look->pid = pid;
    look->pid_fd = pidfd_open(pid, 0);
    if (look->pid_fd < 0) {
        int r = -errno;

        faults_look_drop(look);
        return r;
    }
    look->result_fd = take_fd(&result);
    return 0;
}

/* Its exit status; 128 where a signal has ended it. */
static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 128;
        else if (interrupt_pending())
            (void)kill(pid, SIGTERM); /* only we may have been asked to stop */
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void faults_look_drop(struct faults_look *look)
{
    if (look->pid > 0) {
        (void)kill(look->pid, SIGKILL);
        (void)wait_for(look->pid);
    }
    fd_close(look->pid_fd);
    fd_close(look->result_fd);
    *look = FAULTS_LOOK_NONE;
}

/* The string at *at, which is moved behind it; NULL: there is no whole one. */
static const char *next_string(const char **at, const char *end)
{
    const char *string = *at, *nul = memchr(string, '\0', (size_t)(end - string));

    if (!nul)
        return NULL;
    *at = nul + 1;
    return string;
}

static int parse(const char *data, size_t size, struct report *ret,
                 char headline[FAULTS_HEADLINE_MAX], struct text *ret_text)
{
    const char *at = data, *end = data + size, *first = next_string(&at, end), *severity, *text;

    while ((severity = next_string(&at, end)) && severity[0]) {
        const char *id = next_string(&at, end), *what = next_string(&at, end);
        const struct fault *fault = id && what ? fault_find(id) : NULL;

        if (!fault)
            return -EBADMSG;
        finding_severity(report_add(ret, fault, "%s", what),
                         (enum fault_severity)(severity[0] - '0'));
    }
    text = next_string(&at, end);
    if (!first || !text)
        return -EBADMSG;
    snprintf(headline, FAULTS_HEADLINE_MAX, "%s", first);
    (void)text_append(ret_text, text, strlen(text));
    return ret->failed;
}

int faults_look_take(struct faults_look *look, struct report *ret,
                     char headline[FAULTS_HEADLINE_MAX], struct text *ret_text)
{
    struct pollfd ended = {.fd = look->pid_fd, .events = POLLIN};
    _cleanup_free_ char *data = NULL;
    size_t size = 0;
    int r;

    if (look->pid == 0)
        return -ESRCH;
    if (poll(&ended, 1, 0) != 1) {
        faults_look_drop(look);
        return -ETIMEDOUT;
    }
    r = wait_for(look->pid) == 0 ? 0 : -EIO;
    look->pid = 0;
    if (r == 0 && lseek(look->result_fd, 0, SEEK_SET) < 0)
        r = -errno;
    if (r == 0)
        r = fd_read_all(look->result_fd, RESULT_MAX, &data, &size);
    if (r == 0)
        r = parse(data, size, ret, headline, ret_text);
    faults_look_drop(look);
    return r;
}

int faults_look_again(const struct session *s, const struct machine *machine,
                      const struct report *before,
                      void (*say)(const struct report *before, const struct report *after))
{
    struct report after = {0};
    pid_t pid = fork_with_us();

    if (pid < 0)
        return pid;
    if (pid == 0) {
        int r = detect(s, machine, &after);

        if (r == 0)
            say(before, &after);
        _exit(r < 0);
    }
    return wait_for(pid) == 0 ? 0 : -EIO;
}
