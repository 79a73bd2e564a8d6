/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/cmdline.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BLANK " \t"

/* A line without blanks around it; NULL at the end. */
static const char *next_line(const char **text, size_t *ret_length)
{
    const char *start = *text, *end;

    if (!*start)
        return NULL;
    end = strchrnul(start, '\n');
    *text = *end ? end + 1 : end;
    start += strspn(start, BLANK);
    if (start > end)
        start = end;
    while (end > start && strchr(" \t\r", end[-1]))
        end--;
    *ret_length = (size_t)(end - start);
    return start;
}

/* A command line is one line: anything else in it would be forged. */
static void copy_arguments(const char *s, size_t length, char *ret, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < size; i++)
        ret[used++] = (unsigned char)s[i] < ' ' ? ' ' : s[i];
    ret[used] = '\0';
}

static bool is_keyword(const char *line, size_t length, const char *word)
{
    size_t n = strlen(word);

    return length > n && strncasecmp(line, word, n) == 0 && strchr(BLANK, line[n]);
}

int cmdline_from_grub(const char *text, char *ret, size_t size)
{
    static const char *const words[] = {"linux", "linuxefi", "linux16"};
    const char *line;
    size_t length;

    while ((line = next_line(&text, &length))) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            size_t skip = strlen(words[i]);

            if (!is_keyword(line, length, words[i]))
                continue;
            skip += strspn(line + skip, BLANK);
            skip += strcspn(line + skip, " \t\n"); /* the kernel */
            skip += strspn(line + skip, BLANK);
            copy_arguments(line + skip, skip < length ? length - skip : 0, ret, size);
            return 0;
        }
    }
    return -ENOENT;
}

int cmdline_from_lines(const char *text, const char *key, char *ret, size_t size)
{
    const char *line;
    size_t length;

    while ((line = next_line(&text, &length))) {
        size_t skip = strlen(key);

        if (!is_keyword(line, length, key))
            continue;
        skip += strspn(line + skip, BLANK);
        copy_arguments(line + skip, skip < length ? length - skip : 0, ret, size);
        return 0;
    }
    return -ENOENT;
}

static int from_grub_file(int root_fd, char *ret, size_t size)
{
    static const char *const paths[] = {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg",
                                        "/boot/efi/EFI/fedora/grub.cfg"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        _cleanup_free_ char *data = NULL;

        if (path_read(root_fd, paths[i], PATH_CONFIG_MAX, &data, NULL) == 0 &&
            cmdline_from_grub(data, ret, size) == 0)
            return 0;
    }
    return -ENOENT;
}

/* The Boot Loader Specification: any entry but a rescue one; all of a system are alike here. */
static int from_entries(int root_fd, char *ret, size_t size)
{
    int fd = path_open(root_fd, "/boot/loader/entries", O_RDONLY | O_DIRECTORY), r = -ENOENT;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    if (!dir) {
        fd_close(fd);
        return -ENOENT;
    }
    for (unsigned seen = 0; r < 0 && seen < 256 && (entry = readdir(dir)); seen++) {
        _cleanup_free_ char *data = NULL;

        if (!text_ends_with(entry->d_name, ".conf") || strstr(entry->d_name, "rescue") ||
            path_read(fd, entry->d_name, 65536, &data, NULL) < 0)
            continue;
        r = cmdline_from_lines(data, "options", ret, size);
    }
    closedir(dir);
    return r;
}

static int from_other_files(int root_fd, char *ret, size_t size)
{
    static const struct {
        const char *path, *key; /* NULL: the whole file is it */
    } files[] = {
        {"/boot/extlinux/extlinux.conf", "append"},
        {"/boot/syslinux/syslinux.cfg", "append"},
        {"/etc/kernel/cmdline", NULL},
        {"/boot/cmdline.txt", NULL},
        {"/boot/firmware/cmdline.txt", NULL},
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        _cleanup_free_ char *data = NULL;

        if (path_read(root_fd, files[i].path, 65536, &data, NULL) < 0)
            continue;
        if (!files[i].key)
            copy_arguments(data, strcspn(data, "\n"), ret, size);
        if (!files[i].key || cmdline_from_lines(data, files[i].key, ret, size) == 0)
            return 0;
    }
    return -ENOENT;
}

/* Variables of grub's and BLS's would reach kernel packages as they stand here. */
static void drop_variables(char *line)
{
    char *out = line, *word, *rest = line;

    while ((word = strsep(&rest, " "))) {
        size_t length = strlen(word);

        if (!length || word[0] == '$')
            continue;
        if (out != line)
            *out++ = ' ';
        memmove(out, word, length);
        out += length;
    }
    *out = '\0';
}

void cmdline_inspect(int root_fd, char *ret, size_t size)
{
    ret[0] = '\0';
    if (from_entries(root_fd, ret, size) < 0 && from_grub_file(root_fd, ret, size) < 0)
        (void)from_other_files(root_fd, ret, size);
    drop_variables(ret);
}
