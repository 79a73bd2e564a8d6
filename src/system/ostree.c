/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/ostree.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Entries of one directory that are looked at. */
#define LISTING_MAX 256

#define CHECKSUM 64 /* SHA-256 in hexadecimal digits */

struct search {
    int root_fd;
    struct ostree_deployment *found;
    unsigned count, max;
    const char *os;
};

static void for_each(struct search *s, const char *directory,
                     void (*look)(struct search *s, const char *directory, const char *name))
{
    int fd = path_open(s->root_fd, directory, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!dir) {
        fd_close(fd);
        return;
    }
    for (unsigned seen = 0; seen < LISTING_MAX && (entry = readdir(dir)); seen++)
        if (entry->d_name[0] != '.')
            look(s, directory, entry->d_name);
    closedir(dir);
}

bool ostree_parse_name(const char *name, struct ostree_deployment *d)
{
    size_t digits;
    unsigned serial = 0;

    if (strspn(name, "0123456789abcdef") != CHECKSUM || name[CHECKSUM] != '.')
        return false;
    digits = strspn(name + CHECKSUM + 1, "0123456789");
    if (digits == 0 || digits > 4 || name[CHECKSUM + 1 + digits] ||
        (digits > 1 && name[CHECKSUM + 1] == '0'))
        return false;
    for (size_t i = 0; i < digits; i++)
        serial = 10 * serial + (unsigned)(name[CHECKSUM + 1 + i] - '0');
    snprintf(d->checksum, sizeof d->checksum, "%.64s", name);
    d->serial = serial;
    return true;
}

static void look_at_deployment(struct search *s, const char *directory, const char *name)
{
    struct ostree_deployment d = {.serial = 0};
    _cleanup_fd_ int fd = -1;
    struct stat st;
    char origin[300];

    if (s->count == s->max || !ostree_parse_name(name, &d) ||
        (size_t)snprintf(d.path, sizeof d.path, "%s/%s", directory, name) >= sizeof d.path)
        return;
    fd = path_open_strict(s->root_fd, d.path, O_DIRECTORY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return;
    snprintf(d.os, sizeof d.os, "%s", s->os);
    d.dev = st.st_dev;
    d.ino = st.st_ino;
    /* All times in it are 0; what it came from is written down beside it when it is deployed. */
    snprintf(origin, sizeof origin, "%s.origin", d.path);
    if (path_stat(s->root_fd, origin, &st) == 0)
        d.deployed = st.st_mtime;
    s->found[s->count++] = d;
}

static void look_at_os(struct search *s, const char *directory, const char *name)
{
    char path[200];

    if (strlen(name) >= sizeof s->found[0].os)
        return;
    snprintf(path, sizeof path, "%s/%s/deploy", directory, name);
    s->os = name;
    for_each(s, path, look_at_deployment);
}

static int newest_first(const void *a, const void *b)
{
    const struct ostree_deployment *x = a, *y = b;

    if (x->deployed != y->deployed)
        return x->deployed < y->deployed ? 1 : -1;
    return strcmp(y->path, x->path);
}

unsigned ostree_find(int root_fd, struct ostree_deployment *ret, unsigned max)
{
    struct search s = {.root_fd = root_fd, .found = ret, .max = max};

    for_each(&s, "ostree/deploy", look_at_os);
    qsort(ret, s.count, sizeof *ret, newest_first);
    return s.count;
}

char *ostree_name(const struct ostree_deployment *d, char *buf, size_t size)
{
    snprintf(buf, size, "%s/%.10s.%u", d->os, d->checksum, d->serial);
    return buf;
}

/* "/ostree/boot.1/fedora/BOOTCHECKSUM/0" is a link to it. */
int ostree_resolve(int root_fd, const struct ostree_deployment *deployments, unsigned count,
                   const char *argument)
{
    struct stat st;

    if (!text_starts_with(argument, "/ostree/") || path_stat(root_fd, argument, &st) < 0)
        return -1;
    for (unsigned i = 0; i < count; i++)
        if (deployments[i].dev == st.st_dev && deployments[i].ino == st.st_ino)
            return (int)i;
    return -1;
}
