/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/linux_system.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "system/cmdline.h"
#include "system/init.h"
#include "system/kernels.h"
#include "system/last_boot.h"
#include "system/os_release.h"
#include "system/program.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define OS_RELEASE_MAX ((size_t)64 << 10)

static bool is_there(int root_fd, const char *path)
{
    return path_exists(root_fd, path) == 1;
}

static bool any_is_there(int root_fd, const char *const *paths)
{
    for (; *paths; paths++)
        if (is_there(root_fd, *paths))
            return true;
    return false;
}

static bool is_directory(int root_fd, const char *path)
{
    struct stat st;

    return path_stat(root_fd, path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_empty_directory(int root_fd, const char *path)
{
    int fd = path_open(root_fd, path, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool empty = dir != NULL;

    if (!dir) {
        fd_close(fd);
        return false;
    }
    while (empty && (entry = readdir(dir)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, "lost+found") == 0;
    closedir(dir);
    return empty;
}

/* What only the root of a system has ... */
static const char *const identities[] = {"/etc/os-release", "/usr/lib/os-release", "/etc/passwd",
                                         "/etc/fstab",      "/etc/inittab",        NULL};

/* ... and what makes it one that could run; in /usr when that is a file system of its own. */
static const char *const programs[] = {
    "/sbin/init",           "/usr/sbin/init", "/usr/lib/systemd/systemd",
    "/lib/systemd/systemd", "/bin/sh",        "/usr/bin/sh",
    "/bin/busybox",         "/init",          NULL};

/* Content by which a person knows /boot, /usr and /var. */
static const char *const part_marks[] = {
    "/grub",        "/grub2",    "/EFI",     "/loader",   "/extlinux", "/lib/os-release",
    "/lib/systemd", "/lib/dpkg", "/lib/rpm", "/log/wtmp", "/spool",    NULL};

/* A link of the init may dangle: it is a system all the same, a broken one. */
static bool has_init_name(int root_fd)
{
    _cleanup_fd_ int fd = path_open(root_fd, "/sbin/init", O_PATH | O_NOFOLLOW);

    return fd >= 0;
}

enum system_likeness system_recognise(int root_fd)
{
    if (any_is_there(root_fd, identities) &&
        (any_is_there(root_fd, programs) || has_init_name(root_fd) ||
         is_empty_directory(root_fd, "/usr")))
        return SYSTEM_ROOT;
    return any_is_there(root_fd, part_marks) ? SYSTEM_PART : SYSTEM_NOT;
}

static void read_os_release(int root_fd, struct linux_system *s)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        _cleanup_free_ char *data = NULL;

        if (path_read(root_fd, paths[i], OS_RELEASE_MAX, &data, NULL) < 0)
            continue;
        (void)os_release_get(data, "ID", s->id, sizeof s->id);
        (void)os_release_get(data, "VERSION_ID", s->version, sizeof s->version);
        if (os_release_get(data, "PRETTY_NAME", s->pretty, sizeof s->pretty) < 0 &&
            os_release_get(data, "NAME", s->pretty, sizeof s->pretty) < 0)
            snprintf(s->pretty, sizeof s->pretty, "%s", s->id);
        return;
    }
}

/* Systems from before os-release, or whose /usr is not mounted. */
static void derive_name(int root_fd, struct linux_system *s)
{
    static const struct {
        const char *path, *name;
    } files[] = {
        {"/etc/debian_version", "Debian "},  {"/etc/redhat-release", ""},
        {"/etc/SuSE-release", ""},           {"/etc/alpine-release", "Alpine Linux "},
        {"/etc/arch-release", "Arch Linux"}, {"/etc/gentoo-release", ""},
    };

    for (size_t i = 0; !s->pretty[0] && i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *data = NULL;

        if (path_read(root_fd, files[i].path, 4096, &data, NULL) == 0)
            snprintf(s->pretty, sizeof s->pretty, "%s%.*s", files[i].name, (int)strcspn(data, "\n"),
                     data);
    }
}

/* hostname(5): the first line that is no comment. */
static void read_hostname(int root_fd, struct linux_system *s)
{
    _cleanup_free_ char *data = NULL;
    char *line, *rest;

    if (path_read(root_fd, "/etc/hostname", 4096, &data, NULL) < 0)
        return;
    rest = data;
    while ((line = strsep(&rest, "\n"))) {
        size_t length;

        line += strspn(line, " \t");
        length = strcspn(line, " \t\r");
        if (!length || line[0] == '#')
            continue;
        if (length < sizeof s->hostname)
            snprintf(s->hostname, sizeof s->hostname, "%.*s", (int)length, line);
        return;
    }
}

/* machine-id(5): 32 hexadecimal digits, not all zero (capitals are read too); "uninitialized" and
 * an empty file mean that the first boot is still to come. */
bool system_machine_id(int root_fd, char ret[static 33])
{
    _cleanup_free_ char *data = NULL;
    struct stat st;
    bool there = path_stat(root_fd, "/etc/machine-id", &st) == 0 && !S_ISDIR(st.st_mode);
    size_t digits;

    ret[0] = '\0';
    if (path_read(root_fd, "/etc/machine-id", 4096, &data, NULL) < 0)
        return there;
    digits = strspn(data, "0123456789abcdefABCDEF");
    if (digits == 32 && (data[32] == '\0' || data[32] == '\n') && strspn(data, "0") < 32)
        snprintf(ret, 33, "%.32s", data);
    return there;
}

static void find_missing_directories(int root_fd, struct linux_system *s)
{
    static const char *const needed[] = {"proc", "sys", "dev", "run"};
    size_t used = 0;

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        _cleanup_fd_ int fd = path_open_strict(root_fd, needed[i], O_PATH | O_DIRECTORY);

        if (fd < 0)
            used += (size_t)snprintf(s->missing_dirs + used, sizeof s->missing_dirs - used, "%s/%s",
                                     used ? " " : "", needed[i]);
    }
}

static bool is_link(int root_fd, const char *path)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW);
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

