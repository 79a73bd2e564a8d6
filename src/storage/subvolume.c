/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/subvolume.h"

#include "base/fd.h"

#include <endian.h>
#include <errno.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define BUFFER ((size_t)64 << 10)

/* Subvolumes in subvolumes: more is no layout of anybody. */
#define DEPTH_MAX 16

/* What a root item had before uuids came (Linux 3.6). */
#define OLD_ROOT_ITEM offsetof(struct btrfs_root_item, generation_v2)

static int add(struct subvolume_set *s, uint64_t id)
{
    struct subvolume *grown;

    /* Room for a power of two of them. */
    if ((s->count & (s->count - 1)) == 0) {
        grown = reallocarray(s->items, s->count ? (size_t)s->count * 2 : 1, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        s->items = grown;
    }
    s->items[s->count++] = (struct subvolume){.id = id};
    return 0;
}

static void take_root_item(const unsigned char *data, size_t size, struct subvolume *v)
{
    struct btrfs_root_item item = {0};

    memcpy(&item, data, size < sizeof item ? size : sizeof item);
    v->read_only = le64toh(item.flags) & BTRFS_ROOT_SUBVOL_RDONLY;
    /* An old kernel that wrote to it since knew nothing of what follows (btrfs_tree.h). */
    if (size <= OLD_ROOT_ITEM || item.generation_v2 != item.generation)
        return;
    memcpy(v->uuid, item.uuid, sizeof v->uuid);
    memcpy(v->made_of, item.parent_uuid, sizeof v->made_of);
    memcpy(v->received, item.received_uuid, sizeof v->received);
    v->created = (time_t)le64toh(item.otime.sec);
    v->changed = (time_t)le64toh(item.ctime.sec);
}

/* Where it lies: the first place, if a damaged file system has several. */
static void take_backref(const unsigned char *data, size_t size, uint64_t parent,
                         struct subvolume *v)
{
    struct btrfs_root_ref ref;
    size_t length;

    if (size < sizeof ref || v->parent)
        return;
    memcpy(&ref, data, sizeof ref);
    length = le16toh(ref.name_len);
    data += sizeof ref;
    if (length == 0 || length > size - sizeof ref || length >= sizeof v->name ||
        memchr(data, '/', length) || memchr(data, '\0', length))
        return;
    memcpy(v->name, data, length);
    v->name[length] = '\0';
    v->parent = parent;
    v->directory = le64toh(ref.dirid);
}

static bool is_subvolume_id(uint64_t id)
{
    return id == SUBVOLUME_TOP ||
           (id >= BTRFS_FIRST_FREE_OBJECTID && id <= BTRFS_LAST_FREE_OBJECTID);
}

int subvolumes_parse(const unsigned char *data, size_t size, unsigned count,
                     struct subvolume_set *s)
{
    for (unsigned i = 0; i < count; i++) {
        struct btrfs_ioctl_search_header h;

        if (size < sizeof h)
            return 0;
        memcpy(&h, data, sizeof h);
        data += sizeof h;
        size -= sizeof h;
        if (h.len > size)
            return 0;
        if (is_subvolume_id(h.objectid)) {
            uint64_t last = s->count ? s->items[s->count - 1].id : 0;
            bool known = last == h.objectid;

            /* Ids grow, and the item of a root comes before its references. */
            if (h.type == BTRFS_ROOT_ITEM_KEY && h.objectid > last && s->count < SUBVOLUMES_MAX) {
                if (add(s, h.objectid) < 0)
                    return -ENOMEM;
                take_root_item(data, h.len, &s->items[s->count - 1]);
            } else if (h.type == BTRFS_ROOT_BACKREF_KEY && known) {
                take_backref(data, h.len, h.offset, &s->items[s->count - 1]);
            }
        }
        data += h.len;
        size -= h.len;
    }
    return 0;
}

/* The first of the item's key that is beyond the last one found; false at the end. */
static bool step_on(struct btrfs_ioctl_search_key *key, const unsigned char *data, size_t size)
{
    struct btrfs_ioctl_search_header h = {0};

    for (unsigned i = 0; i < key->nr_items; i++) {
        if (size < sizeof h)
            return false;
        memcpy(&h, data, sizeof h);
        if (h.len > size - sizeof h)
            return false;
        data += sizeof h + h.len;
        size -= sizeof h + h.len;
    }
    key->min_objectid = h.objectid;
    key->min_type = h.type;
    key->min_offset = h.offset + 1;
    if (key->min_offset == 0 && ++key->min_type == 0)
        key->min_objectid++;
    return true;
}

static int search(int fd, struct btrfs_ioctl_search_args_v2 *args)
{
    args->buf_size = BUFFER;
    args->key.tree_id = BTRFS_ROOT_TREE_OBJECTID;
    args->key.max_offset = args->key.max_transid = UINT64_MAX;
    args->key.nr_items = UINT32_MAX;
    return ioctl(fd, BTRFS_IOC_TREE_SEARCH_V2, args) < 0 ? -errno : 0;
}

/* The entry "default" in the directory of the tree of tree roots. */
static int read_default(int fd, struct btrfs_ioctl_search_args_v2 *args, uint64_t *ret)
{
    struct btrfs_ioctl_search_header h;
    struct btrfs_dir_item item;
    int r;

    memset(&args->key, 0, sizeof args->key);
    args->key.min_objectid = args->key.max_objectid = BTRFS_ROOT_TREE_DIR_OBJECTID;
    args->key.min_type = args->key.max_type = BTRFS_DIR_ITEM_KEY;
    r = search(fd, args);
    *ret = SUBVOLUME_TOP;
    if (r < 0 || args->key.nr_items == 0)
        return r;
    memcpy(&h, args->buf, sizeof h);
    if (h.len < sizeof item)
        return 0;
    memcpy(&item, args->buf + sizeof h, sizeof item);
    *ret = le64toh(item.location.objectid);
    return 0;
}

int subvolumes_read(int fd, struct subvolume_set *ret)
{
    _cleanup_free_ struct btrfs_ioctl_search_args_v2 *args = malloc(sizeof *args + BUFFER);
    int r;

    *ret = (struct subvolume_set){.items = NULL};
    if (!args)
        return -ENOMEM;
    r = read_default(fd, args, &ret->default_id);
    memset(&args->key, 0, sizeof args->key);
    args->key.min_objectid = SUBVOLUME_TOP;
    args->key.max_objectid = BTRFS_LAST_FREE_OBJECTID;
    args->key.max_type = UINT32_MAX;
    while (r == 0 && ret->count < SUBVOLUMES_MAX) {
        r = search(fd, args);
        if (r < 0 || args->key.nr_items == 0)
            break;
        r = subvolumes_parse((const unsigned char *)args->buf, BUFFER, args->key.nr_items, ret);
        if (!step_on(&args->key, (const unsigned char *)args->buf, BUFFER))
            break;
    }
    return r;
}

void subvolumes_free(struct subvolume_set *s)
{
    free(s->items);
    *s = (struct subvolume_set){.items = NULL};
}

static int compare_ids(const void *a, const void *b)
{
    const struct subvolume *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

const struct subvolume *subvolume_find(const struct subvolume_set *s, uint64_t id)
{
    const struct subvolume wanted = {.id = id};

    return s->count ? bsearch(&wanted, s->items, s->count, sizeof wanted, compare_ids) : NULL;
}

/* From the end to the start: each part is put before what is there. */
static int prepend(char *path, size_t size, const char *part)
{
    size_t length = strlen(part), there = strlen(path);

    if (length + there >= size)
        return -ENAMETOOLONG;
    memmove(path + length, path, there + 1);
    for (size_t i = 0; i < length; i++)
        path[i] = part[i];
    return 0;
}

int subvolume_path(int fd, const struct subvolume_set *s, const struct subvolume *v, char *ret,
                   size_t size)
{
    char path[4096] = "";
    int r = 0;

    for (unsigned depth = 0; r == 0 && v->id != SUBVOLUME_TOP; depth++) {
        struct btrfs_ioctl_ino_lookup_args lookup = {.treeid = v->parent, .objectid = v->directory};
        const struct subvolume *parent = subvolume_find(s, v->parent);

        if (!parent || depth == DEPTH_MAX)
            return -ENOENT;
        if (path[0])
            r = prepend(path, sizeof path, "/");
        if (r == 0)
            r = prepend(path, sizeof path, v->name);
        /* The directory's path in its own subvolume, with a slash behind it. */
        if (r == 0 && v->directory != BTRFS_FIRST_FREE_OBJECTID) {
            if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, &lookup) < 0)
                return -errno;
            lookup.name[sizeof lookup.name - 1] = '\0';
            r = prepend(path, sizeof path, lookup.name);
        }
        v = parent;
    }
    if (r < 0 || strlen(path) >= size)
        return -ENAMETOOLONG;
    memcpy(ret, path, strlen(path) + 1);
    return 0;
}

