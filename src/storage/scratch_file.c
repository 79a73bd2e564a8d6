/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const scratch_dirs[] = {"/var/tmp", "/tmp", "/run"};

int scratch_file_open(void)
{
    int r = -ENOENT;

    for (size_t i = 0; i < sizeof scratch_dirs / sizeof scratch_dirs[0]; i++) {
        char path[64];
        int fd;

        snprintf(path, sizeof path, "%s/unbrick.XXXXXX", scratch_dirs[i]);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0) {
            (void)unlink(path);
            return fd;
        }
        r = -errno;
    }
    return r;
}
