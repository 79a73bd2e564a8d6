/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient.h"

#include "base/fd.h"
#include "base/text.h"
#include "session/assembly.h"
#include "session/patient_choose.h"
#include "session/patient_failing.h"
#include "session/patient_flush.h"
#include "session/patient_mount.h"
#include "session/patient_targets.h"
#include "storage/failing.h"
#include "storage/host_mounts.h"
#include "terminal/ui.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void name_patient(struct patient *p)
{
    const char *target = p->request.targets[0], *base = strrchr(target, '/');

    if (base && !base[1]) /* "tree/" */
        base = target;
    snprintf(p->name, sizeof p->name, "%s",
             p->system.hostname[0] ? text_safe(p->system.hostname)
                                   : text_safe(base && base[1] ? base + 1 : target));
}

unsigned patient_root_disk(const struct patient *p)
{
    for (unsigned i = 0; i < p->disk_count; i++)
        if (p->disks[i] == p->root->disk)
            return i;
    return 0;
}

/* Now that the root can be read: the names that it uses, and the volumes whose keys it has. */
static int follow_crypttab(struct patient *p, int root_fd, struct journal *j, struct error *e)
{
    struct disk_set set = {.disks = p->disks, .count = p->disk_count, .max = PATIENT_DISKS_MAX};
    unsigned before = p->disk_count;
    int r;

    if (p->request.plan_only)
        return 0;
    r = assembly_follow_crypttab(&set, patient_root_disk(p), root_fd, patient_access_of_members(p),
                                 &p->request.assemble, j, e);
    p->disk_count = set.count;
    /* Not when it was one that has just been opened. */
    if (r == 0 && p->closed.code && set.count == before)
        ui_warn("%s", p->closed.text);
    return r;
}

/* What could not be opened is said now: nobody will miss it later. */
static int stop_early(struct patient *p, struct journal *j)
{
    name_patient(p);
    (void)journal_record(j, JOURNAL_NAME, p->name);
    if (p->closed.code)
        ui_warn("%s", p->closed.text);
    return 0;
}

int patient_open(struct patient *ret, const struct patient_request *request, struct journal *j,
                 struct error *e)
{
    struct patient *p = ret;
    _cleanup_fd_ int look = -1, root = -1;
    int r;

    *p = (struct patient){.request = *request, .directory_fd = -1, .root_fd = -1};
    /* The clock of file times (current_time() in the kernel's fs/inode.c). */
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &p->opened);
    p->plan = calloc(1, sizeof *p->plan);
    if (!p->plan)
        return error_errno(e, -ENOMEM, "opening the patient");
    p->read_errors = calloc(1, sizeof *p->read_errors);
    if (!p->read_errors)
        return error_errno(e, -ENOMEM, "opening the patient");
    read_errors_begin(p->read_errors);
    r = patient_open_targets(p, j, e);
    if (r < 0)
        return patient_blame_disk(p, r, e);
    host_mounts_detach_unneeded();
    if (p->directory_fd >= 0) {
        r = system_inspect(p->directory_fd, &p->system, e);
        if (r < 0)
            return error_context(e, r, "%s", text_safe(request->targets[0]));
        name_patient(p);
        return 0;
    }
    if (request->no_mount)
        return stop_early(p, j);
    r = patient_choose_system(p, j, e);
    if (r < 0)
        return patient_blame_disk(p, r, e);
    p->system = p->root->system;
    name_patient(p);
    (void)journal_record(j, JOURNAL_NAME, p->name);
    /* Planned from the disk as it is; planned again when the journal has been replayed. */
    look = patient_root_mount(p, MOUNT_NO_REPLAY, e);
    if (look < 0)
        return patient_blame_disk(p, look, e);
    root = patient_root_in(p, look, e);
    if (root < 0)
        return root;
    r = follow_crypttab(p, root, j, e);
    return r < 0 ? r : patient_plan_mounts(p, root, e);
}

int patient_close(struct patient *p, struct error *e)
{
    int failed = 0, r = p->root_fd >= 0 && p->tree[0] ? patient_flush(p) : 0;

    if (r < 0 && !p->request.read_only)
        (void)failing_write(text_safe(p->request.targets[0]), r, &p->lost);
    p->root_fd = p->tree[0] ? fd_close(p->root_fd) : -1;
    p->directory_fd = p->plan ? fd_close(p->directory_fd) : -1;
    if (p->tree[0]) {
        *strrchr(p->tree, '/') = '\0';
        failed = host_umount_tree(p->tree, e);
        p->tree[0] = '\0';
    }
    patient_warn_failing(p);
    for (unsigned i = p->disk_count; i-- > 0;) {
        struct error own = {0};

        r = disk_close(p->disks[i], p->kept_on_host ? 0 : RELEASE_WAIT_MS, &own);
        if (r < 0 && failing_write_is(&own)) {
            p->lost = own;
        } else if (r < 0 && !failed && !p->kept_on_host) {
            failed = r;
            if (e)
                *e = own;
        }
        free(p->disks[i]);
    }
    p->disk_count = 0;
    candidates_free(take_ptr(&p->found));
    free(take_ptr(&p->plan));
    free(take_ptr(&p->looks));
    if (p->read_errors)
        read_errors_end(p->read_errors);
    free(take_ptr(&p->read_errors));
    return failed;
}

char *patient_by_hand(const struct patient *p, const struct volume *v,
                      const struct check_report *report, const char *before, char *buf, size_t size)
{
    char node[160];

    buf[0] = '\0';
    for (unsigned i = 0; report->command[0] && i < p->disk_count; i++)
        if (v >= p->disks[i]->volumes && v < p->disks[i]->volumes + p->disks[i]->volume_count &&
            disk_volume_is_reachable(p->disks[i], v, node, sizeof node))
            snprintf(buf, size, "%s%s %s", before, report->command, node);
    return buf;
}

const struct volume *patient_volume_at(const struct patient *p, const char *target)
{
    if (strcmp(target, "/") == 0)
        return p->root ? p->root->volume : NULL;
    for (unsigned i = 0; i < p->plan->count; i++)
        if (p->plan->steps[i].mounted && strcmp(p->plan->steps[i].target, target) == 0)
            return p->plan->steps[i].volume;
    return NULL;
}