/* One thing that several subvolumes may have in common. */
struct trait {
    unsigned char key[17]; /* a kind, and what of it */
    unsigned index;
};

enum trait_kind { TRAIT_UUID, TRAIT_RECEIVED, TRAIT_PLACE };

static unsigned add_trait(struct trait *traits, unsigned count, enum trait_kind kind,
                          const void *value, size_t size, unsigned index)
{
    static const unsigned char none[16];

    if (memcmp(value, none, size) == 0)
        return count;
    traits[count] = (struct trait){.index = index};
    traits[count].key[0] = (unsigned char)kind;
    memcpy(traits[count].key + 1, value, size);
    return count + 1;
}

static int compare_traits(const void *a, const void *b)
{
    return memcmp(((const struct trait *)a)->key, ((const struct trait *)b)->key,
                  sizeof((const struct trait *)a)->key);
}

/* The least of the family so far; paths are shortened on the way. */
static unsigned first_of(unsigned *family, unsigned i)
{
    while (family[i] != i)
        i = family[i] = family[family[i]];
    return i;
}

static void join(unsigned *family, unsigned a, unsigned b)
{
    a = first_of(family, a);
    b = first_of(family, b);
    if (a < b)
        family[b] = a;
    else
        family[a] = b;
}

/* snapper(8): NUMBER/snapshot in a subvolume of this name, which lies in what they are of. */
static bool is_snappers(const struct subvolume *v, const struct subvolume *parent)
{
    return parent && strcmp(v->name, "snapshot") == 0 && strcmp(parent->name, ".snapshots") == 0;
}

