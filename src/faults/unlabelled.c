/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/unlabelled.h"

#include "base/fd.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* What an administrator, a package or an initramfs generator writes to. */
static const char *const directories[] = {"/etc",           "/boot",           "/root",
                                          "/usr/local/bin", "/usr/local/sbin", "/usr/bin",
                                          "/usr/sbin",      "/usr/lib/systemd"};

/* A hostile tree has any number, and any depth. */
#define ENTRIES_MAX 50000
#define DEPTH_MAX   8

#define NAMES_MAX 8

struct walk {
    int root_fd;
    dev_t device; /* of where it began: what is mounted below is looked at for itself, or not */
    unsigned entries, found;
    bool unknown; /* a file system without labels: vfat */
    struct text *names;
};

static void look_at(struct walk *w, int directory, const char *path, const char *name)
{
    char link[64 + NAME_MAX], label[256];

    snprintf(link, sizeof link, "/proc/self/fd/%d/%s", directory, name);
    if (lgetxattr(link, "security.selinux", label, sizeof label) > 0 || errno == ERANGE)
        return;
    if (errno != ENODATA) {
        w->unknown = w->unknown || errno == EOPNOTSUPP;
        return;
    }
    if (w->found++ < NAMES_MAX)
        (void)text_appendf(w->names, "%s%s/%s: no label", w->names->size ? "\n" : "",
                           text_safe(path), text_safe(name));
}

static void walk_directory(struct walk *w, const char *path, unsigned depth)
{
    int fd = path_open(w->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    struct stat st;

    if (!dir) {
        fd_close(fd);
        return;
    }
    while (!w->unknown && w->entries < ENTRIES_MAX && (entry = readdir(dir))) {
        char below[PATH_MAX];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            st.st_dev != w->device || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
            continue;
        w->entries++;
        look_at(w, dirfd(dir), path, entry->d_name);
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX &&
            (size_t)snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < sizeof below)
            walk_directory(w, below, depth + 1);
    }
    closedir(dir);
}

unsigned unlabelled_find(int root_fd, struct text *ret)
{
    struct walk w = {.root_fd = root_fd, .names = ret};
    struct stat st;

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        if (path_stat(root_fd, directories[i], &st) < 0)
            continue;
        w.device = st.st_dev;
        w.unknown = false;
        walk_directory(&w, directories[i], 0);
    }
    if (w.found > NAMES_MAX)
        (void)text_appendf(ret, "\nand %u more", w.found - NAMES_MAX);
    return w.found;
}
