/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/directory.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void directory_free(struct directory *d)
{
    for (unsigned i = 0; i < d->count; i++)
        free(d->names[i]);
    free(d->names);
    *d = (struct directory){0};
}

static int add(struct directory *d, const char *name)
{
    char **grown = reallocarray(d->names, d->count + 1, sizeof *grown);

    if (!grown)
        return -ENOMEM;
    d->names = grown;
    grown[d->count] = strdup(name);
    if (!grown[d->count])
        return -ENOMEM;
    d->count++;
    return 0;
}

int directory_list(int root_fd, const char *path, const char *suffix, struct directory *ret)
{
    int fd = path_open(root_fd, path, O_RDONLY | O_DIRECTORY), r = 0;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    *ret = (struct directory){0};
    if (!dir) {
        fd_close(fd);
        return fd < 0 ? fd : -ENOMEM;
    }
    for (unsigned seen = 0; r == 0 && seen < DIRECTORY_NAMES_MAX && (entry = readdir(dir)); seen++)
        if (entry->d_name[0] != '.' && text_ends_with(entry->d_name, suffix))
            r = add(ret, entry->d_name);
    closedir(dir);
    if (r < 0)
        directory_free(ret);
    else if (ret->count)
        qsort(ret->names, ret->count, sizeof *ret->names, compare);
    return r;
}

const char *directory_join(const char *directory, const char *name)
{
    static char ring[8][PATH_MAX];
    static unsigned turn;
    char *out = ring[turn++ % 8];

    if ((size_t)snprintf(out, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
        out[0] = '\0';
    return out;
}
