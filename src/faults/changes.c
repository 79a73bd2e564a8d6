/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/changes.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void free_words(char **words)
{
    for (char **w = words; w && *w; w++)
        free(*w);
    free(words);
}

void changes_free(struct changes *c)
{
    for (unsigned i = 0; i < c->count; i++) {
        free(c->items[i].path);
        free(c->items[i].before);
        free(c->items[i].after);
        free(c->items[i].source);
        free_words(c->items[i].argv);
    }
    free(c->items);
    c->items = NULL;
    c->count = 0;
}

static struct change *add(struct changes *c, enum change_kind kind, const char *path)
{
    struct change *grown;

    if (c->count == CHANGES_MAX)
        return NULL;
    grown = reallocarray(c->items, c->count + 1, sizeof *grown);
    if (!grown)
        return NULL;
    c->items = grown;
    grown += c->count;
    *grown = (struct change){.kind = kind, .uid = (uid_t)-1, .gid = (gid_t)-1};
    if (path) {
        grown->path = strdup(path);
        if (!grown->path)
            return NULL;
    }
    c->count++;
    return grown;
}

/* What is planned for the contents of @path, or NULL. */
static struct change *planned(const struct changes *c, const char *path)
{
    for (unsigned i = c->count; i-- > 0;)
        if (c->items[i].path && strcmp(c->items[i].path, path) == 0 &&
            (c->items[i].kind == CHANGE_FILE || c->items[i].kind == CHANGE_COPY ||
             c->items[i].kind == CHANGE_REMOVE))
            return &c->items[i];
    return NULL;
}

static char *copy_bytes(const char *data, size_t size)
{
    char *copy = malloc(size + 1);

    if (copy) {
        memcpy(copy, data, size);
        copy[size] = '\0';
    }
    return copy;
}

int changes_read(struct changes *c, const char *path, char **ret_data, size_t *ret_size)
{
    const struct change *change = planned(c, path);
    char *copy;

    if (!change)
        return path_read(c->root_fd, path, PATH_CONFIG_MAX, ret_data, ret_size);
    if (change->kind == CHANGE_REMOVE)
        return -ENOENT;
    copy = copy_bytes(change->after, change->after_size);
    if (!copy)
        return -ENOMEM;
    *ret_data = copy;
    *ret_size = change->after_size;
    return 0;
}

int changes_read_text(struct changes *c, const char *path, char **ret_data)
{
    char *data;
    size_t size;
    int r = changes_read(c, path, &data, &size);

    if (r < 0)
        return r;
    if (memchr(data, '\0', size)) {
        free(data);
        return -EILSEQ;
    }
    *ret_data = data;
    return 0;
}

int changes_write(struct changes *c, const char *path, const char *data, size_t size, mode_t mode)
{
    struct change *change = planned(c, path);
    _cleanup_free_ char *before = NULL, *after = copy_bytes(data, size);
    size_t before_size = 0;
    int r = 0;

    if (!after)
        return -ENOMEM;
    if (!change) {
        r = path_read(c->root_fd, path, PATH_CONFIG_MAX, &before, &before_size);
        if (r < 0 && r != -ENOENT)
            return r;
        if (before && before_size == size && memcmp(before, data, size) == 0)
            return 0;
        change = add(c, CHANGE_FILE, path);
        if (!change)
            return -ENOMEM;
        change->before = take_ptr(&before);
        change->before_size = before_size;
    }
    free(change->after);
    change->kind = CHANGE_FILE;
    change->after = take_ptr(&after);
    change->after_size = size;
    change->mode = mode;
    return 0;
}

/* Where line @line is in @data: 0 with its range, newline included; -ENOENT. */
static int find_line(const char *data, size_t size, unsigned line, size_t *ret_start,
                     size_t *ret_end)
{
    size_t start = 0;

    for (unsigned n = 1; start < size; n++) {
        const char *newline = memchr(data + start, '\n', size - start);
        size_t end = newline ? (size_t)(newline - data) + 1 : size;

        if (n == line) {
            *ret_start = start;
            *ret_end = end;
            return 0;
        }
        start = end;
    }
    return -ENOENT;
}

/* Bytes @start to @end of the file @data become @text and a newline. */
static int replace(struct changes *c, const char *path, const char *data, size_t size, size_t start,
                   size_t end, const char *text, size_t text_size)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * PATH_CONFIG_MAX);

    (void)text_append(&t, data, start);
    (void)text_append(&t, text, text_size);
    (void)text_append(&t, "\n", 1);
    (void)text_append(&t, data + end, size - end);
    return t.failed ? t.failed : changes_write(c, path, t.data, t.size, 0644);
}

int changes_replace_line(struct changes *c, const char *path, unsigned line, const char *text)
{
    _cleanup_free_ char *data = NULL;
    size_t size, start = 0, end = 0;
    int r = changes_read(c, path, &data, &size);

    if (r == 0)
        r = find_line(data, size, line, &start, &end);
    if (r == 0 && memchr(data + start, '\0', end - start))
        r = -EILSEQ;
    return r < 0 ? r : replace(c, path, data, size, start, end, text, strlen(text));
}

