/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/examination.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_units.h"
#include "faults/facts_user.h"
#include "faults/facts_boot.h"
#include "storage/device_name.h"
#include "storage/in_use.h"
#include "storage/mount.h"
#include "storage/resolve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int examination_open(struct examination *x, struct error *e)
{
    x->fstab_error =
        path_read(x->root_fd, "/etc/fstab", PATH_CONFIG_MAX, &x->fstab_text, &x->fstab_size);
    if (x->fstab_error == 0)
        return fstab_parse(x->fstab_text, x->fstab_size, &x->fstab, e);
    return 0;
}

void examination_close(struct examination *x)
{
    fstab_free(&x->fstab);
    free(x->fstab_text);
    x->fstab_text = NULL;
    facts_user_free(x->user);
    x->user = NULL;
    facts_units_free(x->units);
    x->units = NULL;
    facts_boot_free(x->boot);
    x->boot = NULL;
    free(x->history);
    x->history = NULL;
}

const struct volume *examination_volume_of(const struct examination *x, dev_t devno)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
            const struct volume *first = &x->disks[i]->volumes[j];

            if (first->taken && strcmp(first->fs.type, "btrfs") == 0)
                continue; /* one of the first's members */
            for (const struct volume *v = first; v; v = v->next_member)
                if (v->devno == devno)
                    return first;
        }
    return NULL;
}

/* The running host: what udev has made of the name, on whichever disk that is. Without udev what is
 * on its own disks counts, if it has no others. */
static enum examination_device device_of_host(const struct examination *x, const char *name,
                                              const struct volume **ret, char *why, size_t size)
{
    static const char *const directories[] = {
        [DEVICE_UUID] = "/dev/disk/by-uuid",
        [DEVICE_LABEL] = "/dev/disk/by-label",
        [DEVICE_PARTUUID] = "/dev/disk/by-partuuid",
        [DEVICE_PARTLABEL] = "/dev/disk/by-partlabel",
    };
    char value[512], path[640];
    enum device_tag tag;
    struct stat st;

    if (device_name_split(name, &tag, value, sizeof value) < 0 || tag == DEVICE_NONE)
        return DEVICE_UNKNOWN;
    if (tag != DEVICE_PATH && stat(directories[tag], &st) < 0) {
        unsigned matches;
        const struct volume *v;

        if (x->disk_count == 0)
            return DEVICE_UNKNOWN;
        v = resolve_device(name, x->disks, x->disk_count, x->root_disk, &matches, why, size);
        if (ret)
            *ret = v;
        return v               ? DEVICE_FOUND
               : matches > 1   ? DEVICE_AMBIGUOUS
               : x->incomplete ? DEVICE_UNKNOWN
                               : DEVICE_MISSING;
    }
    snprintf(path, sizeof path, "%s%s%s", tag == DEVICE_PATH ? "" : directories[tag],
             tag == DEVICE_PATH ? "" : "/", value);
    if (stat(path, &st) == 0) {
        if (ret && S_ISBLK(st.st_mode))
            *ret = examination_volume_of(x, st.st_rdev);
        return DEVICE_FOUND;
    }
    snprintf(why, size, "there is no %s", text_safe(path));
    return DEVICE_MISSING;
}

/* Names that only the machine itself can resolve: they come from its hardware, from its order of
 * discovery, or from a driver that makes devices of its own. An image has none of that, so nothing
 * is missing. */
static const char *const of_the_machine[] = {
    "/dev/disk/by-id/",    /* models and serial numbers; cloud images name their disks so */
    "/dev/disk/by-path/",  /* slots */
    "/dev/disk/by-dname/", /* MAAS */
    "/dev/disk/by-diskseq/",
    "/dev/disk/by-partsets/",
    "/dev/disk/by-designator/",
    "/dev/disk/azure/",
    "/dev/disk/cloud/",
    "/dev/oracleoci/",
    "/dev/mapper/mpath", /* multipath's own names */
    "/dev/dm-",
    "/dev/loop",
    "/dev/nbd",
    "/dev/rbd",
    "/dev/drbd",
    "/dev/bcache",
    "/dev/zvol/",
    "/dev/zd",
    "/dev/sr",
    "/dev/cdrom",
    "/dev/dvd",
    "/dev/fd",
    "/dev/zram",
    "/dev/ram",
    "/dev/pmem",
    "/dev/mtd",
    "/dev/ubi",
    "/dev/dasd", /* by channel address */
    "/dev/nfs",  /* a root on the network */
    "/dev/root", /* whatever the kernel has mounted */
};

