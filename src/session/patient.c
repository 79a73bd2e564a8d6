/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/patient.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/step.h"
#include "base/text.h"
#include "session/assembly.h"
#include "session/check_ui.h"
#include "storage/host_mounts.h"
#include "session/interrupt.h"
#include "session/ostree_tree.h"
#include "session/patient_failing.h"
#include "session/patient_flush.h"
#include "session/patient_targets.h"
#include "storage/failing.h"
#include "storage/mount.h"
#include "terminal/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int probe_again(struct patient *p, struct error *e)
{
    for (unsigned i = 0; i < p->disk_count; i++) {
        int r = disk_probe_volumes(p->disks[i], e);

        if (r < 0)
            return r;
    }
    candidates_find(p->disks, p->disk_count, p->found);
    return 0;
}

/* "A candidate that cannot be mounted or read is checked, then tried again." */
static int check_unreadable(struct patient *p, struct error *e)
{
    for (unsigned i = 0; i < p->found->unreadable_count; i++) {
        const struct volume *v = p->found->unreadable[i];
        struct check_report report = {0};
        int r;

        ui_note("%s cannot be read as it is; checking it", text_safe(v->name));
        r = check_with_ui(v, v->name, p->request.fsck, false, &report, e);
        if (r < 0)
            return r;
        if (report.result == CHECK_ERRORS_LEFT) {
            (void)error_set(e, ERROR_FILESYSTEM, -EUCLEAN, "filesystem-errors",
                            "%s cannot be mounted: %s", text_safe(v->name), report.summary);
            return error_advise(e, "%s", report.command);
        }
    }
    return probe_again(p, e);
}

/* To examine it: it is looked at as it is, then repaired on layers, where that harms nobody, so
 * that its tree can be seen. */
static int see_unreadable(struct patient *p, struct journal *j, struct error *e)
{
    char problem[sizeof p->root_problem];
    int r = patient_layer_all(p, j, e);

    snprintf(problem, sizeof problem, "%.255s", p->found->unreadable_why);
    for (unsigned i = 0; r == 0 && i < p->found->unreadable_count; i++) {
        const struct volume *v = p->found->unreadable[i];
        struct check_report mended;

        r = check_with_ui(v, v->name, CHECK_ASK, true, &p->root_check, e);
        if (r == 0)
            r = check_volume(v, CHECK_REPAIR, false, NULL, &mended, e);
    }
    if (r == 0)
        r = probe_again(p, e);
    if (r == 0 && p->found->count)
        snprintf(p->root_problem, sizeof p->root_problem, "%s", problem);
    return r;
}

static int ask_which(struct patient *p, struct error *e)
{
    char lines[CANDIDATES_MAX][256];
    const char *pointers[CANDIDATES_MAX];
    int r;

    for (unsigned i = 0; i < p->found->count; i++)
        pointers[i] = candidate_describe(&p->found->items[i], lines[i], sizeof lines[i]);
    r = ui_choose("Which system?", pointers, p->found->count);
    if (r == -EINTR)
        return error_set(e, ERROR_INTERRUPTED, r, "interrupted", "stopped by Ctrl-C");
    if (r < 0)
        return r;
    p->root = &p->found->items[r];
    error_clear(e);
    return 0;
}

/* Nothing can be examined but the file systems themselves: they may be why there is no system. */
static void look_for_damage(struct patient *p, struct error *e)
{
    /* What had to be repaired on its layer is not what it was. */
    if (p->root_check.result == CHECK_ERRORS_LEFT) {
        (void)error_advise(e,
                           "a file system cannot be mounted, and has errors: %s; check and repair "
                           "it, on a copy: %s",
                           p->root_check.summary, p->root_check.command);
        return;
    }
    for (unsigned i = 0; i < p->disk_count; i++)
        for (unsigned j = 0; j < p->disks[i]->volume_count; j++) {
            const struct volume *v = &p->disks[i]->volumes[j];
            struct check_report report = {0};
            struct error why = {0};
            int r = strcmp(v->fs.usage, "filesystem") != 0
                        ? 0
                        : check_with_ui(v, v->name, p->request.fsck, true, &report, &why);

            if (r < 0 && failing_disk_is(&why))
                *e = why;
            else if (report.result == CHECK_ERRORS_LEFT)
                (void)error_advise(e,
                                   "the %s file system of %s has errors: %s; check and repair "
                                   "it, on a copy: %s",
                                   text_safe(v->fs.type), text_safe(v->name), report.summary,
                                   report.command);
        }
}

static int choose_system(struct patient *p, struct journal *j, struct error *e)
{
    int r;

    p->found = calloc(1, sizeof *p->found);
    if (!p->found)
        return error_errno(e, -ENOMEM, "looking for systems");
    candidates_find(p->disks, p->disk_count, p->found);
    if (p->found->count == 0 && p->found->unreadable_count > 0 && !p->found->unreadable_here &&
        p->request.fsck != CHECK_SKIP && (!p->request.read_only || p->request.examine)) {
        r = p->request.examine ? see_unreadable(p, j, e) : check_unreadable(p, e);
        if (r < 0)
            return r;
    }
    r = candidates_select(p->found, p->disks, p->disk_count, p->request.system, &p->root, e);
    if (r < 0 && p->found->count == 0 && p->request.examine)
        look_for_damage(p, e);
    if (r < 0 && p->found->count == 0 && p->closed.code) {
        *e = p->closed; /* no wonder */
        return error_context(e, e->code, "%s", text_safe(p->request.targets[0]));
    }
    if (r == -ENOTUNIQ && ui_can_ask())
        r = ask_which(p, e);
    return r;
}

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

