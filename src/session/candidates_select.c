/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/candidates.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "storage/failing.h"
#include "storage/member.h"
#include "storage/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

char *candidate_describe(const struct candidate *c, char *buf, size_t size)
{
    const struct linux_system *s = &c->system;

    snprintf(buf, size, "%s: %s%s%s%s", c->name, s->hostname[0] ? text_safe(s->hostname) : "",
             s->hostname[0] ? ", " : "", s->pretty[0] ? text_safe(s->pretty) : "Linux",
             c->boots ? " (the machine boots this one)" : "");
    return buf;
}

/* "a.raw", "a.raw and b.raw", "a.raw, b.raw and c.raw": what the person has named. */
static const char *name_targets(struct disk *const *disks, unsigned disk_count, char *buf,
                                size_t size, unsigned *ret_count)
{
    unsigned count = 0, done = 0;
    size_t used = 0;

    for (unsigned i = 0; i < disk_count; i++)
        count += disks[i]->kind == DISK_TARGET;
    buf[0] = '\0';
    for (unsigned i = 0; i < disk_count && used < size; i++)
        if (disks[i]->kind == DISK_TARGET) {
            const char *before = done == 0 ? "" : done + 1 == count ? " and " : ", ";

            used += (size_t)snprintf(buf + used, size - used, "%s%s", before,
                                     text_safe(disks[i]->target));
            done++;
        }
    *ret_count = count;
    return buf;
}

/* --- when there is none --- */

/* What a person should know first: something closed, which may well be the root; else swap. */
static const struct volume *find_telling(struct disk *const *disks, unsigned disk_count,
                                         const struct disk **ret_disk, unsigned *ret_with_contents)
{
    const struct volume *closed = NULL, *swap = NULL;

    *ret_with_contents = 0;
    for (unsigned i = 0; i < disk_count; i++)
        for (unsigned j = 0; j < disks[i]->volume_count; j++) {
            const struct volume *v = &disks[i]->volumes[j];

            if (disks[i]->selected && disks[i]->selected != v->number)
                continue;
            *ret_with_contents += v->fs.type[0] != '\0';
            if (!closed && member_type_find(v->fs.type)) {
                closed = v;
                *ret_disk = disks[i];
            } else if (!swap && strcmp(v->fs.type, "swap") == 0)
                swap = v;
        }
    return closed ? closed : swap;
}

/* @on: what it is on, which may be a part of @d. */
static int say_closed(const struct disk *d, const struct disk *on, const struct volume *v,
                      struct error *e)
{
    const struct member_type *member = member_type_find(v->fs.type);
    char opens[300], node[160];

    (void)error_set(e, ERROR_TARGET, -ENOENT, member ? "locked" : "no-system",
                    "%s: no Linux system that can be opened; %s is %s", text_safe(d->target),
                    v->number ? text_safe(v->name) : "it", member ? member->what : "swap space");
    if (member && member->opens)
        (void)error_advise(
            e, "open it on this host, and give the device that appears: %s",
            member_opens(member, disk_volume_node(on, v, node, sizeof node), opens, sizeof opens));
    else if (member)
        (void)error_advise(e, "unbrick list %s shows what is on it", shell_word(d->target));
    return -ENOENT;
}

/* The beginning of a file system is gone, and a copy of what stood there is not. */
static const struct volume *lost_superblock(struct disk *const *disks, unsigned disk_count)
{
    for (unsigned i = 0; i < disk_count; i++)
        for (unsigned j = 0; j < disks[i]->volume_count; j++)
            if (disks[i]->volumes[j].fs.backup_block)
                return &disks[i]->volumes[j];
    return NULL;
}

static const struct volume *unreadable_volume(struct disk *const *disks, unsigned disk_count)
{
    for (unsigned i = 0; i < disk_count; i++)
        for (unsigned j = 0; j < disks[i]->volume_count; j++)
            if (disks[i]->volumes[j].unreadable)
                return &disks[i]->volumes[j];
    return NULL;
}

