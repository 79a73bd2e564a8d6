/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* examine: why it does not boot. Writes nothing. */

#include "commands/examine.h"

#include "base/fd.h"
#include "commands/commands.h"
#include "commands/examine_each.h"
#include "commands/patient_options.h"
#include "faults/facts_boot.h"
#include "faults/facts_history.h"
#include "faults/facts_loader.h"
#include "libraries/libraries.h"
#include "session/patient_examine.h"
#include "session/running_host.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The text that a report may have. */
#define REPORT_TEXT_MAX ((size_t)4 << 20)

static int list_faults_json(struct error *e)
{
    json_t *document = json_object(), *list = json_array();
    int r;

    for (size_t i = 0; i < fault_family_count; i++)
        for (size_t j = 0; j < fault_families[i]->count; j++) {
            const struct fault *f = &fault_families[i]->faults[j];

            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", f->id,
                                                  "severity", fault_severity_name(f->severity),
                                                  "risk", fault_risk_name(f->risk), "title",
                                                  f->title, "why", f->why, "remedy", f->remedy));
        }
    json_object_set_new(document, "schema", json_string("unbrick.faults/1"));
    json_object_set_new(document, "faults", list);
    r = json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
    /* What could not be written, main() tells: ui_flush_output(). */
    return r < 0 && !ferror(stdout) ? error_errno(e, -ENOMEM, "making the list") : 0;
}

static int list_faults(void)
{
    for (size_t i = 0; i < fault_family_count; i++)
        for (size_t j = 0; j < fault_families[i]->count; j++) {
            const struct fault *f = &fault_families[i]->faults[j];

            printf("%s\t%s\t%s\t%s\n", f->id, fault_severity_name(f->severity),
                   fault_risk_name(f->risk), f->title);
        }
    return 0;
}

static int print_report(const struct options *o, const struct report *r,
                        const struct examine_subject *s, struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(REPORT_TEXT_MAX);
    int failed;

    if (o->ui.json)
        return examine_json(r, s, e);
    failed = examine_text(r, s, ui_columns(), ui_stdout_color(), &t);
    if (failed < 0)
        return error_errno(e, failed, "writing the report");
    printf("%s", t.data);
    return 0;
}

/* The page for --html: opened before the host's mounts are left behind. -1 when none is wanted. */
/* What is there already is written over only when it is a page of ours, or nothing: a disk that was
 * named in place of the page would be lost. */
static bool may_overwrite(const char *path)
{
    static const char start[] = "<!DOCTYPE html>";
    char found[sizeof start - 1];
    struct stat st;
    _cleanup_fd_ int fd = -1;

    if (stat(path, &st) < 0 || S_ISBLK(st.st_mode) || S_ISDIR(st.st_mode))
        return false;
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return true;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && read(fd, found, sizeof found) == (ssize_t)sizeof found &&
           memcmp(found, start, sizeof found) == 0;
}

