/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Systems on a btrfs. Its subvolumes are sorted into families of what was made of each other; a
 * family with a root in it is one system, and what else is in it are that system's versions:
 *
 *   Ubuntu, Debian   @ or @rootfs, @home; snapshots of Timeshift and others wherever they are
 *   Fedora           root, home
 *   openSUSE, SLES   the default subvolume is @/.snapshots/N/snapshot, and so are the snapshots
 *   several systems  each in a subvolume at the top level
 */

#include "session/candidates_private.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/subvolume.h"
#include "system/snapper.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Subvolumes that are looked into. */
#define LOOKS_MAX 64

/* Of two versions of one system neither of which is the default one: names that distributions give
 * to the root, most likely first. */
static const char *const usual_roots[] = {"@", "root", "@rootfs", "@root", "rootfs", "ROOT"};

/* Trees that are no systems of their own, although they look like it: containers. */
static const struct {
    const char *directory, *whose;
} container_stores[] = {
    {"btrfs/subvolumes/", "docker, podman: the storage driver btrfs"},
    {"io.containerd.snapshotter.v1.btrfs/", "containerd"},
    {"machines/", "systemd-nspawn, machinectl(1)"},
    {"lxc/", "LXC"},
};

/* Seconds in which what makes a snapshot may write into it. */
#define SETTLED 60

enum state { NOT_LOOKED_AT, NO_ROOT, ROOT };

struct layout {
    const struct look *look;
    int fd; /* of the top level, or of any directory in it */
    struct subvolume_set set;
    unsigned *family;
    unsigned char *state; /* enum state of each */
    unsigned looks;
};

static bool path_of(const struct layout *l, unsigned i, char ret[256])
{
    return subvolume_path(l->fd, &l->set, &l->set.items[i], ret, 256) == 0;
}

static bool is_in_container_store(const char *path)
{
    for (size_t i = 0; i < sizeof container_stores / sizeof container_stores[0]; i++) {
        const char *at = strstr(path, container_stores[i].directory);

        if (at && (at == path || at[-1] == '/'))
            return true;
    }
    return false;
}

static int open_subvolume(const struct layout *l, unsigned i)
{
    char path[256];

    if (!path_of(l, i, path))
        return -1;
    return path_open_strict(l->fd, path, O_DIRECTORY);
}

/* The same machine, whatever the tree of roots has forgotten. */
static void join_same_machine(struct layout *l, unsigned i, int fd)
{
    static const char path[] = "/etc/machine-id";
    _cleanup_free_ char *own = NULL;
    size_t size;

    if (path_read(fd, path, 256, &own, &size) < 0 || size < 32 || text_starts_with(own, "uninit"))
        return;
    for (unsigned j = 0; j < l->set.count; j++) {
        _cleanup_free_ char *other = NULL;
        _cleanup_fd_ int other_fd = -1;

        if (l->state[j] != ROOT || l->family[j] == l->family[i])
            continue;
        other_fd = open_subvolume(l, j);
        if (other_fd < 0 || path_read(other_fd, path, 256, &other, NULL) < 0 ||
            strcmp(own, other) != 0)
            continue;
        for (unsigned k = 0, old = l->family[i]; k < l->set.count; k++)
            if (l->family[k] == old)
                l->family[k] = l->family[j];
        return;
    }
}

static void look_at(struct layout *l, unsigned i)
{
    _cleanup_fd_ int fd = -1;
    char path[256];

    if (l->state[i] != NOT_LOOKED_AT || l->looks == LOOKS_MAX || !path_of(l, i, path) ||
        is_in_container_store(path))
        return;
    l->looks++;
    fd = open_subvolume(l, i);
    l->state[i] = fd >= 0 && candidates_is_root(fd) ? ROOT : NO_ROOT;
    if (l->state[i] == ROOT)
        join_same_machine(l, i, fd);
}

static bool any_root(const struct layout *l)
{
    for (unsigned i = 0; i < l->set.count; i++)
        if (l->state[i] == ROOT)
            return true;
    return false;
}

/* The default one, and what lies at the top level. When that is a root itself, everything lies in
 * it: then what else is there belongs to it. */
static void find_roots(struct layout *l)
{
    const struct subvolume *top = subvolume_find(&l->set, SUBVOLUME_TOP);
    bool whole = false;

    for (unsigned i = 0; i < l->set.count; i++)
        if (l->set.items[i].id == l->set.default_id)
            look_at(l, i);
    if (top) {
        look_at(l, (unsigned)(top - l->set.items));
        whole = l->state[top - l->set.items] == ROOT;
    }
    for (unsigned i = 0; i < l->set.count && !whole; i++)
        if (l->set.items[i].parent == SUBVOLUME_TOP)
            look_at(l, i);
    /* The root is gone, or lies deeper: the last that is one. */
    for (unsigned i = l->set.count; i-- > 0 && !any_root(l);)
        look_at(l, i);
}

static unsigned rank(const struct layout *l, unsigned i)
{
    const size_t count = sizeof usual_roots / sizeof usual_roots[0];

    if (l->set.items[i].id == l->set.default_id)
        return 0;
    for (unsigned n = 0; n < count; n++)
        if (l->set.items[i].parent == SUBVOLUME_TOP &&
            strcmp(l->set.items[i].name, usual_roots[n]) == 0)
            return n + 1;
    return (unsigned)count + (l->set.items[i].read_only ? 2 : 1);
}

