/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/candidates_private.h"

#include "base/fd.h"
#include "base/host.h"
#include "base/path.h"
#include "base/text.h"
#include "storage/in_use.h"
#include "storage/mount.h"
#include "system/os_release.h"
#include "system/ostree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Volumes whose mounts are held at once; a host with more has them looked at in several goes. */
#define OPEN_MAX 256

struct open_volume {
    struct look look;
    bool wanted;  /* it may hold the system; others only tell what boots */
    int fd;       /* its root; of a btrfs the top level */
    bool mounted; /* by the host */
};

bool candidates_is_root(int tree_fd)
{
    struct ostree_deployment d;

    return system_recognise(tree_fd) == SYSTEM_ROOT || ostree_find(tree_fd, &d, 1) > 0;
}

/* What tells a place from others on its volume: "@", "fedora/1a2b3c4d5e.0", "root:fedora/...". */
static void name_place(const struct root_place *p, char *ret, size_t size)
{
    const char *last = strrchr(p->deployment, '/'), *os = p->deployment + strlen("ostree/deploy/");

    snprintf(ret, size, "%s", p->subvolume);
    if (!p->deployment[0] || !last)
        return;
    /* As ostree_name() has it. */
    snprintf(ret, size, "%s%s%.*s/%.10s%s", p->subvolume, p->subvolume[0] ? ":" : "",
             (int)strcspn(os, "/"), os, last + 1, strrchr(p->deployment, '.'));
}

static void make_name(const struct look *l, const char *inner, char *ret, size_t size)
{
    const struct disk *d = l->disk;
    const struct volume *v = l->volume;
    /* "vg0/root", "md0": its own names are stable. */
    bool with_disk = l->search->several_targets && d->kind == DISK_TARGET;

    snprintf(ret, size, "%s%s%s%s%s", with_disk ? text_safe(d->name) : "", with_disk ? "/" : "",
             v->number || d->kind != DISK_TARGET ? text_safe(v->name) : "disk", inner[0] ? ":" : "",
             text_safe(inner));
}

struct version *candidates_add_version(const struct look *l, const struct candidate *of,
                                       enum version_kind kind, const struct root_place *place)
{
    struct candidates *c = l->search->found;
    struct version *v;
    char inner[600];

    if (!c->versions)
        c->versions = calloc(VERSIONS_MAX, sizeof *c->versions);
    if (!c->versions || c->version_count == VERSIONS_MAX)
        return NULL;
    v = &c->versions[c->version_count++];
    *v = (struct version){.kind = kind, .of = (unsigned)(of - c->items), .place = *place};
    name_place(place, inner, sizeof inner);
    make_name(l, inner, v->name, sizeof v->name);
    return v;
}

static struct candidate *add_system(const struct look *l, const struct root_place *place,
                                    int root_fd)
{
    struct candidates *c = l->search->found;
    struct candidate *item = &c->items[c->count];

    if (c->count == CANDIDATES_MAX || system_recognise(root_fd) != SYSTEM_ROOT)
        return NULL;
    memset(item, 0, sizeof *item);
    if (system_inspect(root_fd, &item->system, NULL) < 0)
        return NULL;
    item->disk = l->disk;
    item->volume = l->volume;
    item->place = *place;
    make_name(l, place->subvolume, item->name, sizeof item->name);
    c->count++;
    return item;
}

/* The version of an operating system that is built as OSTree commits. */
static void describe_deployment(int root_fd, struct version *v)
{
    static const char *const keys[] = {"OSTREE_VERSION", "VERSION", "PRETTY_NAME"};
    _cleanup_free_ char *data = NULL;

    if (path_read(root_fd, "/usr/lib/os-release", 65536, &data, NULL) < 0)
        return;
    for (size_t i = 0; !v->description[0] && i < sizeof keys / sizeof keys[0]; i++)
        (void)os_release_get(data, keys[i], v->description, sizeof v->description);
}

/* The first that a boot loader names; without one the last that was deployed. */
static int default_deployment(const struct search *s, int tree_fd,
                              const struct ostree_deployment *deployments, unsigned count)
{
    for (unsigned i = 0; i < s->told_count; i++) {
        int n = ostree_resolve(tree_fd, deployments, count, s->told[i].says.ostree);

        if (n >= 0)
            return n;
    }
    return 0;
}

