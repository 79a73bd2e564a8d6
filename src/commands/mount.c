/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* mount, umount: the assembled system below a directory of the host, for other tools. */

#include "base/fd.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/patient_options.h"
#include "storage/failing.h"
#include "storage/host_mounts.h"
#include "storage/host_users.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* The directory must be there, empty, and no mount point: what is below it would be hidden. */
static int check_directory(const char *path, char *ret_real, struct error *e)
{
    struct stat st, parent;
    char up[PATH_MAX + 4];

    if (!realpath(path, ret_real) || stat(ret_real, &st) < 0) {
        int r = -errno;

        (void)error_set(e, ERROR_USAGE, r, "no-directory", "%s: %s", text_safe(path), strerror(-r));
        return r == -ENOENT
                   ? error_advise(e, "make the directory first: mkdir -p %s", shell_word(path))
                   : r;
    }
    if (!S_ISDIR(st.st_mode))
        return error_set(e, ERROR_USAGE, -ENOTDIR, "no-directory", "%s is no directory",
                         text_safe(path));
    snprintf(up, sizeof up, "%s/..", ret_real);
    if (stat(up, &parent) == 0 && parent.st_dev != st.st_dev)
        return error_set(e, ERROR_REFUSED, -EBUSY, "in-use", "something is mounted on %s already",
                         text_safe(path));
    return 0;
}

/* Out of our namespace with a copy of the whole tree, and attached on the host. */
static int hand_to_host(struct session *s, const char *directory, struct error *e)
{
    _cleanup_fd_ int tree = open_tree(
        s->patient.root_fd, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    _cleanup_fd_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int r = 0;

    if (tree < 0 || own < 0)
        return error_errno(e, -errno, "cannot copy the mounts");
    if (setns(s->host_ns_fd, CLONE_NEWNS) < 0)
        return error_errno(e, -errno, "cannot go back to the host's mount namespace");
    r = journal_record(&s->journal, JOURNAL_MOUNT, directory);
    if (r == 0 && move_mount(tree, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        r = -errno;
    if (r == 0)
        r = journal_record(&s->journal, JOURNAL_KEEP, "mounted");
    if (r < 0)
        (void)error_errno(e, r, "cannot mount on %s", text_safe(directory));
    if (setns(own, CLONE_NEWNS) < 0 && r == 0)
        r = error_errno(e, -errno, "cannot enter the mount namespace");
    return r;
}

int command_mount(const struct options *given, struct error *e)
{
    struct options o = *given;
    char directory[PATH_MAX];
    struct patient_request request;
    _cleanup_fd_ int log_fd = -1;
    struct session s;
    int r;

    if (o.target_count < 2)
        return error_set(e, ERROR_USAGE, -EINVAL, "usage",
                         "mount wants a target and a directory: unbrick mount TARGET DIR"),
               ERROR_USAGE;
    r = check_directory(o.targets[--o.target_count], directory, e);
    if (r == 0)
        r = patient_request_from_options(&o, &request, e);
    request.for_host = true;
    if (r == 0)
        r = open_log(&o, &log_fd, e);
    if (r == 0)
        r = session_open(&s, &request, e);
    if (r < 0)
        return e->kind;
    if (o.dry_run) {
        r = print_plan(&o, &s.patient, NULL, e);
        (void)session_close(&s, NULL);
        return r < 0 ? (int)e->kind : 0;
    }
    r = patient_mount(&s.patient, &s.journal, e);
    if (r == 0)
        r = hand_to_host(&s, directory, e);
    if (r < 0) {
        (void)session_close(&s, NULL);
        return e->kind;
    }
    for (unsigned i = 0; i < s.patient.plan->count; i++)
        if (s.patient.plan->steps[i].skipped[0])
            ui_note("skipped %s: /etc/fstab line %u, %s",
                    text_safe(s.patient.plan->steps[i].target), s.patient.plan->steps[i].line,
                    s.patient.plan->steps[i].skipped);
    ui_note("%s is mounted on %s until `unbrick umount %s`", s.patient.name, text_safe(directory),
            shell_word(directory));
    return session_leave_mounted(&s, e) < 0 ? (int)e->kind : 0;
}

/* Before anything is unmounted: of a tree with a process in its root, /boot would go and the rest
 * stay. */
static int check_unused(const char *directory, struct error *e)
{
    char who[128];

    return host_users_find(directory, who, sizeof who)
               ? error_set(e, ERROR_FAILED, -EBUSY, "busy", "cannot unmount %s: %s uses it",
                           text_safe(directory), who)
               : 0;
}

static int count_target(void *userdata, const char *path)
{
    (void)path;
    ++*(unsigned *)userdata;
    return 0;
}

int command_umount(const struct options *o, struct error *e)
{
    static struct journal_session sessions[256];
    char directory[PATH_MAX];
    unsigned targets = 0;
    int count, lost, r;

    if (o->target_count != 1)
        return error_set(e, ERROR_USAGE, -EINVAL, "usage",
                         "umount wants one directory: unbrick umount DIR"),
               ERROR_USAGE;
    if (!realpath(o->targets[0], directory))
        return error_set(e, ERROR_USAGE, -errno, "no-directory", "%s: %s", text_safe(o->targets[0]),
                         strerror(errno)),
               ERROR_USAGE;
    count = journal_sessions(sessions, 256);
    for (int i = 0; i < count; i++) {
        if (!sessions[i].kept || strcmp(sessions[i].mount, directory) != 0)
            continue;
        r = check_unused(directory, e);
        lost = r == 0 ? host_sync_tree(directory) : 0;
        (void)journal_targets(sessions[i].id, count_target, &targets);
        if (r == 0)
            r = journal_undo(sessions[i].id, e);
        if (r < 0) {
            (void)error_advise(e, "see who uses it: fuser -vm %s", shell_word(directory));
            return e->kind;
        }
        if (lost < 0)
            return (void)failing_write(text_safe(sessions[i].target), lost, e), ERROR_FAILED;
        ui_note("%s is unmounted; %s %s safe to detach", text_safe(directory),
                text_safe(sessions[i].target), targets > 1 ? "are" : "is");
        return 0;
    }
    (void)error_set(e, ERROR_USAGE, -ENOENT, "not-mounted", "unbrick has nothing mounted on %s",
                    text_safe(directory));
    (void)error_advise(e, "`unbrick status` shows what is open");
    return ERROR_USAGE;
}