static bool is_of_the_machine(const char *name)
{
    for (size_t i = 0; i < sizeof of_the_machine / sizeof of_the_machine[0]; i++)
        if (text_starts_with(name, of_the_machine[i]))
            return true;
    return false;
}

/* A partition of a loop or nbd device, also as kpartx(8) names it: no machine boots with such a
 * name; tools that were run on another host, where the disk was an image, leave it behind. */
static bool is_of_a_rescue_host(const char *name)
{
    static const char *const prefixes[] = {"/dev/loop", "/dev/mapper/loop", "/dev/nbd",
                                           "/dev/mapper/nbd"};
    int end = 0;

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (text_starts_with(name, prefixes[i]) &&
            sscanf(name + strlen(prefixes[i]), "%*3[0-9]p%*3[0-9]%n", &end) == 0 && end > 0 &&
            name[strlen(prefixes[i]) + (size_t)end] == '\0')
            return true;
    return false;
}

bool examination_names_device(const char *name)
{
    enum device_tag tag;
    char value[512];

    return text_starts_with(name, "/dev/") ||
           (device_name_split(name, &tag, value, sizeof value) == 0 && tag != DEVICE_NONE);
}

enum examination_device examination_device(const struct examination *x, const char *name,
                                           const struct volume **ret, char *why, size_t size)
{
    const struct volume *v;
    unsigned matches;

    if (ret)
        *ret = NULL;
    why[0] = '\0';
    if (x->running)
        return device_of_host(x, name, ret, why, size);
    if (is_of_a_rescue_host(name)) {
        snprintf(why, size, "only a host that has the disk as an image has that name");
        return DEVICE_MISSING;
    }
    if (x->disk_count == 0 || is_of_the_machine(name))
        return DEVICE_UNKNOWN;
    v = resolve_device(name, x->disks, x->disk_count, x->root_disk, &matches, why, size);
    if (ret)
        *ret = v;
    if (v)
        return DEVICE_FOUND;
    return matches > 1 ? DEVICE_AMBIGUOUS : x->incomplete ? DEVICE_UNKNOWN : DEVICE_MISSING;
}

int examination_mount(const struct examination *x, const struct volume *v, const char *options)
{
    for (const struct volume *member = v; x->running && member; member = member->next_member)
        if (in_use_check_device(member->devno, member->node, NULL) < 0)
            return -EBUSY;
    return mount_volume(v, MOUNT_NO_REPLAY, options, NULL, 0, NULL);
}

bool examination_mounts(const struct examination *x, const struct volume *v)
{
    for (unsigned i = 0; i < x->filesystem_count; i++)
        if (x->filesystems[i].volume == v)
            return true;
    return false;
}

const struct volume *examination_volume_at(const struct examination *x, const char *target)
{
    return x->volume_at ? x->volume_at(x->userdata, target) : NULL;
}

/* Is @path @directory or below it? */
static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}

/* A directory was named: what the system mounts somewhere is there when there is anything. */
static bool is_filled(int root_fd, const char *path)
{
    int fd = path_open(root_fd, path, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool found = false;

    if (!dir) {
        fd_close(fd);
        return false;
    }
    while (!found && (entry = readdir(dir)))
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                strcmp(entry->d_name, "lost+found") != 0;
    closedir(dir);
    return found;
}

bool examination_sees(const struct examination *x, const char *path)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];

        if (entry->class == FSTAB_MALFORMED || entry->class == FSTAB_ROOT ||
            entry->target[0] != '/' || !is_below(path, entry->target))
            continue;
        if (x->is_mounted ? !x->is_mounted(x->userdata, entry->target)
                          : !is_filled(x->root_fd, entry->target))
            return false;
    }
    return true;
}

/* A line as a person wants to see it: what indents it is left out, and tabs are blanks. */
static const char *shown(const char *line, size_t size)
{
    char copy[1024];
    size_t used = 0;

    while (size > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        size--;
    }
    for (; used < size && used < sizeof copy; used++)
        copy[used] = line[used] == '\t' ? ' ' : line[used];
    return text_safe_bytes(copy, used);
}

const char *examination_line(const char *data, size_t size, unsigned number)
{
    const char *end = data + size, *newline;

    for (; data < end; data = newline + 1) {
        newline = memchr(data, '\n', (size_t)(end - data));
        if (--number == 0)
            return shown(data, (size_t)((newline ? newline : end) - data));
        if (!newline)
            break;
    }
    return "";
}

void finding_line(struct finding *f, const char *data, size_t size, unsigned number)
{
    if (f)
        finding_evidence(f, "%s", examination_line(data, size, number));
}
