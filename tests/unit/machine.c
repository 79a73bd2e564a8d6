/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include "base/fd.h"
#include "base/host.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_MAX ((size_t)4 << 20)

static char directory[] = "/tmp/unbrick-machine-XXXXXX";
static int root = -1;

static int complain(const char *path, unsigned line, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", path, line, what);
    return -1;
}

/* "a/b/c": directories a and a/b, when they are not there. */
static void make_parents(char *path)
{
    for (char *slash = path; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        (void)mkdirat(root, path, 0755);
    }
}

static int make_file(char *path, const char *text, size_t size)
{
    _cleanup_fd_ int fd = -1;

    make_parents(path);
    fd = openat(root, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 || fd_write_all(fd, text, size) < 0 || fd_write_all(fd, "\n", 1) < 0 ? -1 : 0;
}

static int make_link(char *path, const char *target)
{
    make_parents(path);
    return symlinkat(target, root, path);
}

/* One line; *current is the file whose lines are being read. */
static int take_line(char *line, char **current)
{
    size_t length = strlen(line);
    char *at;

    if (line[0] == '\t')
        return *current ? make_file(*current, line + 1, length - 1) : -1;
    *current = NULL;
    if (!line[0] || line[0] == '#')
        return 0;
    if (line[0] == '/' || strstr(line, "../") == line)
        return -1;
    at = strstr(line, " -> ");
    if (at) {
        *at = '\0';
        return make_link(line, at + 4);
    }
    at = strstr(line, " =");
    if (at && (at[2] == ' ' || !at[2])) {
        *at = '\0';
        return make_file(line, at + 2 + (at[2] == ' '), strlen(at + 2 + (at[2] == ' ')));
    }
    if (line[length - 1] != ':')
        return -1;
    line[length - 1] = '\0';
    *current = line;
    return 0;
}

int machine_show(const char *path)
{
    _cleanup_free_ char *data = NULL;
    char *rest, *line, *current = NULL;
    unsigned number = 0;

    if (file_read(path, RECORD_MAX, &data, NULL) < 0)
        return complain(path, 0, "cannot be read");
    strcpy(strrchr(directory, '-'), "-XXXXXX");
    if (!mkdtemp(directory))
        return complain(directory, 0, "cannot be made");
    root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rest = data;
    while ((line = strsep(&rest, "\n"))) {
        number++;
        if (take_line(line, &current) < 0)
            return complain(path, number, "is no line of a recorded machine");
    }
    host_set_root(root);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void machine_hide(void)
{
    host_set_root(-1);
    root = fd_close(root);
    (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void machine_blkid(const char *path, const char *key, char *ret, size_t size)
{
    _cleanup_free_ char *data = NULL;
    char *rest, *line;
    size_t length = strlen(key);

    ret[0] = '\0';
    if (host_read(path, 65536, &data, NULL) < 0)
        return;
    rest = data;
    while ((line = strsep(&rest, "\n")))
        if (strncmp(line, key, length) == 0 && line[length] == '=')
            snprintf(ret, size, "%s", line + length + 1);
}