/* The root that its family is known by. */
static bool is_main(const struct layout *l, unsigned i)
{
    if (l->state[i] != ROOT)
        return false;
    for (unsigned j = 0; j < l->set.count; j++) {
        unsigned mine = rank(l, i), other = rank(l, j);

        if (j != i && l->state[j] == ROOT && l->family[j] == l->family[i] &&
            (other < mine || (other == mine && j < i)))
            return false;
    }
    return true;
}

static bool place_of(const struct layout *l, unsigned i, struct root_place *ret)
{
    *ret = (struct root_place){.subvolume_id = 0};
    if (l->set.items[i].id == l->set.default_id)
        return true;
    ret->subvolume_id = l->set.items[i].id;
    return path_of(l, i, ret->subvolume);
}

/* NUMBER/info.xml beside NUMBER/snapshot. */
static void describe(const struct layout *l, struct version *v)
{
    _cleanup_free_ char *data = NULL;
    char path[300];
    char *slash;

    snprintf(path, sizeof path, "%s", v->place.subvolume);
    slash = strrchr(path, '/');
    if (!slash || strcmp(slash, "/snapshot") != 0)
        return;
    snprintf(slash, sizeof path - (size_t)(slash - path), "/info.xml");
    if (path_read(l->fd, path, 65536, &data, NULL) == 0)
        (void)snapper_info_get(data, "description", v->description, sizeof v->description);
}

static int newest_first(const void *a, const void *b)
{
    const struct version *x = a, *y = b;

    return x->created != y->created ? (x->created < y->created ? 1 : -1)
                                    : strverscmp(y->name, x->name);
}

/* Ids grow with time: of too many the newest are kept. */
static void add_snapshots(const struct layout *l, const struct candidate *c, unsigned family,
                          uint64_t own_id)
{
    struct candidates *found = l->look->search->found;
    unsigned before = found->version_count;

    for (unsigned i = l->set.count; i-- > 0;) {
        const struct subvolume *s = &l->set.items[i];
        struct root_place place;
        struct version *v;

        if (l->family[i] != family || l->state[i] == NO_ROOT || s->id == own_id ||
            s->id == SUBVOLUME_TOP || !place_of(l, i, &place) ||
            is_in_container_store(place.subvolume))
            continue;
        v = candidates_add_version(l->look, c, VERSION_SNAPSHOT, &place);
        if (!v)
            break;
        v->created = s->created;
        v->read_only = s->read_only;
        v->changed = s->changed > s->created + SETTLED;
        describe(l, v);
    }
    if (found->version_count > before)
        qsort(found->versions + before, found->version_count - before, sizeof *found->versions,
              newest_first);
}

static bool open_layout(const struct look *look, int any_fd, struct layout *l)
{
    *l = (struct layout){.look = look};
    l->fd = path_open(any_fd, ".", O_RDONLY | O_DIRECTORY);
    if (l->fd < 0 || subvolumes_read(l->fd, &l->set) < 0)
        return false;
    l->family = calloc((size_t)l->set.count + 1, sizeof *l->family);
    l->state = calloc((size_t)l->set.count + 1, 1);
    if (l->family)
        subvolume_families(&l->set, l->family);
    return l->family && l->state;
}

static void close_layout(struct layout *l)
{
    free(l->family);
    free(l->state);
    subvolumes_free(&l->set);
    l->fd = fd_close(l->fd);
}

void candidates_look_at_btrfs(const struct look *look, int top_fd)
{
    struct layout l;
    bool open = open_layout(look, top_fd, &l);

    if (open)
        find_roots(&l);
    for (unsigned i = 0; open && i < l.set.count; i++) {
        _cleanup_fd_ int fd = -1;
        struct candidate *c;
        struct root_place place;

        if (!is_main(&l, i) || !place_of(&l, i, &place))
            continue;
        fd = open_subvolume(&l, i);
        if (fd < 0)
            continue;
        candidates_note_loaders(look, fd);
        c = candidates_add(look, &place, fd);
        if (c)
            c->read_only = l.set.items[i].read_only;
        if (c)
            add_snapshots(&l, c, l.family[i], l.set.items[i].id);
    }
    close_layout(&l);
}

/* The subvolume that a directory is in (BTRFS_IOC_INO_LOOKUP with a tree of 0). */
static uint64_t subvolume_of(int fd)
{
    struct btrfs_ioctl_ino_lookup_args lookup = {.objectid = 256};

    return ioctl(fd, BTRFS_IOC_INO_LOOKUP, &lookup) < 0 ? 0 : lookup.treeid;
}

bool candidates_look_at_mounted_btrfs(const struct look *look, int fd)
{
    struct layout l;
    struct candidate *c = NULL;

    if (open_layout(look, fd, &l)) {
        const struct subvolume *own = subvolume_find(&l.set, subvolume_of(l.fd));
        unsigned i = own ? (unsigned)(own - l.set.items) : 0;
        struct root_place place;

        if (own && place_of(&l, i, &place))
            c = candidates_add(look, &place, fd);
        if (c)
            add_snapshots(&l, c, l.family[i], own->id);
    }
    close_layout(&l);
    return c;
}