int changes_comment_line(struct changes *c, const char *path, unsigned line, const char *reason)
{
    _cleanup_text_ struct text t = TEXT_INIT(PATH_CONFIG_MAX);
    _cleanup_free_ char *data = NULL;
    size_t size, start = 0, end = 0, kept;
    int r = changes_read(c, path, &data, &size);

    if (r == 0)
        r = find_line(data, size, line, &start, &end);
    if (r < 0)
        return r;
    kept = end - start;
    while (kept > 0 && (data[start + kept - 1] == '\n' || data[start + kept - 1] == '\r'))
        kept--;
    (void)text_append(&t, "#", 1);
    (void)text_append(&t, data + start, kept);
    (void)text_appendf(&t, " # unbrick: %s", reason);
    return t.failed ? t.failed : replace(c, path, data, size, start, end, t.data, t.size);
}

int changes_append_line(struct changes *c, const char *path, const char *text, mode_t mode)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * PATH_CONFIG_MAX);
    _cleanup_free_ char *data = NULL;
    size_t size = 0;
    int r = changes_read(c, path, &data, &size);

    if (r < 0 && r != -ENOENT)
        return r;
    (void)text_append(&t, data ? data : "", size);
    if (data && size && data[size - 1] != '\n')
        (void)text_append(&t, "\n", 1);
    (void)text_appendf(&t, "%s\n", text);
    return t.failed ? t.failed : changes_write(c, path, t.data, t.size, mode);
}

int changes_copy_over(struct changes *c, const char *path, const char *source, mode_t mode)
{
    _cleanup_free_ char *data = NULL, *before = NULL;
    size_t size, before_size = 0;
    struct change *change;
    int r;

    if (planned(c, path))
        return -EEXIST;
    r = path_read(c->root_fd, path, CHANGES_COPY_MAX, &before, &before_size);
    if (r == 0 || r == -ENOENT)
        r = path_read(c->root_fd, source, CHANGES_COPY_MAX, &data, &size);
    if (r < 0)
        return r;
    change = add(c, CHANGE_COPY, path);
    if (!change || !(change->source = strdup(source)))
        return -ENOMEM;
    change->before = take_ptr(&before);
    change->before_size = before_size;
    change->after = take_ptr(&data);
    change->after_size = size;
    change->mode = mode;
    return 0;
}

int changes_copy(struct changes *c, const char *path, const char *source, mode_t mode)
{
    int r = path_exists(c->root_fd, path);

    return r ? (r < 0 ? r : -EEXIST) : changes_copy_over(c, path, source, mode);
}

int changes_link(struct changes *c, const char *path, const char *target)
{
    struct change *change = add(c, CHANGE_LINK, path);

    if (!change || !(change->after = strdup(target)))
        return -ENOMEM;
    change->after_size = strlen(target);
    return 0;
}

int changes_remove(struct changes *c, const char *path)
{
    struct change *change = planned(c, path);

    if (!change)
        change = add(c, CHANGE_REMOVE, path);
    if (!change)
        return -ENOMEM;
    change->kind = CHANGE_REMOVE;
    return 0;
}

int changes_mode(struct changes *c, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
    struct change *change = add(c, CHANGE_MODE, path);

    if (!change)
        return -ENOMEM;
    change->mode = mode;
    change->uid = uid;
    change->gid = gid;
    return 0;
}

int changes_directory(struct changes *c, const char *path, mode_t mode)
{
    struct change *change = add(c, CHANGE_DIRECTORY, path);

    if (!change)
        return -ENOMEM;
    change->mode = mode;
    return 0;
}

int changes_partition_type(struct changes *c, struct disk *d, const struct volume *v,
                           const char *type)
{
    char title[512];
    struct change *change = add(c, CHANGE_TYPE, disk_volume_title(d, v, title, sizeof title));

    if (!change || !(change->before = strdup(v->part_type)) || !(change->after = strdup(type)))
        return -ENOMEM;
    change->before_size = strlen(change->before);
    change->after_size = strlen(change->after);
    change->disk = d;
    change->number = v->number;
    return 0;
}

static bool same_words(char *const *a, const char *const *b)
{
    for (; *a && *b && strcmp(*a, *b) == 0; a++, b++)
        ;
    return !*a && !*b;
}

int changes_command(struct changes *c, const char *const *argv)
{
    struct change *change;
    size_t count = 0;

    for (unsigned i = 0; i < c->count; i++)
        if (c->items[i].kind == CHANGE_COMMAND && same_words(c->items[i].argv, argv))
            return 0;
    while (argv[count])
        count++;
    change = add(c, CHANGE_COMMAND, NULL);
    if (!change)
        return -ENOMEM;
    change->argv = calloc(count + 1, sizeof *change->argv);
    for (size_t i = 0; change->argv && i < count; i++) {
        change->argv[i] = strdup(argv[i]);
        if (!change->argv[i])
            return -ENOMEM;
    }
    return change->argv ? 0 : -ENOMEM;
}
