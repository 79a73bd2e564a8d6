/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/systemd_version.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTING_MAX 4096

/* The greatest so far, 257, has 1.9 MB without debugging information. */
#define PROGRAM_MAX ((size_t)16 << 20)

static DIR *open_listing(int root_fd, const char *directory)
{
    int fd = path_open(root_fd, directory, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (!dir)
        fd_close(fd);
    return dir;
}

/* libsystemd-shared-231.so and later; Debian adds the package's version: -252.39-1~deb12u2.so. */
static unsigned version_in(int root_fd, const char *directory)
{
    static const char prefix[] = "libsystemd-shared-";
    DIR *dir = open_listing(root_fd, directory);
    struct dirent *entry;
    unsigned version = 0;

    if (!dir)
        return 0;
    for (unsigned seen = 0; !version && seen < LISTING_MAX && (entry = readdir(dir)); seen++)
        if (text_starts_with(entry->d_name, prefix))
            version = (unsigned)strtoul(entry->d_name + sizeof prefix - 1, NULL, 10);
    closedir(dir);
    return version;
}

/* Debian from 12 on has it below a directory that is named after the architecture. */
static unsigned version_by_architecture(int root_fd)
{
    DIR *dir = open_listing(root_fd, "/usr/lib");
    struct dirent *entry;
    unsigned version = 0;

    if (!dir)
        return 0;
    for (unsigned seen = 0; !version && seen < LISTING_MAX && (entry = readdir(dir)); seen++) {
        char path[300];

        if (!strstr(entry->d_name, "-linux-gnu"))
            continue;
        snprintf(path, sizeof path, "/usr/lib/%s/systemd", entry->d_name);
        version = version_in(root_fd, path);
    }
    closedir(dir);
    return version;
}

unsigned systemd_version_from_program(const void *data, size_t size)
{
    static const char name[] = "systemd ", greeting[] = " running in ";
    const char *at = data, *end = at + size;

    while ((at = memmem(at, (size_t)(end - at), name, sizeof name - 1))) {
        unsigned version = 0;
        const char *tail;

        at += sizeof name - 1;
        for (tail = at; tail < end && *tail >= '0' && *tail <= '9' && version < 10000; tail++)
            version = version * 10 + (unsigned)(*tail - '0');
        while (version && tail < end && *tail && *tail != ' ')
            tail++; /* a distribution's addition */
        if (version && (size_t)(end - tail) >= sizeof greeting - 1 &&
            memcmp(tail, greeting, sizeof greeting - 1) == 0)
            return version;
    }
    return 0;
}

unsigned systemd_version_inspect(int root_fd, int fd)
{
    static const char *const directories[] = {"/usr/lib/systemd", "/lib/systemd",
                                              "/usr/lib64/systemd", "/lib64/systemd"};
    _cleanup_free_ char *data = NULL;
    unsigned version = 0;
    size_t size;

    for (size_t i = 0; !version && i < sizeof directories / sizeof directories[0]; i++)
        version = version_in(root_fd, directories[i]);
    if (!version)
        version = version_by_architecture(root_fd);
    /* Before 231 the library did not exist. */
    if (!version && fd_read_all(fd, PROGRAM_MAX, &data, &size) == 0)
        version = systemd_version_from_program(data, size);
    return version;
}
