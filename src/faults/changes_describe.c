/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/changes.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of one file; a configuration file that is changed all over is no repair. */
#define DIFF_MAX ((size_t)1 << 20)

/* A file in memory, *ret_fd, that another process can open by the path in @ret. */
static int in_memory(const char *data, size_t size, int *ret_fd, char *ret, size_t ret_size)
{
    _cleanup_fd_ int fd = memfd_create("unbrick-diff", MFD_CLOEXEC);
    int r = fd < 0 ? -errno : fd_write_all(fd, data, size);

    if (r < 0)
        return r;
    snprintf(ret, ret_size, "/proc/%d/fd/%d", (int)getpid(), fd);
    *ret_fd = take_fd(&fd);
    return 0;
}

/* Hashes of passwords are nobody's business: neither on a screen nor in a report. */
static bool is_secret(const char *path)
{
    return text_starts_with(path, "/etc/shadow") || text_starts_with(path, "/etc/gshadow");
}

/* A line of the diff; of a secret one the second field is left out. */
static void describe_line(struct text *out, const char *line, size_t size, bool secret)
{
    const char *first = secret ? memchr(line, ':', size) : NULL, *second;

    if (!first) {
        (void)text_append_safe(out, line, size);
        return;
    }
    first++;
    second = memchr(first, ':', size - (size_t)(first - line));
    (void)text_append_safe(out, line, (size_t)(first - line));
    (void)text_append(out, "...", 3);
    if (second)
        (void)text_append_safe(out, second, size - (size_t)(second - line));
}

/* diff(1) knows how to make a diff that people can read. */
static int describe_contents(const struct change *change, struct text *out, struct error *e)
{
    char before[64] = "/dev/null", after[64], old_label[1100], new_label[1100];
    char *argv[] = {(char *)"diff",
                    (char *)"-u",
                    (char *)"--text",
                    (char *)"--label",
                    old_label,
                    (char *)"--label",
                    new_label,
                    before,
                    after,
                    NULL};
    _cleanup_fd_ int before_fd = -1, after_fd = -1;
    _cleanup_free_ char *output = NULL;
    size_t size = 0;
    int r;

    snprintf(old_label, sizeof old_label, "%s%.1000s", change->before ? "a" : "",
             change->before ? change->path : "/dev/null");
    snprintf(new_label, sizeof new_label, "b%.1000s", change->path);
    r = in_memory(change->after, change->after_size, &after_fd, after, sizeof after);
    if (r == 0 && change->before)
        r = in_memory(change->before, change->before_size, &before_fd, before, sizeof before);
    if (r < 0)
        return error_errno(e, r, "making a diff");
    r = process_run_with(argv, 0, NULL, DIFF_MAX, &output, &size, e);
    if (r == -ENOENT)
        (void)error_advise(e, "install the package diffutils");
    if (r < 0)
        return r;
    /* A line may have NULs in it. */
    for (const char *line = output, *end = output + size, *next; line < end; line = next + 1) {
        next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next : end;
        describe_line(out, line, (size_t)(next - line), is_secret(change->path));
        (void)text_append(out, "\n", 1);
    }
    return 0;
}

/* What is lost is told: of a link and of a mode no copy is kept. */
static void describe_old_link(int root_fd, const char *path, struct text *out)
{
    _cleanup_fd_ int fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW);
    char target[PATH_MAX];
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target - 1);

    if (n < 0)
        return;
    target[n] = '\0';
    (void)text_appendf(out, " (a link to %s)", text_safe(target));
}

static void describe_mode(int root_fd, const struct change *change, struct text *out)
{
    bool owner = change->uid != (uid_t)-1;
    struct stat st;

    (void)text_appendf(out, "mode     %s", text_safe(change->path));
    if (path_stat(root_fd, change->path, &st) == 0) {
        (void)text_appendf(out, " %04o", (unsigned)st.st_mode & 07777);
        if (owner)
            (void)text_appendf(out, " of %u:%u", (unsigned)st.st_uid, (unsigned)st.st_gid);
    }
    (void)text_appendf(out, " becomes %04o", (unsigned)change->mode);
    if (owner)
        (void)text_appendf(out, " of %u:%u", (unsigned)change->uid, (unsigned)change->gid);
    (void)text_append(out, "\n", 1);
}

int changes_describe(const struct changes *c, struct text *out, struct error *e)
{
    for (unsigned i = 0; i < c->count; i++) {
        const struct change *change = &c->items[i];
        int r = 0;

        switch (change->kind) {
        case CHANGE_FILE:
            r = describe_contents(change, out, e);
            break;
        case CHANGE_COPY:
            (void)text_appendf(out, "copy     %s", text_safe(change->source));
            (void)text_appendf(out, " to %s%s\n", text_safe(change->path),
                               change->before ? ", in place of what is there" : "");
            break;
        case CHANGE_REMOVE:
            (void)text_appendf(out, "remove   %s", text_safe(change->path));
            describe_old_link(c->root_fd, change->path, out);
            (void)text_append(out, "\n", 1);
            break;
        case CHANGE_LINK:
            (void)text_appendf(out, "link     %s", text_safe(change->path));
            describe_old_link(c->root_fd, change->path, out);
            (void)text_appendf(out, " becomes a link to %s\n", text_safe(change->after));
            break;
        case CHANGE_MODE:
            describe_mode(c->root_fd, change, out);
            break;
        case CHANGE_DIRECTORY:
            (void)text_appendf(out, "make     the directory %s\n", text_safe(change->path));
            break;
        case CHANGE_TYPE:
            (void)text_appendf(out, "type     %s: %s becomes", change->path,
                               text_safe(change->before));
            (void)text_appendf(out, " %s (sfdisk --part-type takes it back)\n", change->after);
            break;
        case CHANGE_COMMAND:
            (void)text_appendf(out, "run     ");
            for (char **word = change->argv; *word; word++)
                (void)text_appendf(out, " %s", text_safe(*word));
            (void)text_append(out, "\n", 1);
            break;
        }
        if (r < 0)
            return r;
    }
    return out->failed ? error_errno(e, out->failed, "describing the changes") : 0;
}
