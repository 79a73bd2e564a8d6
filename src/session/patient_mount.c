/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient_mount.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/step.h"
#include "base/text.h"
#include "session/assembly.h"
#include "session/interrupt.h"
#include "session/ostree_tree.h"
#include "session/patient_failing.h"
#include "session/patient_look.h"
#include "storage/mount.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

int patient_plan_mounts(struct patient *p, int root_fd, struct error *e)
{
    _cleanup_free_ char *data = NULL;
    struct fstab fstab = {0};
    size_t size;
    int r;

    p->plan->count = 0;
    r = path_read(root_fd, "/etc/fstab", PATH_CONFIG_MAX, &data, &size);
    if (r < 0) {
        if (r != -ENOENT)
            ui_warn("/etc/fstab is not used: %s",
                    r == -EINVAL ? "it is no regular file" : strerror(-r));
        return 0;
    }
    r = fstab_parse(data, size, &fstab, e);
    if (r < 0)
        return error_context(e, r, "reading /etc/fstab");
    mount_plan_build(&fstab, p->disks, p->disk_count, patient_root_disk(p), p->plan);
    fstab_free(&fstab);
    return 0;
}

int patient_root_mount(const struct patient *p, enum mount_mode mode, struct error *e)
{
    char options[64];

    return mount_volume(p->root->volume, mode,
                        candidate_mount_options(&p->root->place, options, sizeof options), NULL, 0,
                        e);
}

int patient_root_in(const struct patient *p, int mount_fd, struct error *e)
{
    int fd = path_open_strict(mount_fd, p->root->place.deployment, O_DIRECTORY);

    return fd < 0 ? error_errno(e, fd, "cannot open the root of %s", p->root->name) : fd;
}