static void add_deployment(const struct look *l, const struct candidate *of,
                           const struct root_place *place, const struct ostree_deployment *d,
                           int tree_fd, bool current)
{
    _cleanup_fd_ int fd = path_open_strict(tree_fd, d->path, O_DIRECTORY);
    struct root_place own = *place;
    struct version *v;

    snprintf(own.deployment, sizeof own.deployment, "%s", d->path);
    v = candidates_add_version(l, of, VERSION_DEPLOYMENT, &own);
    if (!v)
        return;
    v->created = d->deployed;
    v->current = current;
    if (fd >= 0)
        describe_deployment(fd, v);
}

static struct candidate *add_ostree(const struct look *l, const struct root_place *place,
                                    int tree_fd, const struct ostree_deployment *deployments,
                                    unsigned count)
{
    unsigned chosen = (unsigned)default_deployment(l->search, tree_fd, deployments, count);
    struct root_place own = *place;
    struct candidate *c;
    _cleanup_fd_ int fd = path_open_strict(tree_fd, deployments[chosen].path, O_DIRECTORY);

    snprintf(own.deployment, sizeof own.deployment, "%s", deployments[chosen].path);
    c = fd < 0 ? NULL : add_system(l, &own, fd);
    if (c)
        add_deployment(l, c, place, &deployments[chosen], tree_fd, true);
    for (unsigned i = 0; c && i < count; i++)
        if (i != chosen)
            add_deployment(l, c, place, &deployments[i], tree_fd, false);
    return c;
}

struct candidate *candidates_add(const struct look *l, const struct root_place *place, int tree_fd)
{
    struct ostree_deployment deployments[OSTREE_DEPLOYMENTS_MAX];
    unsigned count = ostree_find(tree_fd, deployments, OSTREE_DEPLOYMENTS_MAX);

    return count ? add_ostree(l, place, tree_fd, deployments, count)
                 : add_system(l, place, tree_fd);
}

void candidates_note_loaders(const struct look *l, int tree_fd)
{
    struct boot_root roots[BOOT_ROOTS_MAX];
    struct search *s = l->search;
    unsigned count = boot_roots_find(tree_fd, roots, BOOT_ROOTS_MAX);

    for (unsigned i = 0; i < count && s->told_count < TOLD_MAX; i++)
        s->told[s->told_count++] = (struct told_root){.from = l->volume, .says = roots[i]};
}

static bool is_btrfs(const struct volume *v)
{
    return strcmp(v->fs.type, "btrfs") == 0;
}

/* For `list`: what the host has mounted is read where it is, and only where the whole file system
 * is to be seen; a btrfs where a subvolume is. */
static int open_mounted(void *userdata, const char *path, const char *root)
{
    struct open_volume *o = userdata;
    int fd;

    if (!is_btrfs(o->look.volume) && strcmp(root, "/") != 0)
        return 0;
    o->mounted = true;
    fd = host_open(path, O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && (o->fd < 0 || candidates_is_root(fd))) {
        fd_close(o->fd);
        o->fd = fd;
    } else {
        fd_close(fd);
    }
    return 0;
}

/* What a kernel says for want of means or rights, and of no file system. */
static bool is_of_host(int code)
{
    static const int codes[] = {ENOMEM, EPERM, EMFILE, ENFILE, ENOSYS};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (code == -codes[i])
            return true;
    return false;
}

static void note_unreadable(struct candidates *c, const struct volume *v, const struct error *e)
{
    if (c->unreadable_count == 0) {
        snprintf(c->unreadable_why, sizeof c->unreadable_why, "%.255s", e->text);
        c->unreadable_here = is_of_host(e->code);
    }
    if (c->unreadable_count < CANDIDATES_MAX)
        c->unreadable[c->unreadable_count++] = v;
}

