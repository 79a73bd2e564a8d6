/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/array.h"

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"
#include "storage/in_use.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h> /* for md_u.h */
#include <linux/raid/md_u.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#define OUTPUT_MAX 65536

/* md(4): how many members may be missing. For raid10 it depends on which: the kernel decides. */
static const struct {
    const char *level;
    int may_lack; /* -1: all but one */
} levels[] = {
    {"linear", 0}, {"raid0", 0}, {"raid1", -1},  {"raid4", 1},
    {"raid5", 1},  {"raid6", 2}, {"raid10", -1},
};

static void take_value(const char *line, size_t length, const char *key, char *ret, size_t size)
{
    size_t n = strlen(key);

    if (length > n && strncmp(line, key, n) == 0)
        snprintf(ret, size, "%.*s", (int)(length - n), line + n);
}

int array_parse_export(const char *text, struct array_member *ret)
{
    char devices[24] = "", events[24] = "", updated[24] = "";
    struct array_member m = {0};
    struct tm tm;
    time_t when;

    for (const char *line = text; line && *line;) {
        const char *end = strchrnul(line, '\n');
        size_t length = (size_t)(end - line);

        take_value(line, length, "MD_LEVEL=", m.level, sizeof m.level);
        take_value(line, length, "MD_UUID=", m.uuid, sizeof m.uuid);
        take_value(line, length, "MD_NAME=", m.name, sizeof m.name);
        take_value(line, length, "MD_DEVICES=", devices, sizeof devices);
        take_value(line, length, "MD_EVENTS=", events, sizeof events);
        take_value(line, length, "MD_UPDATE_TIME=", updated, sizeof updated);
        line = *end ? end + 1 : end;
    }
    m.devices = (unsigned)strtoul(devices, NULL, 10);
    m.events = strtoull(events, NULL, 10);
    when = (time_t)strtoll(updated, NULL, 10);
    if (!m.uuid[0] || !m.level[0] || !m.devices)
        return -EBADMSG;
    if (when > 0 && localtime_r(&when, &tm))
        (void)strftime(m.updated, sizeof m.updated, "%e %b %Y %H:%M", &tm);
    m.volume = ret->volume;
    memcpy(m.title, ret->title, sizeof m.title);
    *ret = m;
    return 0;
}

static int advise_mdadm(int r, struct error *e)
{
    return r == -ENOENT ? (error_advise(e, "install the package mdadm"), r) : r;
}

int array_examine(struct array_member *ret, struct error *e)
{
    char *argv[] = {(char *)"mdadm", (char *)"--examine", (char *)"--export",
                    (char *)ret->volume->node, NULL};
    _cleanup_free_ char *output = NULL;
    int r = process_run(argv, 0, OUTPUT_MAX, &output, e);

    if (r < 0)
        return advise_mdadm(r, e);
    if (r >= 128)
        return error_set(e, ERROR_HOST, -EIO, "program-fails", "mdadm was killed by signal %d",
                         r - 128);
    if (r != 0 || array_parse_export(output, ret) < 0)
        return error_set(e, ERROR_TARGET, -EBADMSG, "damaged",
                         "%s: the RAID superblock cannot be read", ret->title);
    return 0;
}

void array_short_name(const char *name, const char *uuid, char *ret, size_t size)
{
    const char *colon = strchr(name, ':');

    name = colon ? colon + 1 : name;
    if (!name[0])
        snprintf(ret, size, "md-%.8s", uuid);
    else if (strspn(name, "0123456789") == strlen(name))
        snprintf(ret, size, "md%s", name);
    else
        snprintf(ret, size, "md/%s", name);
}

static int by_events(const void *a, const void *b)
{
    const struct array_member *x = a, *y = b;

    return x->events > y->events ? -1 : x->events < y->events;
}

/* A crash between two members' updates leaves them one event apart, which mdadm(8) takes as the
 * same; more than that, and one was written without the other. */
