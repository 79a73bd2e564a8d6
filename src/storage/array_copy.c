/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An array whose twin is active on this host: the kernel can have both (md.c compares no uuids),
 * but mdadm(8) starts only one. By its ioctls (linux/raid/md_u.h), as mdadm itself does it. */

#include "storage/array.h"

#include "base/fd.h"
#include "base/text.h"
#include "storage/sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h> /* for md_u.h */
#include <linux/raid/md_u.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#define NEW_ARRAY "/sys/module/md_mod/parameters/new_array"

/* The same digits, whatever stands between them: mdadm writes colons, the kernel hyphens. */
static bool same_digits(const char *a, const char *b)
{
    for (;;) {
        while (*a && !isxdigit((unsigned char)*a))
            a++;
        while (*b && !isxdigit((unsigned char)*b))
            b++;
        if (!*a || !*b)
            return !*a && !*b;
        if (tolower((unsigned char)*a++) != tolower((unsigned char)*b++))
            return false;
    }
}

bool array_find_running(const char *uuid, char *ret_name, size_t size)
{
    DIR *dir = opendir("/sys/block");
    struct dirent *entry;
    bool found = false;

    while (dir && !found && (entry = readdir(dir))) {
        _cleanup_free_ char *data = NULL;
        char path[320];

        snprintf(path, sizeof path, "/sys/block/%s/md/uuid", entry->d_name);
        found = text_starts_with(entry->d_name, "md") && file_read(path, 256, &data, NULL) == 0 &&
                same_digits(data, uuid);
        if (found)
            snprintf(ret_name, size, "%s", entry->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

bool array_has_twin(const char *uuid)
{
    char name[64];

    return array_find_running(uuid, name, sizeof name);
}

/* "1.2", "0.90.0", as libblkid has it: which superblock the kernel is to look for, and where. */
static int set_format(int fd, const char *format)
{
    mdu_array_info_t info = {0};
    char *end;

    info.major_version = (int)strtol(format, &end, 10);
    if (*end != '.')
        return -EINVAL;
    info.minor_version = (int)strtol(end + 1, NULL, 10);
    return ioctl(fd, SET_ARRAY_INFO, &info) < 0 ? -errno : 0;
}

static int add_members(int fd, const struct array_plan *plan)
{
    for (unsigned i = 0; i < plan->fresh; i++) {
        mdu_disk_info_t disk = {.major = (int)major(plan->members[i].volume->devno),
                                .minor = (int)minor(plan->members[i].volume->devno)};

        if (ioctl(fd, ADD_NEW_DISK, &disk) < 0)
            return -errno;
    }
    return 0;
}

int array_start_copy(const struct array_plan *plan, const char *name, bool write, struct error *e)
{
    char node[64], state[96];
    _cleanup_fd_ int fd = -1;
    int r;

    snprintf(node, sizeof node, "/dev/%s", name);
    snprintf(state, sizeof state, "/sys/block/%s/md/array_state", name);
    r = file_write(NEW_ARRAY, name);
    if (r == 0) {
        fd = open(node, O_RDWR | O_CLOEXEC);
        r = fd < 0 ? -errno : set_format(fd, plan->members[0].volume->fs.version);
    }
    if (r == 0)
        r = add_members(fd, plan);
    /* Starts it without writing to the members. */
    if (r == 0)
        r = file_write(state, "readonly");
    if (r == 0 && write)
        r = array_let_writes_through(name);
    if (r < 0) {
        (void)error_set(e, ERROR_TARGET, r, "assembly",
                        "%s is a copy of an array that is active on this host, and cannot be "
                        "started beside it: %s",
                        plan->members[0].title, strerror(-r));
        if (fd >= 0)
            (void)ioctl(fd, STOP_ARRAY, NULL);
    }
    return r;
}
