/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"
#include "base/host.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "commands/list.h"
#include "session/assembly.h"
#include "session/clones.h"
#include "session/sessions_of.h"
#include "storage/host_mounts.h"
#include "storage/in_use.h"
#include "storage/inventory.h"
#include "storage/mapping.h"
#include "storage/same_disk.h"
#include "storage/stack.h"
#include "storage/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* For a loop device to go, and then the layer below it. */
#define CLOSE_WAIT_MS 3000

/* What one host may have on its disks: more is not shown. */
#define ABOVE_MAX 256

/* Paths to one disk: a large storage network has sixteen. */
#define PATHS_MAX 32

void list_free(struct list *l)
{
    for (unsigned i = l->set.count; i-- > 0;) {
        struct disk *d = l->set.disks[i];

        (void)disk_close(d, d->layer.open || l->guard.begun ? CLOSE_WAIT_MS : 0, NULL);
        free(d);
    }
    for (unsigned i = 0; i < l->count; i++)
        candidates_free(l->disks[i].found);
    free(l->set.disks);
    free(l->disks);
    free(l->owner);
    undo_guard_end(&l->guard);
    *l = (struct list){0};
}

/* Asked before anything of ours is attached to it. Of a session the kernel knows only the loop
 * device. */
static void find_use(struct list_disk *d)
{
    if (in_use_by(d->target, d->use, sizeof d->use) <= 0)
        d->use[0] = '\0';
    else
        d->is_ours = sessions_of_describe(d->target, d->use, sizeof d->use);
}

/* The size of what could not be opened is known all the same. */
static void find_size(struct list_disk *d)
{
    struct stat st;

    /* "size" is in units of 512 bytes, whatever the sectors are (sysfs-block of the kernel). */
    if (host_stat(d->target, &st) == 0 && S_ISBLK(st.st_mode))
        d->size = sysfs_number(st.st_rdev, "size") * 512;
}

static void explain_directory(struct list_disk *d)
{
    struct stat st;

    if (host_stat(d->target, &st) == 0 && S_ISDIR(st.st_mode))
        (void)error_advise(&d->problem, "list is about disks; `unbrick examine %s` looks at a tree",
                           shell_word(d->target));
}

static int agree(void *userdata, const char *question)
{
    (void)userdata;
    (void)question;
    return 1;
}

static int open_disk(struct list *l, struct list_disk *d, enum disk_access access, bool aside)
{
    const struct disk_request request = {.access = access,
                                         .aside = aside,
                                         .record = undo_guard_record,
                                         .confirm = l->open_bases ? agree : NULL,
                                         .userdata = &l->guard};

    d->disk = calloc(1, sizeof *d->disk);
    if (!d->disk)
        return -ENOMEM;
    if (disk_open_for_list(d->disk, d->target, &request, &d->problem) < 0) {
        find_size(d);
        explain_directory(d);
        free(take_ptr(&d->disk));
    }
    return 0;
}

static void note_path(struct list_disk *d, const char *path)
{
    size_t used = strlen(d->paths);

    snprintf(d->paths + used, sizeof d->paths - used, "%s%s", used ? ", " : "", text_safe(path));
}

/* Those which a multipath mapping joins. */
static void find_paths(struct list_disk *d)
{
    dev_t paths[PATHS_MAX];
    struct mapping m;
    struct stat st;
    int count;

    if (host_stat(d->target, &st) < 0 || !S_ISBLK(st.st_mode) || mapping_find(st.st_rdev, &m) < 0 ||
        m.kind != MAPPING_MULTIPATH)
        return;
    count = sysfs_related(st.st_rdev, "slaves", paths, PATHS_MAX);
    for (int i = 0; i < count; i++) {
        char name[64], node[80];

        if (sysfs_name(paths[i], name, sizeof name) < 0)
            continue;
        snprintf(node, sizeof node, "/dev/%s", name);
        note_path(d, node);
    }
}

/* The same file, or the same device, that is an entry already: what is attached to it by then would
 * be ours. */
