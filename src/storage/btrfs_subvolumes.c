/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/btrfs_subvolumes.h"

#include "base/fd.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

void btrfs_subvolumes_free(struct btrfs_subvolumes *s)
{
    for (unsigned i = 0; i < s->count; i++)
        free(s->items[i].path);
    free(s->items);
    *s = (struct btrfs_subvolumes){0};
}

/* One that was seen: its name is in a directory of another one. */
struct seen {
    uint64_t id, parent, directory;
    char name[NAME_MAX + 1];
};

struct search {
    struct seen *items;
    unsigned count;
};

static int note(struct search *s, uint64_t id, uint64_t parent, const char *data, uint32_t size)
{
    struct btrfs_root_ref ref;
    struct seen *grown;
    size_t length;

    if (size < sizeof ref)
        return 0;
    memcpy(&ref, data, sizeof ref);
    length = le16toh(ref.name_len);
    if (length > NAME_MAX || sizeof ref + length > size)
        return 0;
    grown = reallocarray(s->items, s->count + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    s->items = grown;
    grown += s->count++;
    *grown = (struct seen){.id = id, .parent = parent, .directory = le64toh(ref.dirid)};
    memcpy(grown->name, data + sizeof ref, length);
    return 0;
}

/* All ROOT_BACKREF items of the root tree: (subvolume, type, the one that it lies in). */
static int search_all(int fd, struct search *s)
{
    struct btrfs_ioctl_search_args args = {
        .key = {.tree_id = BTRFS_ROOT_TREE_OBJECTID,
                .min_objectid = BTRFS_FIRST_FREE_OBJECTID,
                .max_objectid = BTRFS_LAST_FREE_OBJECTID,
                .max_offset = UINT64_MAX,
                .max_transid = UINT64_MAX,
                .min_type = BTRFS_ROOT_BACKREF_KEY,
                .max_type = BTRFS_ROOT_BACKREF_KEY},
    };
    int r = 0;

    while (r == 0 && s->count < BTRFS_SUBVOLUMES_MAX) {
        struct btrfs_ioctl_search_header header = {0};
        size_t at = 0;

        args.key.nr_items = 4096;
        if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, &args) < 0)
            return -errno;
        if (args.key.nr_items == 0)
            break;
        for (uint32_t i = 0; r == 0 && i < args.key.nr_items; i++) {
            if (at + sizeof header > sizeof args.buf)
                return -EBADMSG;
            memcpy(&header, args.buf + at, sizeof header);
            at += sizeof header;
            if (header.len > sizeof args.buf - at)
                return -EBADMSG;
            if (header.type == BTRFS_ROOT_BACKREF_KEY)
                r = note(s, header.objectid, header.offset, args.buf + at, header.len);
            at += header.len;
        }
        /* Behind the last one. */
        args.key.min_objectid = header.objectid;
        args.key.min_type = header.type;
        args.key.min_offset = header.offset + 1;
        if (args.key.min_offset == 0)
            args.key.min_objectid++;
    }
    return r;
}

static const struct seen *find(const struct search *s, uint64_t id)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->items[i].id == id)
            return &s->items[i];
    return NULL;
}

/* Where it is, from the top level: upwards from one to the one that it lies in. */
static int path_of(int fd, const struct search *s, const struct seen *item, char ret[PATH_MAX])
{
    char path[PATH_MAX] = "";

    for (unsigned depth = 0; item; depth++) {
        struct btrfs_ioctl_ino_lookup_args lookup = {.treeid = item->parent,
                                                     .objectid = item->directory};
        char longer[PATH_MAX];

        if (depth > s->count || ioctl(fd, BTRFS_IOC_INO_LOOKUP, &lookup) < 0)
            return -ENOENT;
        lookup.name[sizeof lookup.name - 1] = '\0'; /* "" or a directory with a slash behind it */
        if ((size_t)snprintf(longer, sizeof longer, "%s%s%s%s", lookup.name, item->name,
                             path[0] ? "/" : "", path) >= sizeof longer)
            return -ENAMETOOLONG;
        memcpy(path, longer, sizeof path);
        if (item->parent == BTRFS_FS_TREE_OBJECTID)
            break;
        item = find(s, item->parent);
        if (!item)
            return -ENOENT;
    }
    memcpy(ret, path, sizeof path);
    return 0;
}

int btrfs_subvolumes_read(int fd, struct btrfs_subvolumes *ret)
{
    struct btrfs_subvolumes all = {0};
    struct search s = {0};
    int r = search_all(fd, &s);

    if (r == 0 && s.count)
        all.items = calloc(s.count, sizeof *all.items);
    if (r == 0 && s.count && !all.items)
        r = -ENOMEM;
    all.incomplete = s.count >= BTRFS_SUBVOLUMES_MAX;
    for (unsigned i = 0; r == 0 && i < s.count; i++) {
        char path[PATH_MAX];

        if (path_of(fd, &s, &s.items[i], path) < 0) {
            all.incomplete = true;
            continue;
        }
        all.items[all.count].id = s.items[i].id;
        all.items[all.count].path = strdup(path);
        if (!all.items[all.count++].path)
            r = -ENOMEM;
    }
    free(s.items);
    if (r < 0)
        btrfs_subvolumes_free(&all);
    else
        *ret = all;
    return r;
}

/* The value of option @name in the list, into @ret. */
static bool option_value(const char *options, const char *name, char *ret, size_t size)
{
    size_t length = strlen(name);

    while (*options) {
        size_t n = strcspn(options, ",");

        if (n > length && options[length] == '=' && strncmp(options, name, length) == 0 &&
            n - length <= size) {
            memcpy(ret, options + length + 1, n - length - 1);
            ret[n - length - 1] = '\0';
            return true;
        }
        options += n + (options[n] == ',');
    }
    return false;
}

bool btrfs_subvolumes_have(const struct btrfs_subvolumes *s, const char *options)
{
    char path[PATH_MAX] = "", id_text[64] = "";
    bool by_path = option_value(options, "subvol", path, sizeof path),
         by_id = option_value(options, "subvolid", id_text, sizeof id_text);
    const char *wanted = path + strspn(path, "/");
    uint64_t id = by_id ? strtoull(id_text, NULL, 0) : 0;
    bool found_path = !by_path || !*wanted;
    bool found_id = !by_id || id == 0 || id == BTRFS_FS_TREE_OBJECTID; /* both: the top level */

    for (unsigned i = 0; i < s->count; i++) {
        found_path |= strcmp(s->items[i].path, wanted) == 0;
        found_id |= s->items[i].id == id;
    }
    return found_path && found_id;
}
