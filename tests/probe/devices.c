/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /dev, and the policy that keeps other devices closed whatever nodes are made. */

#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static const struct {
    const char *path;
    unsigned major, minor;
} nodes[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

/* In a user namespace they are the host's, whose owner is nobody here. */
static void standard_nodes(void)
{
    const uid_t owner = plan_value("user namespace") ? 65534 : 0;

    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        struct stat st;

        if (lstat(nodes[i].path, &st) < 0 || !S_ISCHR(st.st_mode) ||
            st.st_rdev != makedev(nodes[i].major, nodes[i].minor) || (st.st_mode & 07777) != 0666 ||
            st.st_uid != owner || st.st_gid != owner)
            wrong("%s is not what it should be", nodes[i].path);
        if (strcmp(nodes[i].path, "/dev/tty") != 0 &&
            close(open(nodes[i].path, O_RDWR | O_CLOEXEC)) < 0)
            wrong("%s cannot be opened", nodes[i].path);
    }
}

static void links(void)
{
    static const char *const wanted[][2] = {
        {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
        {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
        {"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"},
    };

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        char target[64] = "";

        if (readlink(wanted[i][0], target, sizeof target - 1) < 0 ||
            strcmp(target, wanted[i][1]) != 0)
            wrong("%s leads to %s", wanted[i][0], target);
    }
}

static bool is_standard(const char *path)
{
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        if (strcmp(path, nodes[i].path) == 0)
            return true;
    return strcmp(path, "/dev/console") == 0;
}

/* "/dev/sda1 8:1, read-only /dev/disk/by-uuid/..." */
static void planned_device(const char *line)
{
    char copy[8192], *rest = copy, *word, node[256] = "";
    bool character = false, read_only = false;
    unsigned maj, min;
    struct stat st = {0};
    int fd;

    snprintf(copy, sizeof copy, "%s", line);
    while ((word = strsep(&rest, " "))) {
        if (strcmp(word, "character") == 0) {
            character = true;
        } else if (strcmp(word, "read-only") == 0) {
            read_only = true;
        } else if (sscanf(word, "%u:%u", &maj, &min) == 2) {
            if (node[0] && (lstat(node, &st) < 0 || st.st_rdev != makedev(maj, min) ||
                            (st.st_mode & S_IFMT) != (character ? S_IFCHR : S_IFBLK)))
                wrong("%s is not %u:%u", node, maj, min);
        } else if (!node[0]) {
            snprintf(node, sizeof node, "%s", word);
        } else if (strncmp(word, "/dev/", 5) == 0) {
            struct stat at_end;

            if (stat(word, &at_end) < 0 || at_end.st_rdev != st.st_rdev)
                wrong("%s does not lead to %s", word, node);
        }
    }
    if (character || !node[0])
        return;
    fd = open(node, O_RDONLY | O_CLOEXEC);
    if (close(fd) < 0)
        wrong("%s cannot be read", node);
    fd = open(node, O_RDWR | O_CLOEXEC);
    if ((fd >= 0) == read_only)
        wrong("%s %s be written", node, read_only ? "can" : "cannot");
    if (fd >= 0)
        close(fd);
}

static void planned_devices(void)
{
    plan_lines("device", planned_device);
}

/* No disk, no kmsg, no loop, no tun: devices that are in the plan, and no others. */
static void no_other_nodes(void)
{
    DIR *dir = opendir("/dev");

    for (struct dirent *d; dir && (d = readdir(dir));) {
        char path[300];
        struct stat st;

        snprintf(path, sizeof path, "/dev/%s", d->d_name);
        if (lstat(path, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) &&
            !is_standard(path) && !plan_has("device", path))
            wrong("%s is there", path);
    }
    if (dir)
        closedir(dir);
}

/* A node of a device that is not in the plan can be made (cpio and dpkg do), but not opened. */
static void expect_closed(mode_t type, unsigned maj, unsigned min)
{
    static const char path[] = "/dev/unbrick-probe-node";
    int fd;

    if (mknod(path, type | 0600, makedev(maj, min)) < 0) {
        wrong("cannot make a node: %s", strerror(errno));
        return;
    }
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 || errno != EPERM)
        wrong("device %u:%u: %s", maj, min, fd >= 0 ? "it opens" : strerror(errno));
    if (fd >= 0)
        close(fd);
    unlink(path);
}

static void device_policy(void)
{
    unsigned maj, min;

    if (plan_value("user namespace")) {
        if (mknod("/dev/unbrick-probe-node", S_IFBLK | 0600, makedev(8, 0)) == 0)
            wrong("a node can be made");
        return;
    }
    if (!plan_has("device policy", "kernel"))
        return;
    expect_closed(S_IFCHR, 1, 1);    /* mem */
    expect_closed(S_IFCHR, 1, 11);   /* kmsg */
    expect_closed(S_IFCHR, 10, 237); /* loop-control */
    if (plan_value("host disk") && sscanf(plan_value("host disk"), "%u:%u", &maj, &min) == 2)
        expect_closed(S_IFBLK, maj, min);
}

/* A pty of the container's own devpts, bind-mounted over a file: a link would be refused by
 * systemd's lock_dev_console() and by pam_securetty. */
static void console(void)
{
    struct stat here, standard;
    struct statfs fs;

    if (!plan_has("console", "pty")) {
        if (access("/dev/console", F_OK) == 0)
            wrong("there is a /dev/console");
        return;
    }
    if (lstat("/dev/console", &here) < 0 || !S_ISCHR(here.st_mode) || major(here.st_rdev) != 136)
        wrong("/dev/console is no pty");
    if (fstat(0, &standard) < 0 || standard.st_rdev != here.st_rdev || !isatty(0))
        wrong("standard input is not /dev/console");
    if (statfs("/dev/console", &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
        wrong("/dev/console is not of a devpts");
    if (strcmp(ttyname(0) ? ttyname(0) : "", "/dev/console") != 0 &&
        strncmp(ttyname(0) ? ttyname(0) : "", "/dev/pts/", 9) != 0)
        wrong("the terminal has no name here");
}

static void new_pty(void)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (master < 0)
        wrong("cannot make a pty: %s", strerror(errno));
    else
        close(master);
}

const struct check device_checks[] = {
    {"dev-nodes", standard_nodes},
    {"dev-links", links},
    {"dev-planned", planned_devices},
    {"dev-no-others", no_other_nodes},
    {"dev-policy", device_policy},
    {"dev-console", console},
    {"dev-ptmx", new_pty},
    {NULL, NULL},
};