static int explain_lost_superblock(const struct disk *d, const struct volume *v, struct error *e)
{
    (void)error_set(
        e, ERROR_TARGET, -ENOENT, "superblock-lost",
        "%s: no Linux system; the superblock of the file system on %s is lost, and a copy "
        "of it is in block %u",
        text_safe(d->target), text_safe(v->name), v->fs.backup_block);
    return error_advise(e,
                        "copy the disk; then let e2fsck take the copy of the superblock: e2fsck "
                        "-b %u -B %u PARTITION",
                        v->fs.backup_block, v->fs.backup_block_size);
}

static const struct disk *lost_disk(struct disk *const *disks, unsigned disk_count)
{
    for (unsigned i = 0; i < disk_count; i++)
        if (disks[i]->lost != DISK_LOST_NOTHING)
            return disks[i];
    return NULL;
}

static int explain_lost_table(const struct disk *d, struct error *e)
{
    (void)error_set(e, ERROR_TARGET, -ENOENT, "table-lost", "%s: %s", text_safe(d->target),
                    d->table_error);
    if (d->lost == DISK_LOST_END)
        return error_advise(e, "copy it again, in full");
    /* Without the entry that protects a GPT only gdisk takes the copy, and asks; sfdisk does not.
     */
    return error_advise(
        e,
        "put it back, after copying the disk: gdisk %s: 1 (use current GPT) where it "
        "asks, then w (write)",
        shell_word(d->target));
}

static int no_system(const struct candidates *c, struct disk *const *disks, unsigned disk_count,
                     struct error *e)
{
    const struct disk *d = disks[0], *on = d;
    unsigned with_contents;
    const struct volume *telling = find_telling(disks, disk_count, &on, &with_contents);
    const struct volume *lost = lost_superblock(disks, disk_count);
    const struct volume *unreadable = unreadable_volume(disks, disk_count);
    const struct disk *half = lost_disk(disks, disk_count);
    char targets[400];
    unsigned count;

    (void)name_targets(disks, disk_count, targets, sizeof targets, &count);
    if (unreadable)
        return failing_disk(text_safe(unreadable->name), strerror(EIO), e);
    if (half)
        return explain_lost_table(half, e);
    if (lost)
        return explain_lost_superblock(d, lost, e);
    if (c->unreadable_count)
        return error_set(e, c->unreadable_here ? ERROR_HOST : ERROR_TARGET, -EUCLEAN, "unreadable",
                         "%s: a file system is there (%s on %s) but cannot be looked into: %s",
                         text_safe(d->target), c->unreadable[0]->fs.type,
                         text_safe(c->unreadable[0]->name), c->unreadable_why);
    if (telling)
        return say_closed(d, on, telling, e);
    if (with_contents == 0) {
        (void)error_set(e, ERROR_TARGET, -ENOENT, "no-filesystem",
                        "%s: no partition table and no file system was found on %s%s%s", targets,
                        count > 1 ? "them" : "it", d->table_error[0] ? "; " : "", d->table_error);
        return error_advise(e, "if this is the right disk, look for a lost partition table or "
                               "superblock before anything is written: fdisk -l, testdisk");
    }
    (void)error_set(e, ERROR_TARGET, -ENOENT, "no-system",
                    "%s: no Linux system was found in %s file systems", targets,
                    count > 1 ? "their" : "its");
    return error_advise(e, "unbrick list %s shows what is on it", shell_word(d->target));
}

/* --- versions --- */

static const struct version *find_version(const struct candidates *c, const char *name)
{
    for (unsigned i = 0; i < c->version_count; i++)
        if (strcmp(c->versions[i].name, name) == 0)
            return &c->versions[i];
    return NULL;
}

static bool is_same_place(const struct root_place *a, const struct root_place *b)
{
    return a->subvolume_id == b->subvolume_id && strcmp(a->deployment, b->deployment) == 0;
}

