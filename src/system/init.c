/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/init.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/elf_header.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

/* The interpreter of a script's first line: "#!/bin/sh -e". false when it is no script. */
static bool script_interpreter(const char *data, size_t size, char *ret, size_t room)
{
    size_t at = 2, length = 0;

    if (size < 2 || memcmp(data, "#!", 2) != 0)
        return false;
    while (at < size && (data[at] == ' ' || data[at] == '\t'))
        at++;
    while (at + length < size && !strchr(" \t\n", data[at + length]) && data[at + length])
        length++;
    snprintf(ret, room, "%.*s", (int)length, data + at);
    return true;
}

/* "" when the program can be executed; else why not. *ret_fd is open for reading when it is "". */
static void examine(int root_fd, const char *path, struct linux_system *s, int *ret_fd,
                    char *problem, size_t size)
{
    _cleanup_free_ char *data = NULL;
    _cleanup_fd_ int fd = path_open(root_fd, path, O_RDONLY);
    struct elf_header elf = {0};
    char interpreter[256] = "";
    struct stat st;
    ssize_t n;

    problem[0] = '\0';
    if (fd < 0 || fstat(fd, &st) < 0) {
        snprintf(problem, size, "%s cannot be opened (%s)", path, strerror(fd < 0 ? -fd : errno));
        return;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(problem, size, "%s is no regular file", path);
        return;
    }
    if (!(st.st_mode & 0111)) {
        snprintf(problem, size, "%s is not executable (mode %04o)", path,
                 (unsigned)st.st_mode & 07777);
        return;
    }
    data = malloc(ELF_HEADER_BYTES);
    n = data ? pread(fd, data, ELF_HEADER_BYTES, 0) : -1;
    if (n <= 0) {
        snprintf(problem, size, "%s %s", path, n == 0 ? "is empty" : "cannot be read");
        return;
    }
    if (!script_interpreter(data, (size_t)n, interpreter, sizeof interpreter)) {
        if (elf_header_parse(data, (size_t)n, &elf) < 0) {
            snprintf(problem, size, "%s is damaged: neither a program nor a script", path);
            return;
        }
        snprintf(interpreter, sizeof interpreter, "%s", elf.interpreter);
        snprintf(s->arch, sizeof s->arch, "%s", elf.machine);
        s->arch_runs_here = elf.runs_here;
    }
    if (interpreter[0] && path_exists(root_fd, interpreter) != 1) {
        snprintf(problem, size, "%s needs %.100s, which is missing", path, text_safe(interpreter));
        return;
    }
    *ret_fd = take_fd(&fd);
}

/* Is there anything with that name, be it a dangling link? */
static bool is_named(int root_fd, const char *path)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW);

    return fd >= 0;
}

/* libsystemd-shared-252.so, or 252.22-1 from Debian 12 on: the program's version is in no place
 * that is easier to read. */
static const char *const library_directories[] = {
    "/usr/lib/systemd",
    "/lib/systemd",
    "/usr/lib64/systemd",
    "/lib64/systemd",
    "/usr/lib/x86_64-linux-gnu/systemd",
    "/usr/lib/aarch64-linux-gnu/systemd",
    "/usr/lib/i386-linux-gnu/systemd",
    "/usr/lib/arm-linux-gnueabihf/systemd",
};

#define LISTING_MAX 4096

static unsigned version_in(int root_fd, const char *directory)
{
    static const char prefix[] = "libsystemd-shared-";
    int fd = path_open(root_fd, directory, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    unsigned version = 0, seen = 0;

    if (!dir) {
        fd_close(fd);
        return 0;
    }
    while (!version && seen++ < LISTING_MAX && (entry = readdir(dir)))
        if (text_starts_with(entry->d_name, prefix))
            version = (unsigned)strtoul(entry->d_name + sizeof prefix - 1, NULL, 10);
    closedir(dir);
    return version;
}

static void find_systemd_version(int root_fd, struct linux_system *s)
{
    for (size_t i = 0;
         !s->systemd_version && i < sizeof library_directories / sizeof library_directories[0]; i++)
        s->systemd_version = version_in(root_fd, library_directories[i]);
}

/* A shell must be executable: the one that is there but damaged helps nobody. */
static void find_shell(int root_fd, struct linux_system *s)
{
    struct linux_system scratch = {0};

    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        _cleanup_fd_ int fd = -1;
        char problem[256];

        examine(root_fd, shells[i], &scratch, &fd, problem, sizeof problem);
        if (fd < 0)
            continue;
        snprintf(s->shell, sizeof s->shell, "%s", shells[i]);
        if (!s->arch[0]) {
            memcpy(s->arch, scratch.arch, sizeof s->arch);
            s->arch_runs_here = scratch.arch_runs_here;
        }
        return;
    }
}

/* The first that works; when none does, the problem of the first that is there. */
static void find_init(int root_fd, struct linux_system *s)
{
    for (size_t i = 0; i < sizeof init_paths / sizeof init_paths[0]; i++) {
        _cleanup_fd_ int fd = -1;
        char problem[sizeof s->init_problem];

        if (!is_named(root_fd, init_paths[i]))
            continue;
        examine(root_fd, init_paths[i], s, &fd, problem, sizeof problem);
        if (fd >= 0) {
            s->init = kind_of(fd);
            s->init_problem[0] = '\0';
            snprintf(s->init_path, sizeof s->init_path, "%s", init_paths[i]);
            return;
        }
        if (s->init == INIT_NONE) {
            s->init = INIT_BROKEN;
            snprintf(s->init_path, sizeof s->init_path, "%s", init_paths[i]);
            memcpy(s->init_problem, problem, sizeof problem);
        }
    }
}

void init_inspect(int root_fd, struct linux_system *s)
{
    find_init(root_fd, s);
    if (s->init == INIT_SYSTEMD)
        find_systemd_version(root_fd, s);
    find_shell(root_fd, s);
}