/* Read the fstab below @root_fd and plan the mounts. A missing or odd fstab plans nothing. */
static int plan_mounts(struct patient *p, int root_fd, struct error *e)
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

static int root_mount(const struct patient *p, enum mount_mode mode, struct error *e)
{
    char options[64];

    return mount_volume(p->root->volume, mode,
                        candidate_mount_options(&p->root->place, options, sizeof options), NULL, 0,
                        e);
}

/* The root in what root_mount() mounted: a deployment is a directory in there. */
static int root_in(const struct patient *p, int mount_fd, struct error *e)
{
    int fd = path_open_strict(mount_fd, p->root->place.deployment, O_DIRECTORY);

    return fd < 0 ? error_errno(e, fd, "cannot open the root of %s", p->root->name) : fd;
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
    r = choose_system(p, j, e);
    if (r < 0)
        return patient_blame_disk(p, r, e);
    p->system = p->root->system;
    name_patient(p);
    (void)journal_record(j, JOURNAL_NAME, p->name);
    /* Planned from the disk as it is; planned again when the journal has been replayed. */
    look = root_mount(p, MOUNT_NO_REPLAY, e);
    if (look < 0)
        return patient_blame_disk(p, look, e);
    root = root_in(p, look, e);
    if (root < 0)
        return root;
    r = follow_crypttab(p, root, j, e);
    return r < 0 ? r : plan_mounts(p, root, e);
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
        fd = root_mount(p, mode_of(p, p->root->volume, false), e);
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
    bool look = p->request.examine;
    int r;

    if (step->volume == p->root->volume ||
        (!look && (!step->needed || p->request.read_only || step->volume->read_only)))
        return 1;
    r = check_with_ui(step->volume, step->target, p->request.fsck, look, &step->check, e);
    if (r == -EINTR)
        return r;
    if (r < 0 && look) {
        if (failing_disk_is(e))
            snprintf(step->fail_reads, sizeof step->fail_reads, "%.255s", e->text);
        error_clear(e);
    } else if (r < 0) {
        ui_warn("%s is not checked: %s", text_safe(step->target), e->text);
        error_clear(e);
    } else if (step->check.result == CHECK_ERRORS_LEFT && !look) {
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

static int look_at_root(struct patient *p, struct error *e)
{
    int r = check_with_ui(p->root->volume, "/", p->request.fsck, true, &p->root_check, e);

    if (r == -EINTR)
        return r;
    if (r < 0 && failing_disk_is(e))
        snprintf(p->root_fail_reads, sizeof p->root_fail_reads, "%.255s", e->text);
    error_clear(e);
    return 0;
}

static int check_root(struct patient *p, struct error *e)
{
    int r;

    if (p->directory_fd >= 0 || !p->root)
        return 0;
    /* One that had to be repaired on its layer to be seen at all was looked at before that. */
    if (p->request.examine)
        return p->root_problem[0] ? 0 : look_at_root(p, e);
    if (p->request.read_only || p->root->volume->read_only)
        return 0;
    r = check_with_ui(p->root->volume, "/", p->request.fsck, false, &p->root_check, e);
    if (r < 0)
        return r;
    if (p->root_check.result == CHECK_ERRORS_LEFT) {
        (void)error_set(e, ERROR_FILESYSTEM, -EUCLEAN, "filesystem-errors",
                        "errors are left in the root file system (%s): %s",
                        text_safe(p->root->volume->name), p->root_check.summary);
        return error_advise(e, "repair it (--fsck=repair), or go on as it is (--fsck=skip)%s%s",
                            p->root_check.command[0] ? "; by hand: " : "", p->root_check.command);
    }
    return 0;
}

int patient_mount(struct patient *p, struct journal *j, struct error *e)
{
    int r;

    r = check_root(p, e);
    if (r == 0)
        r = interrupt_check(e);
    if (r == 0)
        r = mount_root(p, j, e);
    if (r < 0)
        return patient_blame_disk(p, r, e);
    if (p->root) {
        r = plan_mounts(p, p->root_fd, e);
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

int patient_close(struct patient *p, struct error *e)
{
    int failed = 0, r;

    if (p->root_fd >= 0 && p->tree[0])
        patient_flush(p);
    p->root_fd = p->tree[0] ? fd_close(p->root_fd) : -1;
    p->directory_fd = p->plan ? fd_close(p->directory_fd) : -1;
    if (p->tree[0]) {
        *strrchr(p->tree, '/') = '\0';
        failed = host_umount_tree(p->tree, e);
        p->tree[0] = '\0';
    }
    patient_warn_failing(p);
    for (unsigned i = p->disk_count; i-- > 0;) {
        r = disk_close(p->disks[i], p->kept_on_host ? 0 : RELEASE_WAIT_MS, failed ? NULL : e);
        if (r < 0 && !failed && !p->kept_on_host)
            failed = r;
        free(p->disks[i]);
    }
    p->disk_count = 0;
    candidates_free(take_ptr(&p->found));
    free(take_ptr(&p->plan));
    if (p->read_errors)
        read_errors_end(p->read_errors);
    free(take_ptr(&p->read_errors));
    return failed;
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
