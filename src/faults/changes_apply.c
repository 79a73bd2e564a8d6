/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/changes.h"

#include "base/fd.h"
#include "base/path.h"
#include "faults/changes_room.h"
#include "storage/partition_type.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

/* As many links as the kernel follows in a path (path_resolution(7)). */
#define LINKS_MAX 40

/* These say what the old contents were (ima(7), evmctl(1)): a copy would be a lie. */
static const char *const not_copied[] = {"security.ima", "security.evm"};

/* A place in the patient: a directory, and a name in it that is no link. */
struct place {
    int dir_fd;
    char name[NAME_MAX + 1];
    char backup[NAME_MAX + 1];
};

static void place_close(struct place *p)
{
    p->dir_fd = fd_close(p->dir_fd);
}

#define _cleanup_place_ __attribute__((cleanup(place_close)))
#define PLACE_NONE      ((struct place){.dir_fd = -1})

/* Split off the last component: "/etc/fstab" is "/etc" and "fstab". */
static int split(const char *path, char *ret_dir, size_t size, char ret_name[static NAME_MAX + 1])
{
    const char *slash = strrchr(path, '/');

    if (!slash || !slash[1] || strlen(slash + 1) > NAME_MAX || strcmp(slash + 1, ".") == 0 ||
        strcmp(slash + 1, "..") == 0)
        return -EINVAL;
    if ((size_t)snprintf(ret_dir, size, "%.*s/", (int)(slash - path), path) >= size)
        return -ENAMETOOLONG;
    memcpy(ret_name, slash + 1, strlen(slash + 1) + 1);
    return 0;
}

/* In a directory of pieces each file counts, whatever its name: mkinitramfs(8) reads all of conf.d,
 * grub-mkconfig(8) runs all of grub.d. Names with a dot in front are passed over by all of them. */
static bool is_directory_of_pieces(const char *dir)
{
    /* "ifcfg-eth0.old" would be an interface, with the same address. */
    static const char *const others[] = {"/etc/sysconfig/network-scripts/",
                                         "/etc/sysconfig/network/"};
    size_t length = strlen(dir);

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(dir, others[i]) == 0)
            return true;
    return length > 3 && memcmp(dir + length - 3, ".d/", 3) == 0;
}

/* Find where @path leads. @follow: a link at its end is followed, as a program that opens it would.
 */
static int find_place(int root_fd, const char *path, bool follow, const char *stamp,
                      struct place *ret)
{
    char at[PATH_MAX], dir[PATH_MAX], target[PATH_MAX];