int system_inspect(int root_fd, struct linux_system *ret, struct error *e)
{
    struct linux_system *s = ret;

    memset(s, 0, sizeof *s);
    if (system_recognise(root_fd) != SYSTEM_ROOT)
        return error_set(e, ERROR_TARGET, -ENOENT, "no-system", "there is no Linux system in it");
    read_os_release(root_fd, s);
    derive_name(root_fd, s);
    read_hostname(root_fd, s);
    s->machine_id_file = system_machine_id(root_fd, s->machine_id);
    s->merged_usr = is_link(root_fd, "/bin") && is_link(root_fd, "/lib");
    init_inspect(root_fd, s);
    /* A small system may do without /usr. */
    s->separate_usr = is_empty_directory(root_fd, "/usr") ||
                      (s->init == INIT_NONE && !is_directory(root_fd, "/usr"));
    find_missing_directories(root_fd, s);
    kernels_inspect(root_fd, s);
    s->last_boot = last_boot_inspect(root_fd);
    cmdline_inspect(root_fd, s->cmdline, sizeof s->cmdline);
    return 0;
}

void system_program_machine(int root_fd, const char *path, char ret[16], bool *ret_runs_here)
{
    struct linux_system shell = {0};
    struct program p;
    _cleanup_fd_ int fd = path[0] == '/' ? program_open(root_fd, path, &p) : -1;

    ret[0] = '\0';
    *ret_runs_here = true;
    if (fd >= 0) {
        memcpy(ret, p.elf.machine, sizeof p.elf.machine);
        *ret_runs_here = p.elf.runs_here;
    }
    if (path[0] == '/')
        return;
    init_find_shell(root_fd, &shell);
    memcpy(ret, shell.arch, sizeof shell.arch);
    *ret_runs_here = shell.arch_runs_here || !shell.arch[0];
}

bool system_machine_is_32_bit(const char *machine)
{
    const struct elf_machine *m = elf_machine_find(machine);

    return m && m->class == ELFCLASS32;
}

bool system_wants_legacy_cgroups(const struct linux_system *s)
{
    return s->init == INIT_SYSTEMD && s->systemd_version && s->systemd_version < 230;
}
