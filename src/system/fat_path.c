/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/fat_path.h"

#include "base/path.h"
#include "system/directory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The name in @directory that is @name but for its case, behind what @ret has already. */
static int add_name(int root_fd, const char *name, size_t length, char *ret, size_t size)
{
    _cleanup_directory_ struct directory d = {0};
    size_t used = strlen(ret);
    int r = directory_list(root_fd, used ? ret : "/", "", &d);

    if (r < 0)
        return r == -ENOENT || r == -ENOTDIR ? 0 : r;
    for (unsigned i = 0; i < d.count; i++)
        if (strlen(d.names[i]) == length && strncasecmp(d.names[i], name, length) == 0)
            return (size_t)snprintf(ret + used, size - used, "%s%s", used ? "/" : "", d.names[i]) <
                           size - used
                       ? 1
                       : -ENAMETOOLONG;
    return 0;
}

int fat_path_find(int root_fd, const char *path, char *ret, size_t size)
{
    int r = path_exists(root_fd, path);

    if (r != 0)
        return r < 0 || (size_t)snprintf(ret, size, "%s", path) < size ? r : -ENAMETOOLONG;
    ret[0] = '\0';
    for (size_t length; *path; path += length) {
        path += strspn(path, "/");
        length = strcspn(path, "/");
        r = length ? add_name(root_fd, path, length, ret, size) : 1;
        if (r <= 0)
            return r;
    }
    return ret[0] != '\0';
}
