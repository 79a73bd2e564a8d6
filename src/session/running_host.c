/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/running_host.h"

#include "base/fd.h"
#include "base/text.h"
#include "session/interrupt.h"
#include "storage/in_use.h"
#include "storage/inventory.h"
#include "storage/stack.h"
#include "storage/swaps.h"
#include "storage/sysfs.h"
#include "storage/whole_disks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Disks, and what stands on them. */
#define SET_MAX 512

/* Where the boot may depend on what fstab does not name: systemd-gpt-auto-generator(8), and images
 * that mount them in the initramfs. */
static const char *const usual_targets[] = {"/", "/usr", "/boot", "/boot/efi", "/efi"};

static bool is_mounted(const void *userdata, const char *target)
{
    char root[PATH_MAX];
    dev_t devno;

    (void)userdata;
    return in_use_mounted_at(target, &devno, root, sizeof root) != -ENOENT;
}

static const struct volume *volume_at(const void *userdata, const char *target)
{
    const struct running_host *h = userdata;
    char root[PATH_MAX];
    dev_t devno;

    return in_use_mounted_at(target, &devno, root, sizeof root) == 0
               ? examination_volume_of(h->examination, devno)
               : NULL;
}

static const char *read_error(const void *userdata)
{
    struct running_host *h = (struct running_host *)userdata;

    /* A snapshot that stands on them, and that overflowed, is none of the disks. */
    return read_errors_look(&h->read_errors, h->set.disks, h->disk_count) ? h->read_errors.first
                                                                          : NULL;
}

/* --- its disks --- */

static void take_mount(const char *target, struct whole_disks *w)
{
    char root[PATH_MAX];
    dev_t devno;

    if (in_use_mounted_at(target, &devno, root, sizeof root) == 0)
        whole_disks_below(devno, w);
}

static int take_swap(void *userdata, const char *path, const struct stat *st)
{
    /* Memory is no disk. */
    if (S_ISBLK(st->st_mode) && !text_starts_with(path, "/dev/zram"))
        whole_disks_below(st->st_rdev, userdata);
    return 0;
}

static void find_disks(const struct examination *x, struct whole_disks *ret)
{
    for (size_t i = 0; i < sizeof usual_targets / sizeof usual_targets[0]; i++)
        take_mount(usual_targets[i], ret);
    for (unsigned i = 0; i < x->fstab.count; i++) /* an image that is mounted is no disk */
        if (x->fstab.entries[i].class == FSTAB_MOUNT &&
            examination_names_device(x->fstab.entries[i].source))
            take_mount(x->fstab.entries[i].target, ret);
    (void)swaps_each(take_swap, ret);
}

/* One that cannot be opened is left out: what the files tell is worth telling all the same. */
static int add_disk(struct running_host *h, dev_t devno)
{
    const struct disk_request request = {.access = DISK_READ, .direct = true};
    struct error why = {0};
    char name[64], node[80];
    struct disk *d;

    if (sysfs_name(devno, name, sizeof name) < 0)
        return 0;
    d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    snprintf(node, sizeof node, "/dev/%s", name);
    if (disk_open_for_list(d, node, &request, &why) < 0) {
        snprintf(h->not_opened, sizeof h->not_opened, "%.511s", why.text);
        free(d);
        return 0;
    }
    h->set.disks[h->set.count++] = d;
    return 0;
}

/* Of others that are attached nothing is known: what is missed may be on one of them. */
static bool has_other_disks(const struct disk_set *set)
{
    static char paths[INVENTORY_MAX][128];
    int count = inventory_disks(paths, NULL);

    for (int i = 0; i < count; i++) {
        bool known = text_starts_with(paths[i], "/dev/loop"); /* no machine boots from one */

        for (unsigned j = 0; j < set->count && !known; j++)
            known = disk_is(set->disks[j], paths[i]);
        if (!known)
            return true;
    }
    return count < 0;
}