void array_judge(struct array_plan *plan)
{
    int may_lack = 0;

    qsort(plan->members, plan->count, sizeof plan->members[0], by_events);
    plan->fresh = 0;
    while (plan->fresh < plan->count &&
           plan->members[plan->fresh].events + 1 >= plan->members[0].events)
        plan->fresh++;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (plan->count && strcmp(plan->members[0].level, levels[i].level) == 0)
            may_lack =
                levels[i].may_lack < 0 ? (int)plan->members[0].devices - 1 : levels[i].may_lack;
    plan->complete = plan->count && plan->fresh >= plan->members[0].devices;
    plan->startable = plan->count && (int)plan->fresh + may_lack >= (int)plan->members[0].devices;
}

char *array_describe(const struct array_plan *plan, char *buf, size_t size)
{
    size_t used = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < plan->count && used < size; i++)
        used +=
            (size_t)snprintf(buf + used, size - used, "%s%s (event %llu%s%s)", i ? ", " : "",
                             plan->members[i].title, (unsigned long long)plan->members[i].events,
                             plan->members[i].updated[0] ? ", " : "", plan->members[i].updated);
    return buf;
}

int array_free_name(char *ret, size_t size)
{
    for (int i = 127; i >= 0; i--) {
        char path[64];

        snprintf(path, sizeof path, "/sys/block/md%d", i);
        if (access(path, F_OK) == 0)
            continue;
        snprintf(ret, size, "md%d", i);
        return 0;
    }
    return -ENOSPC;
}

int array_let_writes_through(const char *name)
{
    char path[96];

    snprintf(path, sizeof path, "/sys/block/%s/md/array_state", name);
    return file_write(path, "read-auto");
}

int array_start(const struct array_plan *plan, const char *name, bool degraded, bool write,
                struct error *e)
{
    char node[64], *argv[ARRAY_MEMBERS_MAX + 8];
    _cleanup_free_ char *output = NULL;
    unsigned n = 0;
    int r;

    if (array_has_twin(plan->members[0].uuid))
        return array_start_copy(plan, name, write, e);
    snprintf(node, sizeof node, "/dev/%s", name);
    argv[n++] = (char *)"mdadm";
    argv[n++] = (char *)"--assemble";
    argv[n++] = node;
    argv[n++] = (char *)"--config=none";
    argv[n++] = (char *)"--readonly";
    if (degraded)
        argv[n++] = (char *)"--run";
    for (unsigned i = 0; i < plan->fresh; i++)
        argv[n++] = (char *)plan->members[i].volume->node;
    argv[n] = NULL;
    r = process_run(argv, PROCESS_OUTLIVES_US | PROCESS_OWN_GROUP, OUTPUT_MAX, &output, e);
    if (r < 0)
        return advise_mdadm(r, e);
    if (r != 0) {
        output[strcspn(output, "\n")] = '\0';
        return error_set(e, ERROR_TARGET, -EIO, "assembly", "mdadm cannot start the array: %s",
                         text_safe(output));
    }
    r = write ? array_let_writes_through(name) : 0;
    return r < 0 ? error_errno(e, r, "cannot make the array %s writable", name) : 0;
}

int array_stop(const char *name, unsigned wait_ms, struct error *e)
{
    char path[64], who[300];
    struct stat st;
    dev_t array = 0;
    int r = 0;

    snprintf(path, sizeof path, "/sys/block/%.32s/md", name);
    for (unsigned waited = 0; access(path, F_OK) == 0; waited += 20) {
        char node[64];
        _cleanup_fd_ int fd = -1;

        snprintf(node, sizeof node, "/dev/%.32s", name);
        fd = open(node, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && fstat(fd, &st) == 0)
            array = st.st_rdev;
        r = fd < 0 ? -errno : ioctl(fd, STOP_ARRAY, NULL) < 0 ? -errno : 0;
        if (r == 0 || (r != -EBUSY && waited >= wait_ms) || waited >= wait_ms)
            break;
        (void)poll(NULL, 0, 20);
    }
    if (r == -EBUSY)
        return error_set(e, ERROR_FAILED, r, "busy",
                         "the array %s is still in use on this host (%s)", name,
                         in_use_holder(array, who, sizeof who));
    return r < 0 && r != -ENOENT && r != -ENODEV ? error_errno(e, r, "cannot stop %s", name) : 0;
}
