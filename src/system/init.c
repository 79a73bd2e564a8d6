/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/init.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/program.h"
#include "system/systemd_version.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order in which systemd-nspawn and the kernel (init/main.c) try them. */
static const char *const init_paths[] = {
    "/usr/lib/systemd/systemd",
    "/lib/systemd/systemd",
    "/sbin/init",
    "/usr/sbin/init",
    "/etc/init",
    "/bin/init",
    "/init",
};

static const char *const shells[] = {
    "/bin/bash", "/usr/bin/bash", "/bin/sh",        "/usr/bin/sh",
    "/bin/dash", "/bin/busybox",  "/bin/static-sh", "/usr/bin/dash",
};

static const char *const names[] = {
    [INIT_NONE] = "no init",
    [INIT_SYSTEMD] = "systemd",
    [INIT_SYSVINIT] = "sysvinit",
    [INIT_OPENRC] = "OpenRC",
    [INIT_BUSYBOX] = "busybox",
    [INIT_RUNIT] = "runit",
    [INIT_UNKNOWN] = "an unknown init",
    [INIT_BROKEN] = "a broken init",
};

const char *init_kind_name(enum init_kind k)
{
    return (size_t)k < sizeof names / sizeof names[0] ? names[k] : "an unknown init";
}

int init_stop_signal(enum init_kind k)
{
    switch (k) {
    case INIT_SYSTEMD:
        return SIGRTMIN + 3; /* systemd(1): halt.target */
    case INIT_BUSYBOX:
        return SIGUSR2; /* init/init.c of busybox: what ::shutdown: says, then power off */
    case INIT_SYSVINIT: /* init(8): asked by a FIFO, which needs a program of the tree */
    case INIT_OPENRC:
    case INIT_RUNIT:
    case INIT_UNKNOWN:
    case INIT_NONE:
    case INIT_BROKEN:
        break;
    }
    return 0;
}

/* By the name that the links lead to (systemd is a link from /sbin/init, busybox from everything),
 * and where that says nothing by words in the program. */
static const struct {
    const char *suffix;
    enum init_kind kind;
} by_name[] = {
    {"/systemd", INIT_SYSTEMD},    {"/busybox", INIT_BUSYBOX},  {"/busybox.static", INIT_BUSYBOX},
    {"/openrc-init", INIT_OPENRC}, {"/runit-init", INIT_RUNIT}, {"/runit", INIT_RUNIT},
};

static const struct {
    const char *word;
    enum init_kind kind;
} by_content[] = {
    {"BusyBox v", INIT_BUSYBOX},
    {"openrc", INIT_OPENRC},
    {"/etc/inittab", INIT_SYSVINIT},
    {"initdefault", INIT_SYSVINIT},
};

/* A sysvinit of today is 50 KiB; a static busybox 2 MiB. */
#define CONTENT_MAX ((size_t)4 << 20)

static enum init_kind kind_by_content(int fd)
{
    _cleanup_free_ char *data = NULL;
    size_t size;

    if (fd_read_all(fd, CONTENT_MAX, &data, &size) < 0)
        return INIT_UNKNOWN;
    for (size_t i = 0; i < sizeof by_content / sizeof by_content[0]; i++)
        if (memmem(data, size, by_content[i].word, strlen(by_content[i].word)))
            return by_content[i].kind;
    return INIT_UNKNOWN;
}

static enum init_kind kind_of(int fd)
{
    char proc[32], real[PATH_MAX];
    ssize_t n = readlink(fd_path(fd, proc), real, sizeof real - 1);

    real[n > 0 ? n : 0] = '\0';
    for (size_t i = 0; i < sizeof by_name / sizeof by_name[0]; i++)
        if (text_ends_with(real, by_name[i].suffix))
            return by_name[i].kind;
    return kind_by_content(fd);
}

/* Is there anything with that name, be it a dangling link? */
static bool is_named(int root_fd, const char *path)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW);

    return fd >= 0;
}

static void note_architecture(const struct program *p, struct linux_system *s)
{
    if (s->arch[0] || !p->elf.machine[0])
        return;
    memcpy(s->arch, p->elf.machine, sizeof s->arch);
    s->arch_runs_here = p->elf.runs_here;
}

/* A shell must be executable: the one that is there but damaged helps nobody. */
void init_find_shell(int root_fd, struct linux_system *s)
{
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        struct program p;
        _cleanup_fd_ int fd = program_open(root_fd, shells[i], &p);

        if (fd < 0)
            continue;
        snprintf(s->shell, sizeof s->shell, "%s", shells[i]);
        note_architecture(&p, s);
        return;
    }
}

/* The first that works; when none does, the problem of the first that is there. */
static void find_init(int root_fd, struct linux_system *s)
{
    for (size_t i = 0; i < sizeof init_paths / sizeof init_paths[0]; i++) {
        struct program p;
        _cleanup_fd_ int fd = -1;

        if (!is_named(root_fd, init_paths[i]))
            continue;
        fd = program_open(root_fd, init_paths[i], &p);
        if (fd < 0 && s->init == INIT_BROKEN)
            continue;
        snprintf(s->init_path, sizeof s->init_path, "%s", init_paths[i]);
        memcpy(s->init_problem, p.problem, sizeof s->init_problem);
        s->init = INIT_BROKEN;
        if (fd < 0)
            continue;
        s->init = kind_of(fd);
        note_architecture(&p, s);
        if (s->init == INIT_SYSTEMD)
            s->systemd_version = systemd_version_inspect(root_fd, fd);
        return;
    }
}

void init_inspect(int root_fd, struct linux_system *s)
{
    find_init(root_fd, s);
    init_find_shell(root_fd, s);
}
