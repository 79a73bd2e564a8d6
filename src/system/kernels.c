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

/* strverscmp(3), with "~" and "-rc" before the end of the name. */
int kernels_compare(const char *a, const char *b)
{
    while (*a && *a == *b && !(*a >= '0' && *a <= '9')) {
        a++;
        b++;
    }
    if (text_starts_with(a, "rc") || text_starts_with(a, "-rc"))
        return text_starts_with(b, "rc") || text_starts_with(b, "-rc") ? strverscmp(a, b) : -1;
    if (text_starts_with(b, "rc") || text_starts_with(b, "-rc"))
        return 1;
    if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
        char *end_a, *end_b;
        unsigned long long x = strtoull(a, &end_a, 10), y = strtoull(b, &end_b, 10);

        if (x != y)
            return x < y ? -1 : 1;
        return kernels_compare(end_a, end_b);
    }
    return strcmp(a, b);
}

static int compare_newest_first(const void *a, const void *b)
{
    return kernels_compare(((const struct kernel *)b)->release,
                           ((const struct kernel *)a)->release);
}

static struct kernel *entry_of(struct linux_system *s, const char *release, size_t length)
{
    struct kernel *k;

    if (!length || length >= sizeof k->release)
        return NULL;
    for (unsigned i = 0; i < s->kernel_count; i++)
        if (strlen(s->kernels[i].release) == length &&
            memcmp(s->kernels[i].release, release, length) == 0)
            return &s->kernels[i];
    if (s->kernel_count == SYSTEM_KERNELS_MAX)
        return NULL;
    k = &s->kernels[s->kernel_count++];
    *k = (struct kernel){0};
    memcpy(k->release, release, length);
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

static void note_file(struct linux_system *s, const char *file)
{
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
                          void (*note)(struct linux_system *s, const char *name))
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
            note(s, entry->d_name);
    closedir(dir);
}

/* Directories that hold no modules are left over by packages: only those with a dependency list
 * count (depmod(8)). */
static void note_modules(struct linux_system *s, const char *name)
{
    struct kernel *k = name[0] >= '0' && name[0] <= '9' ? entry_of(s, name, strlen(name)) : NULL;

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
