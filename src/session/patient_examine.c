/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_examine.h"

#include "session/interrupt.h"
#include "storage/host_filesystems.h"

#include <string.h>

static bool is_mounted(const void *userdata, const char *target)
{
    return patient_volume_at(userdata, target) != NULL;
}

static const struct volume *volume_at(const void *userdata, const char *target)
{
    return patient_volume_at(userdata, target);
}

static const char *read_error(const void *userdata)
{
    return patient_read_error(userdata);
}

static void add_filesystem(struct examination *x, const struct examined_filesystem *fs)
{
    if (x->filesystem_count < EXAMINED_FILESYSTEMS_MAX)
        x->filesystems[x->filesystem_count++] = *fs;
}

static const char *unless_empty(const char *text)
{
    return text[0] ? text : NULL;
}

static void add_filesystems(struct examination *x, const struct patient *p)
{
    if (!p->root)
        return;
    add_filesystem(x, &(struct examined_filesystem){
                          .target = "/",
                          .volume = p->root->volume,
                          .report = &p->root_check,
                          .mount_error = unless_empty(p->root_problem),
                          .fail_reads = unless_empty(p->root_fail_reads),
                      });
    for (unsigned i = 0; i < p->plan->count; i++) {
        const struct mount_step *step = &p->plan->steps[i];

        if (step->volume)
            add_filesystem(x, &(struct examined_filesystem){
                                  .target = step->target,
                                  .volume = step->volume,
                                  .report = &step->check,
                                  .mount_error = step->failed ? step->skipped : NULL,
                                  .fail_reads = unless_empty(step->fail_reads),
                                  .nofail = step->nofail,
                                  .host_lacks = step->host_lacks,
                              });
    }
}

int patient_examination_open(struct examination *ret, const struct patient *p, struct error *e)
{
    *ret = (struct examination){
        .root_fd = p->root_fd,
        .system = &p->system,
        .disks = p->disks,
        .disk_count = p->disk_count,
        .targets = p->request.targets,
        .target_count = p->request.target_count,
        .root_disk = p->root ? patient_root_disk(p) : 0,
        .root = p->root ? p->root->volume : NULL,
        .opened = p->opened,
        .incomplete = p->closed.code != 0,
        .left_out =
            p->closed.code && strcmp(p->closed.reason, "degraded") == 0 ? p->closed.text : NULL,
        .is_mounted = p->root ? is_mounted : NULL,
        .volume_at = p->root ? volume_at : NULL,
        .read_error = read_error,
        .userdata = p,
        .root_subvolume = p->root ? p->root->place.subvolume : NULL,
        .interrupted = interrupt_check,
    };
    ret->helper_count = host_filesystems(ret->helper, sizeof ret->helper / sizeof ret->helper[0]);
    add_filesystems(ret, p);
    return examination_open(ret, e);
}