static int open_page(const struct options *o, int *ret_fd, struct error *e)
{
    *ret_fd = -1;
    if (!o->html)
        return 0;
    *ret_fd = open(o->html, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*ret_fd < 0 && errno == EEXIST) {
        if (!may_overwrite(o->html))
            return error_set(e, ERROR_USAGE, -EEXIST, "html",
                             "%s is there already, and is no page of unbrick's: name a new file",
                             text_safe(o->html));
        *ret_fd = open(o->html, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    }
    if (*ret_fd < 0)
        return error_set(e, ERROR_USAGE, -errno, "html", "cannot write the page %s: %s",
                         text_safe(o->html), strerror(errno));
    return 0;
}

static int write_page(int fd, const struct report *r, const struct examine_subject *s,
                      struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(REPORT_TEXT_MAX);
    int failed = fd < 0 ? 0 : examine_html(r, s, &t);

    if (fd >= 0 && failed == 0 && ftruncate(fd, 0) < 0 && errno != EINVAL)
        failed = -errno; /* EINVAL: a pipe */
    if (fd >= 0 && failed == 0)
        failed = fd_write_all(fd, t.data, t.size);
    return failed < 0 ? error_errno(e, failed, "writing the page") : 0;
}

static int status_of(const struct options *o, const struct report *r)
{
    return report_count(r, FAULT_STOPS_BOOT) || (o->strict && r->count) ? ERROR_FAILED : 0;
}

/* Nothing of what boots a machine is on its disk: a container's root is so, and a machine whose
 * kernel comes from elsewhere. */
static bool boots_from_elsewhere(struct examination *x)
{
    return x->disk_count && x->root && !x->incomplete && !x->system->kernel_count &&
           !facts_menus(x)->count && !facts_esp_has_loader(x);
}

/* One more sentence. */
static void __attribute__((format(printf, 3, 4)))
say(char *buf, size_t size, const char *sentence, ...)
{
    size_t used = strlen(buf);
    va_list ap;

    if (used && used + 1 < size)
        buf[used++] = ' ';
    va_start(ap, sentence);
    vsnprintf(buf + used, size - used, sentence, ap);
    va_end(ap);
}

/* A subvolume: what is to be said of its file system is said where that comes first. */
static bool is_said_before(const struct examination *x, unsigned at)
{
    for (unsigned i = 0; i < at; i++)
        if (x->filesystems[i].volume == x->filesystems[at].volume)
            return true;
    return false;
}

/* What the report cannot know. */
static void say_unknown(const struct options *o, struct examination *x, const struct report *r,
                        char *buf, size_t size)
{
    buf[0] = '\0';
    if (r->stopped) {
        say(buf, size,
            "The examination stopped there: what else is wrong, a copy of the disk tells.");
        return;
    }
    if (boots_from_elsewhere(x))
        say(buf, size,
            "There is no kernel and no boot menu on it: what boots it is elsewhere, or "
            "is missing.");
    if (x->not_opened)
        say(buf, size, "A disk was not looked at: %s.", x->not_opened);
    if (o->quick) {
        say(buf, size, "The file systems were not checked (--quick).");
        return;
    }
    if (x->running || x->disk_count == 0) {
        say(buf, size, "The file systems were not checked: %s.",
            x->running ? "they are in use" : "a directory was named");
        return;
    }
    for (unsigned i = 0; i < x->filesystem_count; i++) {
        const struct examined_filesystem *fs = &x->filesystems[i];
        bool never = fs->report->result == CHECK_NOT_CHECKED && !fs->mount_error && !fs->fail_reads;

        if ((fs->report->result == CHECK_INTERRUPTED || never) && !is_said_before(x, i))
            say(buf, size, "The file system of %s (%s) was not checked%s.", text_safe(fs->target),
                text_safe(fs->volume->fs.type), never ? "" : " to its end");
    }
}

/* Detect, and show the report; @p: NULL for the running host. The exit status, or a negative errno.
 */
static int examine(const struct options *o, struct examination *x, const struct patient *p,
                   int page_fd, struct error *e)
{
    struct report report = {0};
    struct ways_back back;
    char not_checked[1536], targets[512] = "/", name[80], system[256];
    struct examine_subject subject = {
        .name = name,
        .system = system,
        .targets = p ? patient_targets(p, targets, sizeof targets) : targets,
        .back = &back,
        .not_checked = not_checked,
    };
    int r;

    /* Copies: what text_safe() gives is overwritten by later calls. */
    snprintf(name, sizeof name, "%s",
             p                        ? p->name
             : x->system->hostname[0] ? text_safe(x->system->hostname)
                                      : "this host");
    snprintf(system, sizeof system, "%s",
             x->system->pretty[0] ? text_safe(x->system->pretty) : "Linux");
    x->machine = o->machine;
    r = faults_detect(x, &report, e);

    say_unknown(o, x, &report, not_checked, sizeof not_checked);
    /* A journal on a disk that fails is read on the copy. */
    if (r == 0 && !report.stopped) {
        subject.history = facts_history(x);
        ways_back_find(p, x->system, subject.history, &back);
    }
    if (r == 0)
        r = print_report(o, &report, &subject, e);
    if (r == 0)
        r = write_page(page_fd, &report, &subject, e);
    if (r == 0)
        r = status_of(o, &report);
    report_free(&report);
    return r;
}

static int examine_patient(const struct options *o, const struct patient *p, int page_fd,
                           struct error *e)
{
    struct examination x = {0};
    int r = patient_examination_open(&x, p, e);

    if (r == 0)
        r = examine(o, &x, p, page_fd, e);
    examination_close(&x);
    return r;
}

/* `examine /`: the running host, before it is rebooted. */
static int examine_host(const struct options *o, int page_fd, struct error *e)
{
    struct examination x = {.root_fd = -1};
    struct running_host host;
    int r;

    if (geteuid() != 0)
        return error_set(e, ERROR_HOST, -EPERM, "no-root",
                         "root privileges are needed to examine the host: run it with sudo");
    r = running_host_open(&x, &host, e);
    if (r == 0)
        r = examine(o, &x, NULL, page_fd, e);
    examination_close(&x);
    running_host_close(&host);
    return r;
}

static int open_and_examine(const struct options *o, int page_fd, struct error *e)
{
    struct patient_request request;
    struct session s;
    int r = patient_request_from_options(o, &request, e);

    request.read_only = request.examine = true;
    request.fsck = o->quick ? CHECK_SKIP : CHECK_ASK;
    if (r == 0)
        r = session_open(&s, &request, e);
    if (r < 0)
        return r;
    r = patient_mount(&s.patient, &s.journal, e);
    if (r == 0)
        r = examine_patient(o, &s.patient, page_fd, e);
    if (r < 0) {
        (void)session_close(&s, NULL);
        return r;
    }
    return session_close(&s, e) < 0 ? -EBUSY : r;
}

int command_examine(const struct options *o, struct error *e)
{
    _cleanup_fd_ int page_fd = -1;
    int r;

    if (o->list_faults)
        r = o->ui.json ? list_faults_json(e) : list_faults();
    else
        r = libraries_load_for_examination(e);
    if (r < 0 || o->list_faults)
        return r < 0 ? (int)e->kind : 0;
    if (o->each && o->html)
        r = error_set(e, ERROR_USAGE, -EINVAL, "usage", "--html does not go with --each");
    else if (o->each)
        r = examine_each(o, e);
    else if ((r = open_page(o, &page_fd, e)) == 0)
        r = o->target_count == 1 && strcmp(o->targets[0], "/") == 0
                ? examine_host(o, page_fd, e)
                : open_and_examine(o, page_fd, e);
    if (r < 0 && e->code == -ENOTUNIQ && o->target_count > 1 && !o->each)
        (void)error_advise(e, "if each is a machine of its own: unbrick examine --each TARGET...");
    return r < 0 ? (int)e->kind : r;
}
