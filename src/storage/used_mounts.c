/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/used.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"
#include "storage/swaps.h"
#include "storage/in_use.h"
#include "storage/sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MOUNTINFO_MAX ((size_t)16 << 20)

/* More mount namespaces than this are on no host that we know of: those beyond are not looked at
 * twice as well, only again. */
#define NAMESPACES_MAX 4096

struct mount_entry {
    dev_t devno;
    char *root; /* what of the file system is seen there */
    char *mount_point;
    char *source;
};

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool parse_line(char *line, struct mount_entry *ret)
{
    char *fields[6], *rest = line;

    for (int i = 0; i < 6; i++) {
        fields[i] = strsep(&rest, " ");
        if (!fields[i] || !rest)
            return false;
    }
    /* Optional fields, up to a single hyphen; then type and source. */
    if (strncmp(rest, "- ", 2) != 0)
        rest = strstr(rest, " - ");
    if (!rest || sysfs_parse_devno(fields[2], &ret->devno) < 0)
        return false;
    rest += strspn(rest, " -");
    (void)strsep(&rest, " ");
    ret->source = rest ? strsep(&rest, " ") : NULL;
    ret->root = fields[3];
    ret->mount_point = fields[4];
    text_decode_octal(ret->root);
    text_decode_octal(ret->mount_point);
    if (ret->source)
        text_decode_octal(ret->source);
    return true;
}

/* The block device, or 0. btrfs shows an anonymous device number: there the source names it. */
static dev_t device_of(const struct mount_entry *m)
{
    struct stat st;

    if (major(m->devno) != 0)
        return m->devno;
    return m->source && m->source[0] == '/' && host_stat(m->source, &st) == 0 && S_ISBLK(st.st_mode)
               ? st.st_rdev
               : 0;
}

static bool is_of_target(const struct mount_entry *m, const struct used_target *t)
{
    return used_has_device(t, m->devno) || used_has_device(t, device_of(m));
}

/* Each mount of the target in one mount table, until @look returns something but 0. */
static int for_each_mount(const char *path, const struct used_target *t, in_use_look *look,
                          void *userdata)
{
    _cleanup_free_ char *data = NULL;
    char *rest, *line;

    if (host_read(path, MOUNTINFO_MAX, &data, NULL) < 0)
        return 0; /* the process has gone */
    rest = data;
    while ((line = strsep(&rest, "\n"))) {
        struct mount_entry m;
        int r =
            parse_line(line, &m) && is_of_target(&m, t) ? look(userdata, m.mount_point, m.root) : 0;

        if (r)
            return r;
    }
    return 0;
}

struct place {
    char *path;
    size_t size;
};

static int take_first(void *userdata, const char *path, const char *root)
{
    struct place *p = userdata;

    (void)root;
    snprintf(p->path, p->size, "%s", path);
    return 1;
}

/* The first mount of the target in one mount table. */
static int find_in(const char *path, const struct used_target *t, char *ret, size_t size)
{
    struct place p = {.path = ret, .size = size};

    return for_each_mount(path, t, take_first, &p);
}

/* The number of a process's mount namespace, from the link's text, "mnt:[4026531841]". */
static bool mount_namespace(const char *pid, ino_t *ret)
{
    char path[64], text[64];

    snprintf(path, sizeof path, "/proc/%.32s/ns/mnt", pid);
    if (host_readlink(path, text, sizeof text) < 0 || !text_starts_with(text, "mnt:["))
        return false;
    *ret = strtoul(text + 5, NULL, 10);
    return true;
}

static bool seen_before(ino_t *seen, unsigned *count, ino_t ino)
{
    for (unsigned i = 0; i < *count; i++)
        if (seen[i] == ino)
            return true;
    if (*count < NAMESPACES_MAX)
        seen[(*count)++] = ino;
    return false;
}

/* A mount namespace of ours would show our own mounts: a target is looked at before any is made. */
int used_by_mount(const struct used_target *t, char *ret, size_t size)
{
    static ino_t seen[NAMESPACES_MAX];
    char path[300], where[4096];
    struct dirent *entry;
    unsigned count = 0;
    ino_t ns;
    DIR *dir;
    int found;

    if (t->is_file)
        return 0;
    found = find_in("/proc/self/mountinfo", t, where, sizeof where);
    if (found) {
        snprintf(ret, size, "mounted on %s", text_safe(where));
        return strcmp(where, "/") == 0 ? USED_BY_HOST_ROOT : 1;
    }
    if (mount_namespace("self", &ns))
        (void)seen_before(seen, &count, ns);
    dir = host_opendir("/proc");
    while (dir && !found && (entry = readdir(dir))) {
        if (!isdigit((unsigned char)entry->d_name[0]) || !mount_namespace(entry->d_name, &ns) ||
            seen_before(seen, &count, ns))
            continue;
        snprintf(path, sizeof path, "/proc/%.32s/mountinfo", entry->d_name);
        found = find_in(path, t, where, sizeof where);
        if (found)
            snprintf(ret, size, "mounted on %s in the mount namespace of process %.32s",
                     text_safe(where), entry->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

int in_use_mount_point(dev_t devno, char *ret_path, size_t size)
{
    const struct used_target t = {.devices = {devno}, .device_count = 1};

    return find_in("/proc/self/mountinfo", &t, ret_path, size) ? 0 : -ENOENT;
}

int in_use_mount_points(dev_t devno, in_use_look *look, void *userdata)
{
    const struct used_target t = {.devices = {devno}, .device_count = 1};

    return for_each_mount("/proc/self/mountinfo", &t, look, userdata);
}

int in_use_mounted_at(const char *path, dev_t *ret, char *ret_root, size_t size)
{
    _cleanup_free_ char *data = NULL;
    int r = host_read("/proc/self/mountinfo", MOUNTINFO_MAX, &data, NULL);
    char *rest = data, *line;

    *ret = 0;
    if (r < 0)
        return r;
    r = -ENOENT;
    while ((line = strsep(&rest, "\n"))) { /* the last one is on top */
        struct mount_entry m;

        if (!parse_line(line, &m) || strcmp(m.mount_point, path) != 0)
            continue;
        *ret = device_of(&m);
        snprintf(ret_root, size, "%s", m.root);
        r = *ret ? 0 : -ENODEV;
    }
    return r;
}

struct swap_look {
    const struct used_target *target;
    char *ret;
    size_t size;
};

static int compare_swap(void *userdata, const char *path, const struct stat *st)
{
    struct swap_look *look = userdata;
    const struct used_target *t = look->target;

    if (t->is_file ? st->st_dev != t->dev || st->st_ino != t->ino
                   : !S_ISBLK(st->st_mode) || !used_has_device(t, st->st_rdev))
        return 0;
    snprintf(look->ret, look->size, "used as swap (%s)", text_safe(path));
    return 1;
}

int used_by_swap(const struct used_target *t, char *ret, size_t size)
{
    struct swap_look look = {.target = t, .ret = ret, .size = size};

    return swaps_each(compare_swap, &look);
}
