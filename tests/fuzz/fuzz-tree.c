/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

/* The directories on the way to @path. */
static void make_parents(int root_fd, const char *path)
{
    char part[PATH_MAX];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdirat(root_fd, part, 0755) < 0 && errno != EEXIST)
            abort();
    }
}

static void put(int root_fd, const char *path, mode_t mode, const void *data, size_t size)
{
    int fd;

    make_parents(root_fd, path);
    fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void put_line(int root_fd, const char *line)
{
    const char *arrow = strstr(line, " -> "), *star = strstr(line, " * ");
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%.*s",
             (int)(arrow  ? (size_t)(arrow - line)
                   : star ? (size_t)(star - line)
                          : strlen(line)),
             line);
    if (arrow) {
        make_parents(root_fd, path);
        if (symlinkat(arrow + 4, root_fd, path) < 0)
            abort();
    } else if (star) {
        put(root_fd, path, (mode_t)strtoul(star + 3, NULL, 8), "#\n", 2);
    } else {
        make_parents(root_fd, path);
    }
}

int fuzz_tree_make(fuzz_tree_base *base)
{
    int fd;

    snprintf(directory, sizeof directory, "%s/unbrick-fuzz.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(directory))
        abort();
    fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        abort();
    for (; *base; base++)
        put_line(fd, *base);
    return fd;
}

static void remove_below(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir)
        abort();
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) < 0)
            remove_below(fd, entry->d_name);
    }
    closedir(dir);
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

void fuzz_tree_remove(int root_fd)
{
    close(root_fd);
    remove_below(AT_FDCWD, directory);
}

void fuzz_tree_fill(int root_fd, const char *const *paths, size_t path_count, const uint8_t *data,
                    size_t size)
{
    const uint8_t *end = data + size;

    while (data < end) {
        const uint8_t *piece = memchr(data, 0xff, (size_t)(end - data));

        piece = piece ? piece : end;
        if (piece > data)
            put(root_fd, paths[*data % path_count], 0644, data + 1, (size_t)(piece - data - 1));
        data = piece + 1;
    }
}
