/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/foreign.h"

#include "base/fd.h"
#include "base/step.h"
#include "base/text.h"
#include "system/emulator.h"
#include "terminal/ui.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define ENTRY_PREFIX "unbrick-"

/* The host's instance, wherever it is mounted or not. */
static int open_binfmt(struct error *e)
{
    _cleanup_fd_ int fs = fsopen("binfmt_misc", FSOPEN_CLOEXEC);
    int fd = -1;

    if (fs >= 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
    if (fd < 0)
        return error_set(e, ERROR_HOST, -errno, "foreign-architecture",
                         "this kernel takes no emulators (binfmt_misc): %s", strerror(errno));
    return fd;
}

static int read_entry(int binfmt_fd, const char *name, char *ret, size_t size)
{
    _cleanup_fd_ int fd = openat(binfmt_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, ret, size - 1) : -1;

    ret[n > 0 ? n : 0] = '\0';
    return n < 0 ? -errno : 0;
}

/* Has the host an emulator that is in use for @m? */
static bool host_has_one(int binfmt_fd, const struct elf_machine *m)
{
    int copy = openat(binfmt_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    bool found = false;

    if (!dir)
        fd_close(copy);
    for (struct dirent *d; dir && !found && (d = readdir(dir));) {
        char text[PATH_MAX];

        /* Those of other sessions of ours end with them. */
        found = !text_starts_with(d->d_name, ENTRY_PREFIX) &&
                read_entry(binfmt_fd, d->d_name, text, sizeof text) == 0 &&
                emulator_entry_serves(text, m);
    }
    if (dir)
        closedir(dir);
    return found;
}

static int is_switched_on(int binfmt_fd, struct error *e)
{
    char text[16];

    if (read_entry(binfmt_fd, "status", text, sizeof text) < 0 || !text_starts_with(text, "dis"))
        return 0;
    (void)error_set(e, ERROR_HOST, -ENOEXEC, "foreign-architecture",
                    "emulators are switched off on this host");
    return error_advise(e, "echo 1 >/proc/sys/fs/binfmt_misc/status switches them on");
}

/* Where is the emulator? "" for one that the host has registered. */
static int find(int binfmt_fd, const char *machine, const struct elf_machine **ret_machine,
                char *ret, size_t size, struct error *e)
{
    const struct elf_machine *m = elf_machine_find(machine);
    _cleanup_fd_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = is_switched_on(binfmt_fd, e);

    if (r < 0)
        return r;
    *ret_machine = m;
    ret[0] = '\0';
    if (m && (host_has_one(binfmt_fd, m) || emulator_find(root_fd, m, ret, size) == 0))
        return 0;
    (void)error_set(e, ERROR_HOST, -ENOEXEC, "foreign-architecture",
                    "this host cannot execute programs for %s", text_safe(machine));
    return m && m->emulator ? error_advise(e, "install the package qemu-user-static (Debian 13: "
                                              "qemu-user), which executes them slowly")
                            : -ENOEXEC;
}

int foreign_check(const char *machine, struct error *e)
{
    _cleanup_fd_ int binfmt_fd = open_binfmt(e);
    const struct elf_machine *m;
    char path[64];

    return binfmt_fd < 0 ? binfmt_fd : find(binfmt_fd, machine, &m, path, sizeof path, e);
}

/*
 * The kernel keeps the emulator's file open, and its programs have it as /proc/PID/exe: it is
 * opened on a mount that nobody can write through, so that root inside cannot change the host's
 * program (CVE-2019-5736).
 */
static int open_read_only(const char *path)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    int fd = open_tree(-EBADF, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0) {
        int r = -errno;

        fd_close(fd);
        return r;
    }
    return fd;
}

static int enter(struct foreign *f, const struct elf_machine *m, const char *emulator,
                 struct journal *j)
{
    _cleanup_fd_ int program = open_read_only(emulator), fd = -1;
    char path[32], line[512];
    int r;

    if (program < 0)
        return program;
    snprintf(f->entry, sizeof f->entry, ENTRY_PREFIX "%d", (int)getpid());
    r = emulator_registration(m, f->entry, fd_path(program, path), line, sizeof line);
    if (r == 0)
        r = journal_record(j, JOURNAL_EMULATOR, f->entry);
    if (r < 0)
        return r;
    fd = openat(f->binfmt_fd, "register", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, line, strlen(line)) < 0)
        return -errno;
    step_reached("spawn-emulator");
    return 0;
}

int foreign_begin(struct foreign *ret, const char *machine, struct journal *j, struct error *e)
{
    struct foreign f = FOREIGN_NONE;
    const struct elf_machine *m;
    char emulator[64];
    int r;

    *ret = f;
    if (!machine[0])
        return 0;
    f.binfmt_fd = open_binfmt(e);
    r = f.binfmt_fd < 0 ? f.binfmt_fd
                        : find(f.binfmt_fd, machine, &m, emulator, sizeof emulator, e);
    if (r == 0 && emulator[0]) {
        r = enter(&f, m, emulator, j);
        if (r < 0)
            r = error_errno(e, r, "cannot register %s with the kernel", emulator);
    }
    if (r < 0) {
        foreign_end(&f);
        return r;
    }
    ui_detail("Its programs are for %s: %s executes them.", machine,
              emulator[0] ? emulator : "an emulator that the host has registered");
    *ret = f;
    return 0;
}

static int forget(int binfmt_fd, const char *entry)
{
    _cleanup_fd_ int fd = openat(binfmt_fd, entry, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    return write(fd, "-1", 2) < 0 ? -errno : 0;
}

void foreign_end(struct foreign *f)
{
    if (f->binfmt_fd >= 0 && f->entry[0])
        (void)forget(f->binfmt_fd, f->entry);
    f->binfmt_fd = fd_close(f->binfmt_fd);
}

int foreign_forget(const char *entry, struct error *e)
{
    _cleanup_fd_ int binfmt_fd = -1;
    int r;

    if (!text_starts_with(entry, ENTRY_PREFIX) || strchr(entry, '/'))
        return error_errno(e, -EINVAL, "%s is no entry of ours", text_safe(entry));
    binfmt_fd = open_binfmt(e);
    r = binfmt_fd < 0 ? binfmt_fd : forget(binfmt_fd, entry);
    return r < 0 ? error_errno(e, r, "cannot take the emulator %s away", entry) : 0;
}