/* Where a plan's target leads below the root, following links as the booting system would. */
static int attach(const struct patient *p, int mount_fd, const char *target)
{
    _cleanup_fd_ int point = path_open(p->root_fd, target, O_PATH | O_DIRECTORY);

    if (point < 0)
        return point;
    if (move_mount(mount_fd, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return -errno;
    return 0;
}

/* On a layer the kernel may replay a journal although nothing is to be written. */
static enum mount_mode mode_of(const struct patient *p, const struct volume *v, bool read_only)
{
    if ((p->request.read_only && !v->scratch) || v->read_only)
        return MOUNT_NO_REPLAY;
    return p->request.read_only || read_only ? MOUNT_READ : MOUNT_WRITE;
}

static int mount_root(struct patient *p, struct journal *j, struct error *e)
{
    _cleanup_fd_ int fd = -1;
    int r = 0;

    if (mkdir(j->mount_dir, 0700) < 0)
        return error_errno(e, -errno, "cannot make %s", j->mount_dir);
    if (mount("tmpfs", j->mount_dir, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0700,size=16m") < 0)
        return error_errno(e, -errno, "cannot mount a tmpfs on %s", j->mount_dir);
    snprintf(p->tree, sizeof p->tree, "%s/root", j->mount_dir);
    if (mkdir(p->tree, 0700) < 0)
        return error_errno(e, -errno, "cannot make %s", p->tree);
    if (p->directory_fd >= 0)
        fd = take_fd(&p->directory_fd);
    else if (p->root)
        fd = patient_root_mount(p, mode_of(p, p->root->volume, false), e);
    if (fd < 0 && !p->request.no_mount)
        return fd;
    if (p->request.no_mount)
        r = 0; /* the directory itself */
    else if (p->root && p->root->place.deployment[0])
        r = ostree_tree_mount(fd, p->root->place.deployment, j->mount_dir, p->tree, e);
    else if (move_mount(fd, "", AT_FDCWD, p->tree, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        r = error_errno(e, -errno, "cannot attach the root");
    if (r < 0)
        return r;
    p->root_fd = open(p->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->root_fd < 0)
        return error_errno(e, -errno, "cannot open %s", p->tree);
    step_reached("patient-root");
    return 0;
}

static void skip_step(struct mount_step *step, const char *why)
{
    snprintf(step->skipped, sizeof step->skipped, "%.255s", why);
}

/* Check the file system of a step before it is mounted. 1: it may be mounted; 0: it is skipped. */
static int check_step(struct patient *p, struct mount_step *step, struct error *e)
{
    int r;

    if (p->request.examine) {
        r = patient_look_at_step(p, step, e);
        return r < 0 ? r : 1;
    }
    if (step->volume == p->root->volume || !step->needed || p->request.read_only ||
        step->volume->read_only)
        return 1;
    r = patient_check(p, step->volume, step->target, &step->check, e);
    if (r == -EINTR)
        return r;
    if (r < 0) {
        ui_warn("%s is not checked: %s", text_safe(step->target), e->text);
        error_clear(e);
    } else if (step->check.result == CHECK_ERRORS_LEFT) {
        skip_step(step, "errors are left in its file system");
        return 0;
    }
    return 1;
}

static int mount_step_run(struct patient *p, struct mount_step *step, struct error *e)
{
    struct error mine = {0};
    char dropped[256] = "";
    _cleanup_fd_ int fd = -1;
    int r = check_step(p, step, e);

    if (r <= 0)
        return r;
    fd = mount_volume(step->volume, mode_of(p, step->volume, step->read_only), step->options,
                      dropped, sizeof dropped, &mine);
    if (fd < 0) {
        step->failed = true;
        step->host_lacks = fd == -ENODEV && strcmp(mine.reason, "no-filesystem") == 0;
        skip_step(step, mine.text);
        return 0;
    }
    if (dropped[0] && !p->request.examine)
        ui_warn("%s: mounted without the options %s, which this kernel refuses",
                text_safe(step->target), text_safe(dropped));
    r = attach(p, fd, step->target);
    if (r < 0)
        skip_step(step, r == -ENOENT ? "its mount point is missing" : strerror(-r));
    step->mounted = r == 0;
    return 0;
}

static int check_root(struct patient *p, struct error *e)
{
    char command[256];
    int r;

    if (p->directory_fd >= 0 || !p->root)
        return 0;
    if (p->request.examine)
        return patient_look_at_all(p, e);
    if (p->request.read_only || p->root->volume->read_only)
        return 0;
    r = patient_look_ahead(p, e);
    if (r == 0)
        r = patient_check(p, p->root->volume, "/", &p->root_check, e);
    if (r < 0)
        return r;
    if (p->root_check.result == CHECK_ERRORS_LEFT) {
        (void)error_set(e, ERROR_FILESYSTEM, -EUCLEAN, "filesystem-errors",
                        "errors are left in the root file system (%s)%s%s",
                        text_safe(p->root->volume->name), p->root_check.shown ? "" : ": ",
                        p->root_check.shown ? "" : p->root_check.summary);
        return error_advise(e, "repair it (--fsck=repair), or go on as it is (--fsck=skip)%s",
                            patient_by_hand(p, p->root->volume, &p->root_check,
                                            "; by hand: ", command, sizeof command));
    }
    return 0;
}

int patient_mount(struct patient *p, struct journal *j, struct error *e)
{
    const struct disk_set set = {.disks = p->disks, .count = p->disk_count};
    int r;

    if (!p->request.for_host)
        assembly_name_sources(&set);

    r = check_root(p, e);
    if (r == 0)
        r = interrupt_check(e);
    if (r == 0)
        r = mount_root(p, j, e);
    if (r < 0)
        return patient_blame_disk(p, r, e);
    if (p->root) {
        r = patient_plan_mounts(p, p->root_fd, e);
        if (r < 0)
            return r;
        for (unsigned i = 0; i < p->plan->count; i++) {
            /* Nothing further is asked of a disk that fails than what was there to be seen. */
            if (p->request.examine && patient_is_failing(p))
                break;
            if (!p->plan->steps[i].skipped[0])
                r = mount_step_run(p, &p->plan->steps[i], e);
            if (r == 0)
                r = interrupt_check(e);
            if (r < 0)
                return r;
        }
    }
    step_reached("patient-mounted");
    patient_warn_failing(p);
    if (p->request.no_mount)
        return 0;
    /* Again: what was on a separate /usr or /boot is only now to be seen. */
    return system_inspect(p->root_fd, &p->system, e);
}