static int open_disks(struct examination *x, struct running_host *h)
{
    struct whole_disks w = {0};
    int r = 0;

    h->set.max = SET_MAX;
    h->set.direct = true;
    h->set.disks = calloc(h->set.max, sizeof(struct disk *));
    if (!h->set.disks)
        return -ENOMEM;
    find_disks(x, &w);
    for (unsigned i = 0; r == 0 && i < w.count; i++)
        r = add_disk(h, w.items[i]);
    h->disk_count = h->set.count;
    if (r == 0)
        r = stack_find_active(&h->set);
    assemble_btrfs(&h->set);
    x->incomplete = w.incomplete || h->set.count == 0 || has_other_disks(&h->set);
    return r;
}

/* --- what is mounted --- */

static void find_root(struct examination *x, struct running_host *h)
{
    char root[PATH_MAX];
    dev_t devno;

    h->examination = x;
    x->root = volume_at(h, "/");
    if (!x->root)
        return;
    if (strcmp(x->root->fs.type, "btrfs") == 0 &&
        in_use_mounted_at("/", &devno, root, sizeof root) == 0)
        snprintf(h->root_subvolume, sizeof h->root_subvolume, "%s", root + strspn(root, "/"));
    x->root_subvolume = h->root_subvolume;
    for (unsigned i = 0; i < h->set.count; i++)
        if (x->root >= h->set.disks[i]->volumes &&
            x->root < h->set.disks[i]->volumes + h->set.disks[i]->volume_count)
            x->root_disk = i;
}

/* Once each: a bind mount, or a further subvolume, is no file system of its own. */
static void add_filesystem(struct examination *x, const char *target, const struct volume *v,
                           bool nofail)
{
    static const struct check_report not_checked = {.result = CHECK_NOT_CHECKED};

    for (unsigned i = 0; i < x->filesystem_count; i++)
        if (x->filesystems[i].volume == v)
            return;
    if (v && x->filesystem_count < EXAMINED_FILESYSTEMS_MAX)
        x->filesystems[x->filesystem_count++] = (struct examined_filesystem){
            .target = target, .volume = v, .report = &not_checked, .nofail = nofail};
}

/* What their superblocks say: no more can be asked of a file system that is in use. */
static void find_filesystems(struct examination *x, const struct running_host *h)
{
    add_filesystem(x, "/", x->root, false);
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];

        if (entry->class == FSTAB_MOUNT)
            add_filesystem(x, entry->target, volume_at(h, entry->target), entry->nofail);
    }
}

int running_host_open(struct examination *ret, struct running_host *h, struct error *e)
{
    int r;

    *h = (struct running_host){.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    *ret = (struct examination){.root_fd = h->root_fd};
    read_errors_begin(&h->read_errors);
    if (h->root_fd < 0)
        return error_errno(e, -errno, "cannot open /");
    r = system_inspect(h->root_fd, &h->system, e);
    if (r < 0)
        return r;
    *ret = (struct examination){
        .root_fd = h->root_fd,
        .system = &h->system,
        .running = true,
        .interrupted = interrupt_check,
        .is_mounted = is_mounted,
        .volume_at = volume_at,
        .read_error = read_error,
        .userdata = h,
    };
    r = examination_open(ret, e);
    if (r < 0)
        return r;
    r = open_disks(ret, h);
    if (r < 0)
        return error_errno(e, r, "cannot look at the disks of this host");
    ret->disks = h->set.disks;
    ret->disk_count = h->set.count;
    ret->not_opened = h->not_opened[0] ? h->not_opened : NULL;
    find_root(ret, h);
    find_filesystems(ret, h);
    return 0;
}

void running_host_close(struct running_host *h)
{
    for (unsigned i = h->set.count; i-- > 0;) {
        (void)disk_close(h->set.disks[i], 0, NULL);
        free(h->set.disks[i]);
    }
    free(h->set.disks);
    h->set = (struct disk_set){0};
    read_errors_end(&h->read_errors);
    h->root_fd = fd_close(h->root_fd);
}