/* When the snapshot that a system was rolled back to is gone, only the place still tells. */
static unsigned place_traits(const struct subvolume_set *s, struct trait *traits, unsigned count)
{
    for (unsigned i = 0; i < s->count; i++)
        if (is_snappers(&s->items[i], subvolume_find(s, s->items[i].parent)))
            count = add_trait(traits, count, TRAIT_PLACE, &s->items[i].parent,
                              sizeof s->items[i].parent, i);
    return count;
}

void subvolume_families(const struct subvolume_set *s, unsigned *ret_family)
{
    _cleanup_free_ struct trait *traits = calloc((size_t)s->count * 4 + 1, sizeof *traits);
    unsigned count = 0;

    for (unsigned i = 0; i < s->count; i++)
        ret_family[i] = i;
    if (!traits)
        return;
    for (unsigned i = 0; i < s->count; i++) {
        const struct subvolume *v = &s->items[i];

        count = add_trait(traits, count, TRAIT_UUID, v->uuid, sizeof v->uuid, i);
        count = add_trait(traits, count, TRAIT_UUID, v->made_of, sizeof v->made_of, i);
        count = add_trait(traits, count, TRAIT_RECEIVED, v->received, sizeof v->received, i);
    }
    count = place_traits(s, traits, count);
    qsort(traits, count, sizeof *traits, compare_traits);
    for (unsigned i = 1; i < count; i++)
        if (compare_traits(&traits[i - 1], &traits[i]) == 0)
            join(ret_family, traits[i - 1].index, traits[i].index);
    for (unsigned i = 0; i < s->count; i++)
        ret_family[i] = first_of(ret_family, i);
}