static bool is_there(struct list *l, const char *path)
{
    struct stat st, other;

    if (host_stat(path, &st) < 0)
        return false;
    for (unsigned i = 0; i < l->count; i++) {
        const char *target = l->disks[i].target;

        if (host_stat(target, &other) < 0 || (st.st_mode & S_IFMT) != (other.st_mode & S_IFMT) ||
            (S_ISBLK(st.st_mode) ? st.st_rdev != other.st_rdev
                                 : st.st_dev != other.st_dev || st.st_ino != other.st_ino))
            continue;
        if (strcmp(target, path) != 0)
            note_path(&l->disks[i], path);
        return true;
    }
    return false;
}

/* Once more, for something to be put together on it: a thin pool is written to when it is opened,
 * and so may be an array. On a layer, or where there can be none, on a loop device that is
 * read-only. */
static int open_for_assembly(struct list *l, struct list_disk *d)
{
    bool aside = !d->disk->is_image;

    (void)disk_close(d->disk, d->disk->layer.open ? CLOSE_WAIT_MS : 0, NULL);
    free(take_ptr(&d->disk));
    return open_disk(l, d, DISK_SCRATCH, aside);
}

/* @assemble: what is on it will be put together when nobody uses it. */
static int look_at(struct list *l, struct list_disk *d, bool assemble)
{
    int r;

    find_use(d);
    find_paths(d);
    r = open_disk(l, d, DISK_READ, false);
    if (r == 0 && d->disk && assemble && !d->use[0] && assembly_has_members(d->disk))
        r = open_for_assembly(l, d);
    if (d->disk)
        l->set.disks[l->set.count++] = d->disk;
    return r;
}

