/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/last_boot.h"

#include "base/fd.h"
#include "base/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <utmp.h>

#define WTMP_MAX ((size_t)16 << 20)

/* The host's struct reads the patient's file: the layout is one for x86 of both widths, and another
 * (with 64-bit times) on aarch64 (glibc, bits/wordsize.h). A patient of another architecture gets
 * its time from what else a boot leaves behind. */
time_t last_boot_from_wtmp(const void *data, size_t size)
{
    time_t last = 0;

    for (size_t at = 0; at + sizeof(struct utmp) <= size; at += sizeof(struct utmp)) {
        struct utmp record;

        memcpy(&record, (const char *)data + at, sizeof record);
        if (record.ut_type == BOOT_TIME && record.ut_tv.tv_sec > last)
            last = record.ut_tv.tv_sec;
    }
    return last;
}

static time_t from_wtmp(int root_fd)
{
    _cleanup_free_ char *data = NULL;
    size_t size;

    if (path_read(root_fd, "/var/log/wtmp", WTMP_MAX, &data, &size) < 0)
        return 0;
    return last_boot_from_wtmp(data, size);
}

static time_t changed(int root_fd, const char *path)
{
    struct stat st;

    return path_stat(root_fd, path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_mtime : 0;
}

/* journald writes to it as long as the system runs. */
static time_t from_journal(int root_fd)
{
    int fd = path_open(root_fd, "/var/log/journal", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    time_t last = 0;

    if (!dir) {
        fd_close(fd);
        return 0;
    }
    for (unsigned seen = 0; seen < 64 && (entry = readdir(dir)); seen++) {
        char path[300];
        time_t t;

        snprintf(path, sizeof path, "/%s/system.journal", entry->d_name);
        t = changed(fd, path);
        last = t > last ? t : last;
    }
    closedir(dir);
    return last;
}

time_t last_boot_inspect(int root_fd)
{
    const time_t times[] = {from_wtmp(root_fd), from_journal(root_fd),
                            changed(root_fd, "/var/lib/systemd/random-seed")};
    time_t last = 0;

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        last = times[i] > last ? times[i] : last;
    return last;
}
