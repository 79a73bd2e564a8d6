/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_targets.h"

#include "base/text.h"
#include "session/assembly.h"
#include "session/clones.h"
#include "session/interrupt.h"
#include "session/sessions_of.h"
#include "storage/btrfs_twin.h"
#include "storage/same_disk.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_directory(struct patient *p, const char *path, struct error *e)
{
    struct stat st, host;
    int fd;

    if (stat(path, &st) == 0 && stat("/", &host) == 0 && st.st_dev == host.st_dev &&
        st.st_ino == host.st_ino) {
        (void)error_set(e, ERROR_REFUSED, -EBUSY, "in-use",
                        "%s is the root of this host: it is in use", text_safe(path));
        (void)error_advise(e, "`unbrick examine /` looks at it, and changes nothing");
        return -EBUSY;
    }
    fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd < 0)
        return error_errno(e, -errno, "cannot open the directory %s", text_safe(path));
    p->directory_fd = fd;
    return 0;
}

static int confirm(void *userdata, const char *question)
{
    (void)userdata;
    return ui_ask(false, "%s", question);
}

static void note(void *userdata, const char *text)
{
    (void)userdata;
    ui_warn("%s", text);
}

static struct disk_request request_of(const struct patient *p, struct journal *j)
{
    return (struct disk_request){
        .access = p->request.plan_only   ? DISK_READ
                  : p->request.read_only ? DISK_SCRATCH
                                         : DISK_WRITE,
        .record = assembly_record,
        .confirm = confirm,
        .note = note,
        .userdata = j,
    };
}

static int open_disk(struct patient *p, const char *target, struct journal *j, struct error *e)
{
    const struct disk_request request = request_of(p, j);
    struct disk *d = calloc(1, sizeof *d);
    int r;

    if (!d)
        return error_errno(e, -ENOMEM, "opening %s", text_safe(target));
    r = disk_open(d, target, &request, e);
    if (r == -EBUSY && e && strcmp(e->reason, "in-use") == 0)
        (void)sessions_of_explain(target, e);
    if (r == 0 && !p->request.plan_only) {
        r = btrfs_twin_settle(d, e);
        if (r < 0)
            (void)disk_close(d, RELEASE_WAIT_MS, NULL);
    }
    if (r < 0) {
        free(d);
        return r;
    }
    p->disks[p->disk_count++] = d;
    return 0;
}

/* Two members of an array may well be given, but one disk not twice. */
static int refuse_same(const struct patient *p, const char *target, struct error *e)
{
    for (unsigned i = 0; i < p->disk_count; i++) {
        const char *other = p->disks[i]->target;

        if (disk_is(p->disks[i], target))
            return error_set(e, ERROR_USAGE, -EINVAL, "same-disk",
                             "%s and %s are the same disk: name it once", text_safe(other),
                             text_safe(target));
        if (same_disk(other, target))
            return error_set(e, ERROR_USAGE, -EINVAL, "same-disk",
                             "%s and %s are two paths to the same disk: name one of them",
                             text_safe(other), text_safe(target));
    }
    return 0;
}

/* A session is found by it from another directory, too. */
static int record_target(struct journal *j, const char *target)
{
    char here[PATH_MAX], path[PATH_MAX * 2];

    if (target[0] == '/' || !getcwd(here, sizeof here) || here[0] != '/')
        return journal_record(j, JOURNAL_TARGET, target);
    snprintf(path, sizeof path, "%s/%s", strcmp(here, "/") == 0 ? "" : here, target);
    return journal_record(j, JOURNAL_TARGET, path);
}

static int open_targets(struct patient *p, struct journal *j, struct error *e)
{
    const struct patient_request *q = &p->request;
    int r;

    if (q->target_count > PATIENT_TARGETS_MAX)
        return error_set(e, ERROR_USAGE, -E2BIG, "usage", "more than %d targets",
                         PATIENT_TARGETS_MAX);
    for (unsigned i = 0; i < q->target_count; i++) {
        struct stat st;

        r = record_target(j, q->targets[i]);
        if (r == -EINVAL) {
            (void)error_set(e, ERROR_TARGET, r, "no-such-target",
                            "%s cannot be a target: its path holds a newline",
                            text_safe(q->targets[i]));
            return error_advise(e, "rename it, or make a link to it");
        }
        if (r < 0)
            return error_errno(e, r, "cannot write the journal");
        if (stat(q->targets[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            if (q->target_count > 1)
                return error_set(e, ERROR_USAGE, -EINVAL, "usage",
                                 "a directory can only be a target by itself");
            if (q->no_mount)
                return error_set(e, ERROR_USAGE, -EINVAL, "usage",
                                 "--no-mount is for disks and images; %s is a directory",
                                 text_safe(q->targets[i]));
            return open_directory(p, q->targets[i], e);
        }
        r = refuse_same(p, q->targets[i], e);
        if (r < 0)
            return r;
        r = open_disk(p, q->targets[i], j, e);
        if (r == 0)
            r = interrupt_check(e);
        if (r < 0)
            return r;
    }
    return 0;
}

enum disk_access patient_access_of_members(const struct patient *p)
{
    return p->request.read_only ? assembly_access_of_look(p->disks, p->disk_count) : DISK_WRITE;
}

/* Arrays, LUKS volumes, volume groups. A dry run says what it would have to open, and stops there.
 */
static int assemble_targets(struct patient *p, struct journal *j, struct error *e)
{
    struct disk_set set = {.disks = p->disks, .count = p->disk_count, .max = PATIENT_DISKS_MAX};
    int r;

    if (p->directory_fd >= 0 || (!assembly_is_needed(&set) && !p->request.assemble.luks_header)) {
        assemble_btrfs(&set);
        return 0;
    }
    if (p->request.plan_only) {
        (void)error_set(&p->closed, ERROR_TARGET, -ENOENT, "locked",
                        "what is on it has to be assembled first, which --dry-run does not do");
        return 0;
    }
    r = assembly_make(&set, patient_access_of_members(p), &p->request.assemble, j, &p->closed, e);
    p->disk_count = set.count;
    return r;
}

int patient_open_targets(struct patient *p, struct journal *j, struct error *e)
{
    int r = open_targets(p, j, e);

    if (r == 0)
        r = clones_refuse_pair(p->disks, p->disk_count, e);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < p->disk_count && !p->clone[0]; i++)
        (void)clones_of_host(p->disks[i], p->disks, p->disk_count, p->clone, sizeof p->clone);
    return assemble_targets(p, j, e);
}

int patient_layer_all(struct patient *p, struct journal *j, struct error *e)
{
    const struct disk_request request = request_of(p, j);
    int r = 0;

    for (unsigned i = 0; r == 0 && i < p->disk_count; i++)
        r = disk_add_layer(p->disks[i], &request, e);
    return r;
}
