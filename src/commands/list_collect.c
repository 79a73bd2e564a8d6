/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fd.h"
#include "base/text.h"
#include "commands/list.h"
#include "storage/in_use.h"
#include "storage/inventory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* For a loop device to go, and then the layer below it. */
#define LAYER_WAIT_MS 3000

void list_free(struct list *l)
{
    for (unsigned i = 0; i < l->count; i++) {
        free(l->disks[i].found);
        if (l->disks[i].disk)
            (void)disk_close(l->disks[i].disk, l->disks[i].disk->layer.open ? LAYER_WAIT_MS : 0,
                             NULL);
        free(l->disks[i].disk);
    }
    free(l->disks);
    undo_guard_end(&l->guard);
    *l = (struct list){0};
}

/* Asked before anything of ours is attached to it. */
static void find_use(struct list_disk *d)
{
    struct stat st;
    _cleanup_fd_ int fd = -1;

    if (stat(d->target, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
        return;
    fd = open(d->target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || in_use_by(fd, d->use, sizeof d->use) <= 0)
        d->use[0] = '\0';
}

static int look_at(struct list *l, struct list_disk *d)
{
    const struct disk_request request = {
        .access = DISK_READ, .record = undo_guard_record, .userdata = &l->guard};
    struct error e = {0};
    int r;

    d->disk = calloc(1, sizeof *d->disk);
    d->found = calloc(1, sizeof *d->found);
    if (!d->disk || !d->found)
        return -ENOMEM;
    find_use(d);
    r = disk_open_for_list(d->disk, d->target, &request, &e);
    if (r < 0) {
        /* "/dev/vda is in use: mounted on /" when the host forbids to open it. */
        snprintf(d->problem, sizeof d->problem, "%.500s", e.text);
        free(d->disk);
        d->disk = NULL;
        return 0;
    }
    candidates_find(&d->disk, 1, d->found);
    return 0;
}

/* A target may be a copy of a disk that is attached but not asked about. */
static void compare_with_host(struct list_disk *d, const struct list *l)
{
    static char paths[INVENTORY_MAX][128];
    const struct disk_request request = {.access = DISK_READ};
    int count = inventory_disks(paths, NULL);
    char what[200];

    for (unsigned i = 0; i < l->count && !d->clone[0]; i++)
        if (&l->disks[i] != d && l->disks[i].disk &&
            inventory_is_twin(d->disk, l->disks[i].disk, what, sizeof what))
            snprintf(d->clone, sizeof d->clone, "clone of %s (same %s)",
                     text_safe(l->disks[i].target), what);
    for (int i = 0; i < count && !d->clone[0]; i++) {
        struct disk *other = NULL;

        if (disk_is(d->disk, paths[i]))
            continue;
        other = calloc(1, sizeof *other);
        if (other && disk_open_for_list(other, paths[i], &request, NULL) == 0) {
            if (inventory_is_twin(d->disk, other, what, sizeof what))
                snprintf(d->clone, sizeof d->clone, "clone of %.127s (same %s)", paths[i], what);
            (void)disk_close(other, 0, NULL);
        }
        free(other);
    }
}

int list_collect(struct list *ret, char *const *targets, unsigned target_count, struct error *e)
{
    static char paths[INVENTORY_MAX][128];
    int count = (int)target_count;

    *ret = (struct list){0};
    if (!target_count)
        count = inventory_disks(paths, e);
    if (count < 0)
        return count;
    ret->disks = calloc((size_t)count + 1, sizeof *ret->disks);
    if (!ret->disks)
        return error_errno(e, -ENOMEM, "cannot list the disks");
    for (int i = 0; i < count; i++) {
        struct list_disk *d = &ret->disks[ret->count++];

        snprintf(d->target, sizeof d->target, "%.4095s", target_count ? targets[i] : paths[i]);
        if (look_at(ret, d) < 0)
            return error_errno(e, -ENOMEM, "cannot list the disks");
    }
    for (unsigned i = 0; i < ret->count; i++)
        if (ret->disks[i].disk)
            compare_with_host(&ret->disks[i], ret);
    return 0;
}

const char *list_mount_point(const struct volume *v, char *buf, size_t size)
{
    return in_use_mount_point(v->devno, buf, size) == 0 ? buf : NULL;
}

/* Types that are no file system and have a word of their own. */
static const struct {
    const char *type, *state;
} types[] = {
    {"swap", "swap"},
    {"swsuspend", "hibernated"},
    {"crypto_LUKS", "encrypted"},
    {"BitLocker", "encrypted"},
    {"LVM2_member", "LVM member"},
    {"LVM1_member", "LVM member"},
    {"linux_raid_member", "RAID member"},
    {"isw_raid_member", "RAID member"},
    {"ddf_raid_member", "RAID member"},
    {"zfs_member", "ZFS member"},
    {"bcache", "bcache"},
    {"mpath_member", "multipath member"},
};

const char *list_volume_state(const struct list_disk *d, const struct volume *v)
{
    char mount_point[4096];

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(v->fs.type, types[i].type) == 0)
            return types[i].state;
    if (v->unreadable)
        return "unreadable";
    if (v->fs.ambiguous)
        return "ambiguous";
    if (!v->fs.type[0])
        return "unknown";
    if (list_mount_point(v, mount_point, sizeof mount_point))
        return "mounted";
    for (unsigned i = 0; i < d->found->unreadable_count; i++)
        if (d->found->unreadable[i] == v)
            return "unreadable";
    if (v->fs.has_errors)
        return "errors";
    return v->fs.dirty ? "needs replay" : "clean";
}
