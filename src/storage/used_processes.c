/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/used.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* udev, blkid and their like look at a disk for an instant. */
#define TRANSIENT_MS 1000

static bool is_target(const struct stat *st, const struct used_target *t)
{
    return t->is_file ? st->st_dev == t->dev && st->st_ino == t->ino
                      : S_ISBLK(st->st_mode) && used_has_device(t, st->st_rdev);
}

/* The line "flags:" of fdinfo, octal (proc(5)). */
static bool is_writable(const char *pid, const char *fd)
{
    _cleanup_free_ char *data = NULL;
    char path[300];
    const char *flags;

    snprintf(path, sizeof path, "/proc/%.32s/fdinfo/%.32s", pid, fd);
    if (host_read(path, 65536, &data, NULL) < 0)
        return false;
    flags = strstr(data, "flags:");
    return flags && (strtoul(flags + 6, NULL, 8) & O_ACCMODE) != O_RDONLY;
}

static void process_name(const char *pid, char ret[64])
{
    _cleanup_free_ char *data = NULL;
    char path[64];

    snprintf(path, sizeof path, "/proc/%.32s/comm", pid);
    ret[0] = '\0';
    if (host_read(path, 256, &data, NULL) == 0)
        snprintf(ret, 64, "%.*s", (int)strcspn(data, "\n"), data);
}

/* @reading: also by that, which keeps a device from being taken down. Else it disturbs nobody,
 * except that a virtual machine which reads now may write any time. */
static bool process_uses(const char *pid, const struct used_target *t, bool reading)
{
    char path[300], name[64];
    struct dirent *entry;
    bool used = false;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%.32s/fd", pid);
    dir = host_opendir(path);
    while (dir && !used && (entry = readdir(dir))) {
        struct stat st;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%.32s/fd/%.32s", pid, entry->d_name);
        if (host_stat(path, &st) < 0 || !is_target(&st, t))
            continue;
        process_name(pid, name);
        used = reading || is_writable(pid, entry->d_name) || text_starts_with(name, "qemu");
    }
    if (dir)
        closedir(dir);
    return used;
}

/* Pid of the first process but us that uses the target; 0: none. */
static long find_process(const struct used_target *t, bool reading)
{
    DIR *dir = host_opendir("/proc");
    struct dirent *entry;
    long found = 0;

    while (dir && !found && (entry = readdir(dir))) {
        long pid = isdigit((unsigned char)entry->d_name[0]) ? strtol(entry->d_name, NULL, 10) : 0;

        if (pid > 0 && pid != getpid() && process_uses(entry->d_name, t, reading))
            found = pid;
    }
    if (dir)
        closedir(dir);
    return found;
}

static void name_user(long pid, char *ret, size_t size)
{
    char number[32], name[64];

    snprintf(number, sizeof number, "%ld", pid);
    process_name(number, name);
    snprintf(ret, size, "%s %s (process %ld)",
             text_starts_with(name, "qemu") ? "the disk of" : "opened for writing by",
             text_safe(name[0] ? name : "a program"), pid);
}

int used_by_process(const struct used_target *t, char *ret, size_t size)
{
    long pid = 0;

    for (unsigned waited = 0; waited <= TRANSIENT_MS; waited += 100) {
        pid = find_process(t, false);
        if (pid == 0)
            return 0;
        if (waited < TRANSIENT_MS)
            (void)poll(NULL, 0, 100);
    }
    name_user(pid, ret, size);
    return 1;
}

int used_by_opener(const struct used_target *t, char *ret, size_t size)
{
    long pid = find_process(t, true);
    char number[32], name[64];

    if (pid == 0)
        return 0;
    snprintf(number, sizeof number, "%ld", pid);
    process_name(number, name);
    snprintf(ret, size, "held open by %s (process %ld)", text_safe(name[0] ? name : "a program"),
             pid);
    return 1;
}

/* qemu holds read locks on single bytes from 100 on: docs/devel/qemu file locking is described at
 * raw_apply_lock_bytes() in its block/file-posix.c. Any lock of another opener will do. */
int used_by_lock(const struct used_target *t, int fd, char *ret, size_t size)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    long pid;

    if (fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return 0;
    pid = lock.l_pid > 0 ? lock.l_pid : find_process(t, false);
    if (pid > 0)
        name_user(pid, ret, size);
    else
        snprintf(ret, size, "locked by another program");
    return 1;
}
