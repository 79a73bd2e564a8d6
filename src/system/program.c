/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/program.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A script's interpreter may be a script itself; the kernel stops after five (exec.c,
 * exec_binprm()). */
#define SCRIPTS_MAX 5

static int examine(int root_fd, const char *path, unsigned depth, struct program *p);

__attribute__((format(printf, 3, 4))) static int problem(struct program *p, int code,
                                                         const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p->problem, sizeof p->problem, fmt, ap);
    va_end(ap);
    return code;
}

/* The interpreter of a script's first line: "#!/bin/sh -e". false when it is no script. */
static bool script_interpreter(const char *data, size_t size, char *ret, size_t room)
{
    size_t at = 2, length = 0;

    if (size < 2 || memcmp(data, "#!", 2) != 0)
        return false;
    while (at < size && (data[at] == ' ' || data[at] == '\t'))
        at++;
    while (at + length < size && data[at + length] && !strchr(" \t\n", data[at + length]))
        length++;
    snprintf(ret, room, "%.*s", (int)length, data + at);
    return true;
}

/* A device or FIFO is never opened: opening alone has effects (a tape rewinds, a watchdog arms). */
static int open_regular(int root_fd, const char *path, struct stat *ret_st, struct program *p)
{
    int r = path_stat(root_fd, path, ret_st), fd;

    if (r < 0)
        return problem(p, r, "%s cannot be opened (%s)", text_safe(path), strerror(-r));
    if (!S_ISREG(ret_st->st_mode))
        return problem(p, -EACCES, "%s is no regular file", text_safe(path));
    if (!(ret_st->st_mode & 0111))
        return problem(p, -EACCES, "%s is not executable (mode %04o)", text_safe(path),
                       (unsigned)ret_st->st_mode & 07777);
    if (ret_st->st_size == 0)
        return problem(p, -ENOEXEC, "%s is empty", text_safe(path));
    fd = path_open(root_fd, path, O_RDONLY);
    if (fd < 0)
        return problem(p, fd, "%s cannot be opened (%s)", text_safe(path), strerror(-fd));
    return fd;
}

static int check_script(int root_fd, const char *path, const char *interpreter, unsigned depth,
                        struct program *p)
{
    char inner[sizeof p->problem];
    int r;

    if (interpreter[0] != '/')
        return problem(p, -ENOEXEC, "%s is a script without an interpreter", text_safe(path));
    if (depth == SCRIPTS_MAX)
        return problem(p, -ELOOP, "%s is a script of scripts without an end", text_safe(path));
    if (path_exists(root_fd, interpreter) != 1)
        return problem(p, -ENOENT, "%s needs %.100s, which is missing", text_safe(path),
                       text_safe(interpreter));
    r = examine(root_fd, interpreter, depth + 1, p);
    if (r < 0) {
        memcpy(inner, p->problem, sizeof inner);
        return problem(p, r, "%s needs its interpreter, but %.180s", text_safe(path), inner);
    }
    return 0;
}

static int check_elf(int root_fd, const char *path, const struct stat *st, const char *data,
                     size_t size, struct program *p)
{
    struct stat interpreter;

    if (elf_header_parse(data, size, &p->elf) < 0)
        return problem(p, -ENOEXEC, "%s is damaged: neither a program nor a script",
                       text_safe(path));
    if (p->elf.file_bytes > (uint64_t)st->st_size)
        return problem(p, -ENOEXEC, "%s is cut short: it has %lld of at least %llu bytes",
                       text_safe(path), (long long)st->st_size,
                       (unsigned long long)p->elf.file_bytes);
    if (!p->elf.dynamic)
        return 0;
    if (path_stat(root_fd, p->elf.interpreter, &interpreter) < 0)
        return problem(p, -ENOENT, "%s needs %.100s, which is missing", text_safe(path),
                       text_safe(p->elf.interpreter));
    if (!S_ISREG(interpreter.st_mode) || interpreter.st_size == 0)
        return problem(p, -ENOEXEC, "%s needs %.100s, which is %s", text_safe(path),
                       text_safe(p->elf.interpreter),
                       S_ISREG(interpreter.st_mode) ? "empty" : "no regular file");
    return 0;
}

/* 0, or a negative errno with p->problem set. */
static int examine(int root_fd, const char *path, unsigned depth, struct program *p)
{
    char interpreter[256];
    _cleanup_free_ char *data = NULL;
    struct stat st;
    _cleanup_fd_ int fd = open_regular(root_fd, path, &st, p);
    ssize_t n;

    if (fd < 0)
        return fd;
    data = malloc(ELF_HEADER_BYTES);
    n = data ? pread(fd, data, ELF_HEADER_BYTES, 0) : -1;
    if (n <= 0)
        return problem(p, -EIO, "%s cannot be read", text_safe(path));
    if (script_interpreter(data, (size_t)n, interpreter, sizeof interpreter))
        return check_script(root_fd, path, interpreter, depth, p);
    return check_elf(root_fd, path, &st, data, (size_t)n, p);
}

int program_open(int root_fd, const char *path, struct program *ret)
{
    int r;

    *ret = (struct program){0};
    r = examine(root_fd, path, 0, ret);
    return r < 0 ? r : path_open(root_fd, path, O_RDONLY);
}