static void find_wwid(const char *path, char *ret, size_t size)
{
    unsigned number;
    struct stat st;
    dev_t disk;

    ret[0] = '\0';
    if (host_stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
        return;
    if (sysfs_parent(st.st_rdev, &disk, &number) < 0)
        disk = st.st_rdev;
    (void)sysfs_wwid(disk, ret, size);
}

/* The same disk by another path: an entry that is there already? */
static bool is_another_path(struct list *l, const char *path, const char *wwid)
{
    for (unsigned i = 0; i < l->count; i++) {
        if (!wwid[0] || strcmp(l->disks[i].wwid, wwid) != 0 || !same_disk(l->disks[i].target, path))
            continue;
        note_path(&l->disks[i], path);
        return true;
    }
    return false;
}

static void compare(struct list_disk *d, const struct disk *other, const char *name)
{
    char what[200];

    if (!d->clone[0] && inventory_is_twin(d->disk, other, what, sizeof what))
        snprintf(d->clone, sizeof d->clone, "clone of %.127s (same %s)", text_safe(name), what);
}

static void compare_with_each_other(struct list *l)
{
    for (unsigned i = 0; i < l->count; i++)
        for (unsigned j = 0; j < l->count; j++)
            if (i != j && l->disks[i].disk && l->disks[j].disk &&
                !disk_is(l->disks[i].disk, l->disks[j].target) &&
                !disk_is(l->disks[j].disk, l->disks[i].target))
                compare(&l->disks[i], l->disks[j].disk, l->disks[j].target);
}

/* A target may be a copy of a disk that is attached but not asked about. Of what a session of ours
 * has open that may be its own loop device, over a layer that nobody else sees into. */
static void compare_with_host(struct list *l)
{
    char copy[sizeof l->disks->clone - 16];

    for (unsigned i = 0; i < l->count; i++) {
        struct list_disk *d = &l->disks[i];

        if (d->disk && !d->is_ours && !d->clone[0] &&
            clones_of_host(d->disk, l->set.disks, l->set.count, copy, sizeof copy))
            snprintf(d->clone, sizeof d->clone, "clone of %s", copy);
    }
}

/* Targets that nobody uses, with something to put together on them. */
static bool is_assembled(const struct list *l)
{
    bool members = false;

    for (unsigned i = 0; i < l->count; i++) {
        if (l->disks[i].use[0])
            return false; /* a part of it would be somebody else's */
        members = members || (l->disks[i].disk && assembly_has_members(l->disks[i].disk));
    }
    return members;
}

static int find_above(struct list *l, const struct list_request *request, struct error *e)
{
    struct journal *j;
    int r = 0;

    if (request->target_count && is_assembled(l)) {
        r = undo_guard_begin(&l->guard, &j);
        if (r < 0)
            return error_errno(e, r, "cannot begin a journal");
        r = host_mounts_leave(NULL, e);
        if (r == 0)
            r = assembly_look(&l->set, &request->assemble, j, &l->closed, e);
    } else {
        r = stack_find_active(&l->set);
        assemble_btrfs(&l->set);
        if (r < 0)
            return error_errno(e, r, "cannot list the disks");
    }
    return r;
}

/* What stands on a disk belongs to it; what has parts on several, to the first of them. */
static void find_owners(struct list *l)
{
    unsigned above[LIST_ABOVE_MAX], n = 0;

    for (unsigned i = 0; i < l->count; i++)
        if (l->disks[i].disk)
            l->owner[n++] = i;
    for (; n < l->set.count; n++)
        l->owner[n] = l->count;
    for (unsigned i = 0; i < l->set.count; i++)
        for (unsigned j = 0; j < l->set.disks[i]->volume_count; j++) {
            unsigned count =
                stack_above(&l->set, &l->set.disks[i]->volumes[j], above, LIST_ABOVE_MAX);

            for (unsigned k = 0; k < count; k++)
                if (l->owner[above[k]] == l->count)
                    l->owner[above[k]] = l->owner[i];
        }
    for (n = 0; n < l->set.count; n++)
        if (l->owner[n] == l->count) /* it stands on nothing that is seen */
            l->owner[n] = 0;
}

/* As the disk alone would be a patient: names of systems are what boot takes for it. */
static int find_systems(struct list *l)
{
    struct disk **patient = calloc((size_t)l->set.count + 1, sizeof(struct disk *));
    int r = 0;

    l->owner = calloc((size_t)l->set.count + 1, sizeof *l->owner);
    if (!patient || !l->owner) {
        free(patient);
        return -ENOMEM;
    }
    find_owners(l);
    for (unsigned i = 0; r == 0 && i < l->count; i++) {
        struct list_disk *d = &l->disks[i];
        unsigned count = 0;

        d->found = calloc(1, sizeof *d->found);
        if (!d->found)
            r = -ENOMEM;
        for (unsigned j = 0; j < l->set.count; j++)
            if (l->owner[j] == i && d->disk)
                patient[count++] = l->set.disks[j];
        if (r == 0 && count)
            candidates_find(patient, count, d->found);
    }
    free(patient);
    return r;
}

static int allocate(struct list *l, unsigned count)
{
    l->set.max = count + ABOVE_MAX;
    l->disks = calloc((size_t)count + 1, sizeof *l->disks);
    l->set.disks = calloc(l->set.max, sizeof(struct disk *));
    return l->disks && l->set.disks ? 0 : -ENOMEM;
}

int list_collect(struct list *ret, const struct list_request *request, struct error *e)
{
    static char paths[INVENTORY_MAX][128];
    bool all = request->target_count == 0;
    int count = all ? inventory_disks(paths, e) : (int)request->target_count, r;

    *ret = (struct list){.open_bases = request->open_bases};
    if (count < 0)
        return count;
    if (all)
        count = sessions_of_leave_out(paths, count);
    r = allocate(ret, (unsigned)count);
    for (int i = 0; r == 0 && i < count; i++) {
        const char *target = all ? paths[i] : request->targets[i];
        struct list_disk *d = &ret->disks[ret->count];

        find_wwid(target, d->wwid, sizeof d->wwid);
        if (is_there(ret, target) || is_another_path(ret, target, d->wwid))
            continue;
        snprintf(d->target, sizeof d->target, "%.4095s", target);
        ret->count++;
        r = look_at(ret, d, !all);
    }
    if (r < 0)
        return error_errno(e, r, "cannot list the disks");
    ret->below = ret->set.count;
    compare_with_each_other(ret);
    if (!all)
        compare_with_host(ret);
    r = find_above(ret, request, e);
    if (r == 0 && find_systems(ret) < 0)
        r = error_errno(e, -ENOMEM, "cannot list the disks");
    return r;
}
