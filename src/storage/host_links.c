/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/host_links.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const directories[] = {"disk/by-id", "disk/by-path"};

void host_links_read(struct host_links *ret)
{
    ret->count = 0;
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        const struct dirent *entry;
        char path[64];
        struct stat st;
        DIR *d;

        snprintf(path, sizeof path, "/dev/%s", directories[i]);
        d = opendir(path);
        while (d && ret->count < HOST_LINKS_MAX && (entry = readdir(d))) {
            if (entry->d_type != DT_LNK || strncmp(entry->d_name, "dm-", 3) == 0 ||
                fstatat(dirfd(d), entry->d_name, &st, 0) < 0 || !S_ISBLK(st.st_mode))
                continue;
            ret->link[ret->count].devno = st.st_rdev;
            snprintf(ret->link[ret->count++].name, sizeof ret->link->name, "%s/%s", directories[i],
                     entry->d_name);
        }
        if (d)
            closedir(d);
    }
}
