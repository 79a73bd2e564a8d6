/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/mount.h"

#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

/* How each file system is told to write nothing, not even what its journal has. */
static const struct {
    const char *type, *option, *value;
} no_replay[] = {
    {"ext3", "noload", NULL},     {"ext4", "noload", NULL},
    {"xfs", "norecovery", NULL},  {"btrfs", "rescue", "nologreplay"},
    {"f2fs", "norecovery", NULL}, {"nilfs2", "norecovery", NULL},
};

/* The kernel's words for the last failure, from the context's descriptor: "e Message" (fsopen(2)).
 * Each read gives one message. */
static void kernel_words(int fs, char *ret, size_t size)
{
    char line[512];
    ssize_t n;

    ret[0] = '\0';
    while ((n = read(fs, line, sizeof line - 1)) > 0) {
        line[n] = '\0';
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && line[1] == ' ' && line[0] != 'i')
            snprintf(ret, size, "%.400s", line + 2);
    }
}

static int set_option(int fs, const char *key, const char *value)
{
    return (value ? fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0)
                  : fsconfig(fs, FSCONFIG_SET_FLAG, key, NULL, 0)) < 0
               ? -errno
               : 0;
}

static void note_dropped(const char *option, char *ret, size_t size)
{
    size_t used = ret ? strlen(ret) : 0;

    if (ret && used + 2 < size)
        snprintf(ret + used, size - used, "%s%s", used ? "," : "", option);
}

/* One by one: a bad one costs only itself. Those of the mount and not of the file system ("ro",
 * "nodev") arrive as attributes. */
static const struct {
    const char *name;
    unsigned attribute;
} attributes[] = {
    {"nodev", MOUNT_ATTR_NODEV},
    {"nosuid", MOUNT_ATTR_NOSUID},
    {"noexec", MOUNT_ATTR_NOEXEC},
    {"ro", MOUNT_ATTR_RDONLY},
};

static bool is_attribute(const char *option, unsigned *mount_attributes)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (strcmp(option, attributes[i].name) != 0)
            continue;
        *mount_attributes |= attributes[i].attribute;
        return true;
    }
    return strcmp(option, "rw") == 0 || strcmp(option, "noatime") == 0;
}

/* These choose what is mounted: without them it would be something else. */
static bool is_essential(const char *key)
{
    return strcmp(key, "subvol") == 0 || strcmp(key, "subvolid") == 0;
}

static int set_options(int fs, const char *options, unsigned *mount_attributes, char *ret_dropped,
                       size_t dropped_size, struct error *e)
{
    char copy[4096], *rest = copy, *option;

    if ((size_t)snprintf(copy, sizeof copy, "%s", options ? options : "") >= sizeof copy)
        return error_errno(e, -ENAMETOOLONG, "cannot read the mount options");
    while ((option = strsep(&rest, ","))) {
        char *value;
        int r;

        if (!*option || is_attribute(option, mount_attributes))
            continue;
        value = strchr(option, '=');
        if (value)
            *value++ = '\0';
        r = set_option(fs, option, value);
        if (r < 0 && is_essential(option))
            return error_errno(e, r, "cannot mount with %s=%s", option, text_safe(value));
        if (value)
            value[-1] = '=';
        if (r < 0)
            note_dropped(option, ret_dropped, dropped_size);
    }
    return 0;
}

static int set_mode(int fs, const struct volume *v, enum mount_mode mode)
{
    int r = mode == MOUNT_WRITE ? 0 : set_option(fs, "ro", NULL);

    for (size_t i = 0;
         r == 0 && mode == MOUNT_NO_REPLAY && i < sizeof no_replay / sizeof no_replay[0]; i++)
        if (strcmp(v->fs.type, no_replay[i].type) == 0)
            r = set_option(fs, no_replay[i].option, no_replay[i].value);
    return r;
}