/* True when there is something to look at. */
static bool open_volume(struct open_volume *o)
{
    const struct volume *v = o->look.volume;
    struct error e = {0};

    o->fd = -1;
    o->mounted = false;
    if (strcmp(v->fs.usage, "filesystem") != 0 || v->taken)
        return false;
    (void)in_use_mount_points(v->devno, open_mounted, o);
    if (o->mounted)
        return o->fd >= 0;
    o->fd = mount_volume(v, MOUNT_NO_REPLAY, is_btrfs(v) ? "subvolid=5" : NULL, NULL, 0, &e);
    if (o->fd < 0 && o->wanted)
        note_unreadable(o->look.search->found, v, &e);
    return o->fd >= 0;
}

/* That there is no system is known only where directories can be read. */
static void look_for_errors(const struct open_volume *o)
{
    static const char *const directories[] = {"/", "/etc", "/usr"};

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        int r = path_exists(o->fd, directories[i]);
        struct error e = {0};

        if (r >= 0 || r == -ELOOP || r == -ENOTDIR || r == -EAGAIN)
            continue;
        (void)error_errno(&e, r, "cannot read %s of %s", directories[i],
                          text_safe(o->look.volume->name));
        note_unreadable(o->look.search->found, o->look.volume, &e);
        return;
    }
}

static void look_into(struct open_volume *o)
{
    static const struct root_place whole;
    const struct candidates *found = o->look.search->found;
    unsigned before = found->count;

    if (!is_btrfs(o->look.volume))
        (void)candidates_add(&o->look, &whole, o->fd);
    else if (o->mounted)
        (void)candidates_look_at_mounted_btrfs(&o->look, o->fd);
    else
        candidates_look_at_btrfs(&o->look, o->fd);
    if (found->count == before)
        look_for_errors(o);
    o->fd = fd_close(o->fd);
}

/* A target may be the partition with the root itself. */
static bool is_named(const struct disk *d, const struct volume *v)
{
    return d->selected && d->selected == v->number;
}

static bool is_wanted(const struct search *s, const struct disk *d, const struct volume *v)
{
    for (unsigned i = 0; i < s->disk_count; i++)
        for (unsigned j = 0; j < s->disks[i]->volume_count; j++) {
            const struct volume *other = &s->disks[i]->volumes[j];

            if (is_named(s->disks[i], other) && strcmp(other->fs.usage, "filesystem") == 0)
                return is_named(d, v);
        }
    return !d->selected || is_named(d, v);
}

/* All are opened before one is looked into: what a boot loader on one says, is about another. */
static void look_at_all(struct search *s)
{
    struct open_volume *open = calloc(OPEN_MAX, sizeof *open);
    unsigned count = 0;

    for (unsigned i = 0; open && i < s->disk_count; i++)
        for (unsigned j = 0; j < s->disks[i]->volume_count; j++) {
            struct open_volume *o = &open[count];

            o->look =
                (struct look){.search = s, .disk = s->disks[i], .volume = &s->disks[i]->volumes[j]};
            o->wanted = is_wanted(s, o->look.disk, o->look.volume);
            if (!open_volume(o))
                continue;
            candidates_note_loaders(&o->look, o->fd);
            if (o->wanted)
                count++;
            else
                o->fd = fd_close(o->fd);
            if (count == OPEN_MAX)
                while (count > 0)
                    look_into(&open[--count]);
        }
    for (unsigned i = 0; open && i < count; i++)
        look_into(&open[i]);
    free(open);
}

void candidates_find(struct disk *const *disks, unsigned disk_count, struct candidates *ret)
{
    struct search *s = calloc(1, sizeof *s);
    unsigned targets = 0;

    free(ret->versions);
    ret->versions = NULL;
    ret->count = ret->version_count = ret->unreadable_count = 0;
    ret->unreadable_here = false;
    if (!s)
        return;
    for (unsigned i = 0; i < disk_count; i++)
        targets += disks[i]->kind == DISK_TARGET;
    s->found = ret;
    s->disks = disks;
    s->disk_count = disk_count;
    s->several_targets = targets > 1;
    look_at_all(s);
    candidates_mark_booting(s);
    free(s);
}

void candidates_free(struct candidates *c)
{
    if (c)
        free(c->versions);
    free(c);
}

char *candidate_mount_options(const struct root_place *place, char *buf, size_t size)
{
    buf[0] = '\0';
    if (place->subvolume_id)
        snprintf(buf, size, "subvolid=%llu", (unsigned long long)place->subvolume_id);
    return buf;
}
