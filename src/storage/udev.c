/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/udev.h"

#include "base/fd.h"
#include "base/process.h"
#include "base/text.h"
#include "storage/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CONTROL "/run/udev/control"
#define RULES   "/run/udev/rules.d"

/*
 * Before all other rules. SYMLINK:= is final: nobody adds a link later. The flags of device-mapper
 * are honoured by the rules of LVM and multipath for every device, the one of persistent storage by
 * udev's own; SYSTEMD_READY=0 keeps systemd from seeing it (systemd.device(5)), nowatch keeps udevd
 * from looking again whenever somebody has written to it (udev(7)).
 */
#define QUIET                                                                                      \
    "SYMLINK:=\"\", OPTIONS:=\"nowatch\", ENV{SYSTEMD_READY}=\"0\", ENV{UDISKS_IGNORE}=\"1\", "    \
    "ENV{UDEV_DISABLE_PERSISTENT_STORAGE_RULES_FLAG}=\"1\", "                                      \
    "ENV{DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG}=\"1\", "                                            \
    "ENV{DM_UDEV_DISABLE_DISK_RULES_FLAG}=\"1\", ENV{DM_UDEV_DISABLE_OTHER_RULES_FLAG}=\"1\"\n"

static void rules_path(const char *id, char ret[80])
{
    snprintf(ret, 80, RULES "/00-unbrick-%.20s.rules", id);
}

static int append(const char *path, const char *rule)
{
    _cleanup_fd_ int fd = -1;

    if (mkdir(RULES, 0755) < 0 && errno != EEXIST)
        return -errno;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 ? -errno : fd_write_all(fd, rule, strlen(rule));
}

/* It would notice by itself, but not at once. */
static int reload(struct error *e)
{
    char *argv[] = {(char *)"udevadm", (char *)"control", (char *)"--reload", NULL};
    int r = process_run(argv, PROCESS_QUIET, 0, NULL, e);

    return r <= 0 ? r
                  : error_set(e, ERROR_HOST, -EIO, "udev", "udevd of this host does not answer");
}

/* What the rules of the kinds of records match. */
static const struct {
    const char *record, *match;
} kinds[] = {
    {UNDO_MAPPING, "KERNEL==\"dm-*\", ATTR{dm/uuid}==\"%s*\""},
    {UNDO_ARRAY, "KERNEL==\"%s|%sp*\""},
    {UNDO_LOOP, "KERNEL==\"%s|%sp*\""},
};

int udev_rule(const char *record, char *ret, size_t size)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *value = record + strlen(kinds[i].record);
        char match[400];

        if (!text_starts_with(record, kinds[i].record))
            continue;
        /* A quote or a wildcard in it would make another rule. */
        if (value[strcspn(value, "\"*?[|\\\n")])
            return -EINVAL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(match, sizeof match, kinds[i].match, value, value);
#pragma GCC diagnostic pop
        snprintf(ret, size, "SUBSYSTEM==\"block\", %s, " QUIET, match);
        return 0;
    }
    return -ENOENT;
}

int udev_leave_alone(const char *record, struct error *e)
{
    char rule[1024], path[80], id[24];
    int r;

    if (access(CONTROL, F_OK) < 0)
        return 0;
    r = udev_rule(record, rule, sizeof rule);
    if (r == -ENOENT)
        return 0;
    snprintf(id, sizeof id, "%d", (int)getpid());
    rules_path(id, path);
    if (r == 0)
        r = append(path, rule);
    if (r < 0)
        return error_errno(e, r, "cannot write %s, which keeps the host's udevd away", path);
    return reload(e);
}

void udev_forget(const char *id)
{
    char path[80];

    rules_path(id, path);
    if (unlink(path) == 0)
        (void)reload(NULL);
}