/* No ext driver knows "ext2" apart from ext4's on most kernels; both names mount all three. */
static int open_context(const struct volume *v, struct error *e)
{
    const char *type = v->fs.type;
    int fs = fsopen(type, FSOPEN_CLOEXEC);

    if (fs < 0 && errno == ENODEV && (strcmp(type, "ext2") == 0 || strcmp(type, "ext3") == 0))
        fs = fsopen("ext4", FSOPEN_CLOEXEC);
    if (fs >= 0)
        return fs;
    if (errno != ENODEV)
        return error_errno(e, -errno, "cannot mount %s", v->name);
    (void)error_set(e, ERROR_HOST, -ENODEV, "no-filesystem",
                    "this host's kernel cannot read the file system %s of %s", text_safe(type),
                    v->name);
    (void)error_advise(e, "try: modprobe %s", text_safe(type));
    return -ENODEV;
}

static int create(int fs, const struct volume *v, struct error *e)
{
    char words[512];
    int code;

    if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        return 0;
    code = -errno;
    kernel_words(fs, words, sizeof words);
    if (words[0])
        return error_set(e, ERROR_FAILED, code, "mount-failed",
                         "cannot mount the %s file system of %s: %s (%s)", text_safe(v->fs.type),
                         v->name, text_safe(words), strerror(-code));
    return error_errno(e, code, "cannot mount the %s file system of %s", text_safe(v->fs.type),
                       v->name);
}

static int mount_once(const struct volume *v, enum mount_mode mode, const char *options,
                      const char *further, char *ret_dropped, size_t dropped_size, struct error *e)
{
    _cleanup_fd_ int fs = open_context(v, e);
    unsigned mount_attributes = MOUNT_ATTR_NOATIME | (mode == MOUNT_WRITE ? 0 : MOUNT_ATTR_RDONLY);
    int r, fd;

    if (fs < 0)
        return fs;
    if (ret_dropped)
        ret_dropped[0] = '\0';
    r = set_option(fs, "source", v->source[0] ? v->source : v->node);
    /* btrfs(5), device=: otherwise it would have to be told beforehand, and remember. */
    for (const struct volume *other = v->next_member; r == 0 && other; other = other->next_member)
        r = set_option(fs, "device", other->node);
    if (r == 0)
        r = set_mode(fs, v, mode);
    /* What its superblock says of that may be "panic", and then it is this host that stops
     * (ext4(5), errors=). */
    if (r == 0 && text_starts_with(v->fs.type, "ext"))
        r = set_option(fs, "errors", "remount-ro");
    if (r == 0 && further)
        r = set_option(fs, further, NULL);
    if (r < 0)
        return error_errno(e, r, "cannot mount %s", v->name);
    r = set_options(fs, options, &mount_attributes, ret_dropped, dropped_size, e);
    if (r == 0)
        r = create(fs, v, e);
    if (r < 0)
        return r;
    fd = fsmount(fs, FSMOUNT_CLOEXEC, mount_attributes);
    return fd < 0 ? error_errno(e, -errno, "cannot mount %s", v->name) : fd;
}

bool mount_is_read_only_type(const char *type)
{
    return strcmp(type, "squashfs") == 0 || strcmp(type, "erofs") == 0 ||
           strcmp(type, "iso9660") == 0;
}

int mount_volume(const struct volume *v, enum mount_mode mode, const char *options,
                 char *ret_dropped, size_t dropped_size, struct error *e)
{
    int fd;

    if (!v->fs.type[0] || v->fs.ambiguous)
        return error_set(e, ERROR_TARGET, -EINVAL, "no-filesystem",
                         v->fs.ambiguous ? "%s has the marks of several file systems"
                                         : "%s has no file system",
                         v->name);
    /* Read-only whatever was asked for. */
    if (mode == MOUNT_WRITE && mount_is_read_only_type(v->fs.type))
        mode = MOUNT_READ;
    fd = mount_once(v, mode, options, NULL, ret_dropped, dropped_size, e);
    /* A clone of a mounted file system: XFS refuses the second of the same UUID (xfs(5)). */
    if (fd == -EINVAL && strcmp(v->fs.type, "xfs") == 0) {
        int twin = mount_once(v, mode, options, "nouuid", ret_dropped, dropped_size, NULL);

        return twin < 0 ? fd : twin;
    }
    return fd;
}
