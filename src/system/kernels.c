/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/kernels.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTING_MAX 4096

/* "-rc6" of the kernel's own names, "~rc6" of packages. */
static bool is_candidate(const char *s)
{
    return text_starts_with(s, "rc") || text_starts_with(s, "-rc") || *s == '~';
}

/* strverscmp(3), with a release candidate before its release. */
int kernels_compare(const char *a, const char *b)
{
    while (*a && *a == *b && !(*a >= '0' && *a <= '9')) {
        a++;
        b++;
    }
    if (is_candidate(a) != is_candidate(b))
        return is_candidate(a) ? -1 : 1;
    if (is_candidate(a))
        return strverscmp(a, b);
    if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
        char *end_a, *end_b;
        unsigned long long x = strtoull(a, &end_a, 10), y = strtoull(b, &end_b, 10);

        if (x != y)
            return x < y ? -1 : 1;
        return kernels_compare(end_a, end_b);
    }
    return strcmp(a, b);
}

bool kernels_version(const char *release, unsigned *ret_major, unsigned *ret_minor)
{
    char *end;
    unsigned long major = strtoul(release, &end, 10), minor;

    if (end == release || *end != '.')
        return false;
    release = end + 1;
    minor = strtoul(release, &end, 10);
    if (end == release || major > 1000 || minor > 1000)
        return false;
    *ret_major = (unsigned)major;
    *ret_minor = (unsigned)minor;
    return true;
}

static int compare_newest_first(const void *a, const void *b)
{
    return kernels_compare(((const struct kernel *)b)->release,
                           ((const struct kernel *)a)->release);
}

static struct kernel *find_oldest(struct linux_system *s)
{
    struct kernel *oldest = &s->kernels[0];

    for (unsigned i = 1; i < s->kernel_count; i++)
        if (kernels_compare(s->kernels[i].release, oldest->release) < 0)
            oldest = &s->kernels[i];
    return oldest;
}

/* When there are too many the newest stay: the one in place of which another came is older than
 * all that are left, so that it cannot come back with half of its parts. */
static struct kernel *entry_of(struct linux_system *s, const char *release, size_t length)
{
    struct kernel wanted = {0}, *k;

    if (!length || length >= sizeof wanted.release)
        return NULL;
    memcpy(wanted.release, release, length);
    for (unsigned i = 0; i < s->kernel_count; i++)
        if (strcmp(s->kernels[i].release, wanted.release) == 0)
            return &s->kernels[i];
    if (s->kernel_count < SYSTEM_KERNELS_MAX) {
        k = &s->kernels[s->kernel_count++];
    } else {
        k = find_oldest(s);
        if (kernels_compare(k->release, wanted.release) >= 0)
            return NULL;
    }
    *k = wanted;
    return k;
}

enum part { PART_IMAGE, PART_INITRAMFS };

/* Names of distributions: /boot/vmlinuz-6.1.0-28-amd64, initrd.img-..., initramfs-....img. */
static const struct {
    const char *prefix, *suffix;
    enum part part;
} names[] = {
    {"vmlinuz-", "", PART_IMAGE},        {"vmlinux-", "", PART_IMAGE},
    {"kernel-", "", PART_IMAGE},         {"Image-", "", PART_IMAGE},
    {"initrd.img-", "", PART_INITRAMFS}, {"initramfs-", ".img", PART_INITRAMFS},
    {"initrd-", "", PART_INITRAMFS},
};

static void note_file(int dir_fd, struct linux_system *s, const char *file)
{
    (void)dir_fd;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t prefix = strlen(names[i].prefix), suffix = strlen(names[i].suffix);
        struct kernel *k;

        if (!text_starts_with(file, names[i].prefix) || !text_ends_with(file, names[i].suffix) ||
            strlen(file) <= prefix + suffix || strstr(file, "rescue") || strstr(file, "kdump") ||
            text_ends_with(file, ".old") || text_ends_with(file, ".bak") ||
            text_ends_with(file, "-fallback.img"))
            continue;
        k = entry_of(s, file + prefix, strlen(file) - prefix - suffix);
        if (k && names[i].part == PART_IMAGE)
            k->has_image = true;
        else if (k)
            k->has_initramfs = true;
        return;
    }
}

static void for_each_name(int root_fd, const char *directory, struct linux_system *s,
                          void (*note)(int dir_fd, struct linux_system *s, const char *name))
{
    int fd = path_open(root_fd, directory, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!dir) {
        fd_close(fd);
        return;
    }
    for (unsigned seen = 0; seen < LISTING_MAX && (entry = readdir(dir)); seen++)
        if (entry->d_name[0] != '.')
            note(fd, s, entry->d_name);
    closedir(dir);
}

/* Directories that hold no modules are left over by packages: only those with a dependency list
 * (depmod(8)) or the kernel's own modules count. */
static void note_modules(int dir_fd, struct linux_system *s, const char *name)
{
    static const char *const marks[] = {"modules.dep", "kernel"};
    bool found = false;
    struct kernel *k;
    char path[300];

    for (size_t i = 0; !found && i < sizeof marks / sizeof marks[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", name, marks[i]);
        found = path_exists(dir_fd, path) == 1;
    }
    k = found ? entry_of(s, name, strlen(name)) : NULL;
    if (k)
        k->has_modules = true;
}

static void look_into_modules(int root_fd, struct linux_system *s)
{
    for (unsigned i = 0; i < s->kernel_count; i++) {
        struct kernel *k = &s->kernels[i];
        char path[256];

        if (k->has_image)
            continue;
        snprintf(path, sizeof path, "/usr/lib/modules/%s/vmlinuz", k->release);
        k->has_image = path_exists(root_fd, path) == 1;
    }
}

void kernels_inspect(int root_fd, struct linux_system *s)
{
    for_each_name(root_fd, "/boot", s, note_file);
    for_each_name(root_fd, "/usr/lib/modules", s, note_modules);
    for_each_name(root_fd, "/lib/modules", s, note_modules);
    look_into_modules(root_fd, s);
    qsort(s->kernels, s->kernel_count, sizeof s->kernels[0], compare_newest_first);
}