/* Look into it: what is in a version is only known when somebody wants it. */
static int inspect(const struct candidate *c, struct linux_system *ret, struct error *e)
{
    _cleanup_fd_ int fd = -1, root = -1;
    char options[64];

    fd = mount_volume(c->volume, MOUNT_NO_REPLAY,
                      candidate_mount_options(&c->place, options, sizeof options), NULL, 0, e);
    if (fd < 0)
        return fd;
    root = path_open_strict(fd, c->place.deployment, O_DIRECTORY);
    if (root < 0)
        return error_errno(e, root, "%s cannot be opened", c->name);
    return system_inspect(root, ret, e);
}

/* The version as one more candidate, in the last place when there is no other. */
static int take_version(struct candidates *c, const struct version *v, const struct candidate **ret,
                        struct error *e)
{
    const struct candidate *of = &c->items[v->of];
    struct candidate own = {.disk = of->disk,
                            .volume = of->volume,
                            .place = v->place,
                            .is_version = true,
                            .read_only = v->read_only};
    int r;

    if (is_same_place(&of->place, &v->place)) { /* the current one, by its full name */
        *ret = of;
        return 0;
    }
    snprintf(own.name, sizeof own.name, "%s", v->name);
    r = inspect(&own, &own.system, e);
    if (r < 0)
        return error_context(e, r, "%s", v->name);
    if (c->count == CANDIDATES_MAX)
        c->count--;
    c->items[c->count] = own;
    *ret = &c->items[c->count++];
    return 0;
}

/* --- */

static bool is_wanted(const struct candidate *c, const char *wanted)
{
    return strcmp(c->name, wanted) == 0 || strcmp(c->system.hostname, wanted) == 0 ||
           strcmp(c->system.id, wanted) == 0;
}

static int no_such_system(const struct candidates *c, struct disk *const *disks,
                          unsigned disk_count, const char *wanted, const char *names,
                          struct error *e)
{
    char targets[400];
    unsigned count;

    (void)name_targets(disks, disk_count, targets, sizeof targets, &count);
    (void)error_set(e, ERROR_TARGET, -ENOENT, "no-such-system",
                    "%s: no system of the name \"%s\" is on %s", targets, text_safe(wanted),
                    count > 1 ? "them" : "it");
    (void)error_advise(
        e, "there are: %s%s", names,
        c->version_count ? "; and versions of them, which unbrick list --verbose shows" : "");
    return -ENOENT;
}

int candidates_select(struct candidates *c, struct disk *const *disks, unsigned disk_count,
                      const char *wanted, const struct candidate **ret, struct error *e)
{
    const struct version *version = wanted ? find_version(c, wanted) : NULL;
    const struct candidate *found = NULL;
    char names[400] = "", targets[400];
    unsigned matches = 0, count;

    for (unsigned i = 0; i < c->count; i++) {
        size_t used = strlen(names);

        snprintf(names + used, sizeof names - used, "%s%s%s", used ? ", " : "", c->items[i].name,
                 c->items[i].boots ? " (which the machine boots)" : "");
        /* The exact name wins over a host name that several copies share. */
        if (wanted && strcmp(c->items[i].name, wanted) == 0) {
            *ret = &c->items[i];
            return 0;
        }
        if (!wanted || is_wanted(&c->items[i], wanted)) {
            found = &c->items[i];
            matches++;
        }
    }
    if (version)
        return take_version(c, version, ret, e);
    if (matches == 1) {
        *ret = found;
        return 0;
    }
    if (c->count == 0)
        return no_system(c, disks, disk_count, e);
    if (matches == 0)
        return no_such_system(c, disks, disk_count, wanted, names, e);
    (void)name_targets(disks, disk_count, targets, sizeof targets, &count);
    (void)error_set(e, ERROR_REFUSED, -ENOTUNIQ, "ambiguous", "%s %s %u Linux systems", targets,
                    count > 1 ? "hold" : "holds", matches);
    (void)error_advise(e, "name one: --system=NAME with one of %s", names);
    return -ENOTUNIQ;
}