    if ((size_t)snprintf(at, sizeof at, "%s", path) >= sizeof at)
        return -ENAMETOOLONG;
    for (unsigned i = 0; i < LINKS_MAX; i++) {
        _cleanup_fd_ int fd = -1;
        ssize_t n;
        int r = split(at, dir, sizeof dir, ret->name);

        if (r < 0)
            return r;
        fd = path_open(root_fd, dir, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
            return fd;
        n = follow ? readlinkat(fd, ret->name, target, sizeof target - 1) : -1;
        if (n < 0) {
            ret->dir_fd = take_fd(&fd);
            n = snprintf(ret->backup, sizeof ret->backup, "%s%.200s.unbrick-%.40s",
                         is_directory_of_pieces(dir) ? "." : "", ret->name, stamp);
            return n < 0 ? -EINVAL : 0;
        }
        target[n] = '\0';
        if ((size_t)snprintf(at, sizeof at, "%s%s", target[0] == '/' ? "" : dir, target) >=
            sizeof at)
            return -ENAMETOOLONG;
    }
    return -ELOOP;
}

static bool is_copied(const char *attribute)
{
    for (size_t i = 0; i < sizeof not_copied / sizeof not_copied[0]; i++)
        if (strcmp(not_copied[i], attribute) == 0)
            return false;
    return true;
}

/* ACLs, SELinux labels, capabilities. A file system without them has none to copy. */
static int copy_attributes(int from, int to)
{
    char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
    ssize_t size = flistxattr(from, names, sizeof names);

    if (size < 0)
        return errno == ENOTSUP ? 0 : -errno;
    for (const char *name = names; name < names + size; name += strlen(name) + 1) {
        ssize_t n = is_copied(name) ? fgetxattr(from, name, value, sizeof value) : -1;

        if (n >= 0 && fsetxattr(to, name, value, (size_t)n, 0) < 0)
            return -errno;
    }
    return 0;
}

/* What is new gets the label that the policy has for it. A file system that takes none is no error:
 * neither will SELinux look for one on it. */
static int label_new(const struct changes *c, const struct change *change, int fd, mode_t type)
{
    const char *label =
        c->label ? c->label(c->label_userdata, change->path, type | change->mode) : NULL;

    if (label && fsetxattr(fd, "security.selinux", label, strlen(label) + 1, 0) < 0 &&
        errno != ENOTSUP)
        return -errno;
    return 0;
}

/* File systems that store neither owners nor modes: all files have those of the mount's options,
 * and who asks for others is refused (fat_setattr() in fs/fat/file.c, and exfat's like it). */
static const long ownerless[] = {MSDOS_SUPER_MAGIC, EXFAT_SUPER_MAGIC};

/* The negative errno of a change of owner or mode that failed; 0 where there is none to change. */
static int unless_ownerless(int fd, int error)
{
    struct statfs st;

    for (size_t i = 0; error == EPERM && i < sizeof ownerless / sizeof ownerless[0]; i++)
        if (fstatfs(fd, &st) == 0 && (long)st.f_type == ownerless[i])
            return 0;
    return -error;
}

/* Mode, owner and attributes of what was there, or of a new file of root's. */
static int dress(int fd, int before_fd, mode_t mode)
{
    struct stat st = {.st_mode = mode};
    int r = before_fd >= 0 && fstat(before_fd, &st) < 0 ? -errno : 0;

    if (r == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)
        r = unless_ownerless(fd, errno);
    if (r == 0 && fchmod(fd, st.st_mode & 07777) < 0)
        r = unless_ownerless(fd, errno);
    if (r == 0 && before_fd >= 0)
        r = copy_attributes(before_fd, fd);
    return r;
}

/* A file without a name, or with a temporary one where the file system has no such (vfat). */
static int open_new(const struct place *p, const char *temporary, bool *ret_named)
{
    int fd = openat(p->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    *ret_named = fd < 0;
    if (fd < 0)
        fd = openat(p->dir_fd, temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -errno : fd;
}

/* How the old file was kept under its backup name. */
enum kept {
    KEPT_NOTHING, /* there is none, or a backup is there already */
    KEPT_LINKED,  /* by a second link */
    KEPT_MOVED,   /* where there are no links */
};

static int keep_old(const struct place *p, enum kept *ret)
{
    *ret = KEPT_LINKED;
    if (linkat(p->dir_fd, p->name, p->dir_fd, p->backup, 0) == 0)
        return 0;
    *ret = KEPT_NOTHING;
    if (errno == EEXIST)
        return 0;
    if (errno != EPERM && errno != EOPNOTSUPP)
        return -errno;
    if (renameat(p->dir_fd, p->name, p->dir_fd, p->backup) < 0)
        return -errno;
    *ret = KEPT_MOVED;
    return 0;
}

/* What is new takes the place of what was there: all of it, or, when there is no room for a name,
 * nothing. @temporary is gone afterwards. */
static int take_place(const struct place *p, const char *temporary, bool keep)
{
    enum kept kept = KEPT_NOTHING;
    int r = keep ? keep_old(p, &kept) : 0;

    if (r == 0 && renameat(p->dir_fd, temporary, p->dir_fd, p->name) < 0)
        r = -errno;
    if (r < 0 && kept == KEPT_LINKED)
        (void)unlinkat(p->dir_fd, p->backup, 0);
    else if (r < 0 && kept == KEPT_MOVED)
        (void)renameat(p->dir_fd, p->backup, p->dir_fd, p->name);
    if (r < 0)
        (void)unlinkat(p->dir_fd, temporary, 0);
    return r;
}

static int replace(const struct changes *c, const struct place *p, const struct change *change,
                   int before_fd)
{
    char temporary[NAME_MAX + 1], proc[32];
    _cleanup_fd_ int fd = -1;
    bool named;
    int r;

    snprintf(temporary, sizeof temporary, ".%.240s.new", p->backup);
    fd = open_new(p, temporary, &named);
    if (fd < 0)
        return fd;
    r = fd_write_all(fd, change->after, change->after_size);
    if (r == 0)
        r = dress(fd, before_fd, change->mode);
    if (r == 0 && before_fd < 0)
        r = label_new(c, change, fd, S_IFREG);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && !named &&
        linkat(AT_FDCWD, fd_path(fd, proc), p->dir_fd, temporary, AT_SYMLINK_FOLLOW) < 0)
        r = -errno;
    if (r < 0 && named)
        (void)unlinkat(p->dir_fd, temporary, 0);
    return r < 0 ? r : take_place(p, temporary, before_fd >= 0);
}

static int apply_file(const struct changes *c, const struct change *change, const char *stamp)
{
    _cleanup_place_ struct place p = PLACE_NONE;
    _cleanup_free_ char *now = NULL;
    _cleanup_fd_ int before = -1;
    size_t size = 0;
    int r = find_place(c->root_fd, change->path, true, stamp, &p);

    if (r < 0)
        return r;
    before = path_open(p.dir_fd, p.name, O_RDONLY | O_NOFOLLOW);
    if (before < 0 && before != -ENOENT)
        return before;
    if (before >= 0)
        r = fd_read_all(before, change->kind == CHANGE_COPY ? CHANGES_COPY_MAX : PATH_CONFIG_MAX,
                        &now, &size);
    if (r < 0)
        return r;
    if ((before >= 0) != (change->before != NULL) || size != change->before_size ||
        (size && memcmp(now, change->before, size) != 0))
        return -ESTALE;
    r = replace(c, &p, change, before);
    return r == 0 && fsync(p.dir_fd) < 0 && errno != EINVAL ? -errno : r;
}

static int remove_old(const struct place *p)
{
    struct stat st;

    if (fstatat(p->dir_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    /* What a link was is in the report; a second one would be read by whoever reads the directory.
     */
    if (S_ISLNK(st.st_mode))
        return unlinkat(p->dir_fd, p->name, 0) < 0 ? -errno : 0;
    return renameat(p->dir_fd, p->name, p->dir_fd, p->backup) < 0 ? -errno : 0;
}

/* A link cannot be opened to be labelled: it is by its name in its directory. */
static int label_link(const struct changes *c, const struct change *change, const struct place *p,
                      const char *name)
{
    const char *label = c->label ? c->label(c->label_userdata, change->path, S_IFLNK | 0777) : NULL;
    char path[NAME_MAX + 64];

    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", p->dir_fd, name);
    if (label && lsetxattr(path, "security.selinux", label, strlen(label) + 1, 0) < 0 &&
        errno != ENOTSUP)
        return -errno;
    return 0;
}

static int apply_link(const struct changes *c, const struct change *change, const char *stamp)
{
    _cleanup_place_ struct place p = PLACE_NONE;
    int r = find_place(c->root_fd, change->path, false, stamp, &p);
    char temporary[NAME_MAX + 1];
    struct stat st;
    bool keep;

    if (r < 0)
        return r;
    /* Of a link no copy is kept: see remove_old(). */
    keep = fstatat(p.dir_fd, p.name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode);
    snprintf(temporary, sizeof temporary, ".%.240s.new", p.backup);
    if (symlinkat(change->after, p.dir_fd, temporary) < 0)
        return -errno;
    r = label_link(c, change, &p, temporary);
    if (r < 0) {
        (void)unlinkat(p.dir_fd, temporary, 0);
        return r;
    }
    return take_place(&p, temporary, keep);
}

static int apply_remove(const struct changes *c, const struct change *change, const char *stamp)
{
    _cleanup_place_ struct place p = PLACE_NONE;
    int r = find_place(c->root_fd, change->path, false, stamp, &p);

    return r < 0 ? r : remove_old(&p);
}

static int apply_mode(const struct changes *c, const struct change *change)
{
    _cleanup_fd_ int fd = path_open(c->root_fd, change->path, O_PATH);
    char proc[32];

    if (fd < 0)
        return fd;
    /* The owner first: changing it takes set-user-id away (chown(2)). */
    if (change->uid != (uid_t)-1 && fchownat(fd, "", change->uid, change->gid, AT_EMPTY_PATH) < 0 &&
        unless_ownerless(fd, errno) < 0)
        return -errno;
    return chmod(fd_path(fd, proc), change->mode & 07777) < 0 ? unless_ownerless(fd, errno) : 0;
}

static int apply_directory(const struct changes *c, const struct change *change, const char *stamp)
{
    _cleanup_place_ struct place p = PLACE_NONE;
    _cleanup_fd_ int fd = -1;
    int r = find_place(c->root_fd, change->path, false, stamp, &p);

    if (r == 0 && mkdirat(p.dir_fd, p.name, change->mode) < 0)
        r = errno == EEXIST ? 0 : -errno;
    if (r == 0)
        fd = path_open(p.dir_fd, p.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0)
        return r;
    if (fchmod(fd, change->mode) < 0)
        r = unless_ownerless(fd, errno);
    return r == 0 ? label_new(c, change, fd, S_IFDIR) : r;
}

static int apply_one(const struct changes *c, const struct change *change, const char *stamp)
{
    switch (change->kind) {
    case CHANGE_FILE:
    case CHANGE_COPY:
        return apply_file(c, change, stamp);
    case CHANGE_LINK:
        return apply_link(c, change, stamp);
    case CHANGE_REMOVE:
        return apply_remove(c, change, stamp);
    case CHANGE_MODE:
        return apply_mode(c, change);
    case CHANGE_DIRECTORY:
        return apply_directory(c, change, stamp);
    case CHANGE_TYPE:
        return partition_type_apply(change->disk, change->number, change->before, change->after);
    case CHANGE_COMMAND:
        break;
    }
    return 0;
}

int changes_apply(const struct changes *c, const char *stamp,
                  void (*done)(void *userdata, const struct change *), void *userdata,
                  struct error *e)
{
    for (unsigned i = 0; i < c->count; i++) {
        const struct change *change = &c->items[i];
        int r = apply_one(c, change, stamp);

        if (r == -ESTALE)
            return error_set(e, ERROR_REFUSED, r, "changed",
                             "%s was changed by somebody else in the meantime",
                             text_safe(change->path));
        if (r < 0 && changes_room_explain(c->root_fd, change->path, r, e) < 0)
            return r;
        if (r < 0)
            return error_errno(e, r, "cannot change %s", text_safe(change->path));
        if (done && change->kind != CHANGE_COMMAND)
            done(userdata, change);
    }
    return 0;
}
