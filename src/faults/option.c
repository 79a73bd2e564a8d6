/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Options of fstab that the kernel refuses: one of them, and the file system is not mounted. */

#include "base/fd.h"
#include "base/text.h"
#include "faults/fstab_line.h"
#include "system/kernels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINUX(major, minor) ((major)*1000 + (minor))

/*
 * Only what is known to be refused, never what is merely not known: new kernels learn new options.
 * The reasons: Documentation/admin-guide/xfs.rst ("Removed Mount Options"), and the option tables
 * of fs/ext4/super.c, fs/xfs/xfs_super.c, fs/btrfs/super.c, fs/fat/inode.c.
 */
static const struct {
    const char *types; /* blank-separated; "*": all of the list of local_types */
    const char *option;
    unsigned since; /* kernel; 0: always */
    const char *why;
    const char *with; /* what was meant; NULL: the option goes */
} refused[] = {
    {"*", "default", 0, "the word is defaults", "defaults"},
    {"*", "noatim", 0, "the word is noatime", "noatime"},
    {"*", "no_fail", 0, "the word is nofail", "nofail"},
    {"*", "nofai", 0, "the word is nofail", "nofail"},
    {"*", "no-fail", 0, "the word is nofail", "nofail"},
    {"*", "read-only", 0, "the word is ro", "ro"},
    {"xfs", "barrier", LINUX(4, 19), "removed in Linux 4.19", NULL},
    {"xfs", "nobarrier", LINUX(4, 19), "removed in Linux 4.19", NULL},
    {"xfs", "delaylog", LINUX(4, 0), "removed in Linux 4.0", NULL},
    {"xfs", "nodelaylog", LINUX(4, 0), "removed in Linux 4.0", NULL},
    {"xfs", "ihashsize", LINUX(4, 0), "removed in Linux 4.0", NULL},
    {"xfs", "irixsgid", LINUX(4, 0), "removed in Linux 4.0", NULL},
    {"xfs", "osyncisdsync", LINUX(4, 0), "removed in Linux 4.0", NULL},
    {"xfs", "osyncisosync", LINUX(4, 0), "removed in Linux 4.0", NULL},
    /* Options of ext4 that stay behind when a disk is made again with another file system. */
    {"xfs btrfs f2fs vfat", "data", 0, "it belongs to ext4", NULL},
    {"xfs btrfs", "errors", 0, "it belongs to ext4", NULL},
    {"xfs vfat", "commit", 0, "it belongs to ext4 and btrfs", NULL},
    {"xfs btrfs vfat", "user_xattr", 0, "it belongs to ext4", NULL},
    {"xfs btrfs vfat", "nouser_xattr", 0, "it belongs to ext4", NULL},
    {"xfs btrfs vfat", "journal_checksum", 0, "it belongs to ext4", NULL},
    {"xfs btrfs vfat", "journal_async_commit", 0, "it belongs to ext4", NULL},
    {"xfs btrfs vfat", "nodelalloc", 0, "it belongs to ext4", NULL},
    {"xfs vfat", "acl", 0, "it belongs to ext4 and btrfs", NULL},
    /* Options of btrfs. */
    {"ext2 ext3 ext4 xfs vfat", "subvol", 0, "it belongs to btrfs", NULL},
    {"ext2 ext3 ext4 xfs vfat", "subvolid", 0, "it belongs to btrfs", NULL},
    {"ext2 ext3 ext4 xfs vfat", "compress", 0, "it belongs to btrfs", NULL},
    {"ext2 ext3 ext4 xfs vfat", "compress-force", 0, "it belongs to btrfs", NULL},
    {"ext2 ext3 ext4 xfs vfat", "space_cache", 0, "it belongs to btrfs", NULL},
    {"ext2 ext3 ext4 xfs vfat", "autodefrag", 0, "it belongs to btrfs", NULL},
    /* Options of file systems without owners. */
    {"ext2 ext3 ext4 xfs btrfs", "uid", 0, "its files have owners of their own", NULL},
    {"ext2 ext3 ext4 xfs btrfs", "gid", 0, "its files have owners of their own", NULL},
    {"ext2 ext3 ext4 xfs btrfs", "umask", 0, "its files have modes of their own", NULL},
    {"ext2 ext3 ext4 xfs btrfs", "dmask", 0, "its files have modes of their own", NULL},
    {"ext2 ext3 ext4 xfs btrfs", "fmask", 0, "its files have modes of their own", NULL},
    {"ext2 ext3 ext4 xfs btrfs", "iocharset", 0, "it belongs to vfat", NULL},
    {"ext2 ext3 ext4 xfs btrfs", "utf8", 0, "it belongs to vfat", NULL},
};

static const char local_types[] = "ext2 ext3 ext4 xfs btrfs f2fs vfat";

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return length > 0;
    return false;
}

/* Of the newest kernel, for what was removed once; 0 when there is none. */
static unsigned kernel_version(const struct examination *x)
{
    unsigned major, minor;

    if (!x->system->kernel_count || !kernels_version(x->system->kernels[0].release, &major, &minor))
        return 0;
    return LINUX(major, minor);
}

/* What the file system is: what is on the disk, where that is known, else what the line says. */
static const char *type_of(const struct examination *x, const struct fstab_entry *entry)
{
    const struct volume *v;
    char why[256];

    if (examination_device(x, entry->source, &v, why, sizeof why) == DEVICE_FOUND && v &&
        strcmp(entry->type, "auto") == 0)
        return v->fs.type;
    return entry->type;
}

static void detect_refused(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned version = kernel_version(x);

    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        const char *type = type_of(x, entry);
        struct finding *finding;

        if ((entry->class != FSTAB_MOUNT && entry->class != FSTAB_ROOT) ||
            !fstab_line_is_automatic(entry))
            continue;
        for (size_t j = 0; j < sizeof refused / sizeof refused[0]; j++) {
            const char *types = refused[j].types[0] == '*' ? local_types : refused[j].types;

            if (!has_word(types, type) || version < refused[j].since ||
                !fstab_line_has_option(entry, refused[j].option))
                continue;
            finding = fstab_line_finding(x, r, f, entry, "has an option that is refused");
            finding_expected(finding, "no %s on %s: %s", refused[j].option, type, refused[j].why);
            finding_subject(finding, refused[j].option);
            if (entry->class == FSTAB_ROOT) {
                finding_severity(finding, FAULT_DEGRADES);
                finding_why(finding, "The root cannot be mounted again for writing, and stays "
                                     "read-only: most services fail.");
            } else if (entry->nofail) {
                finding_severity(finding, FAULT_DEGRADES);
                finding_why(finding, "It is not mounted; the boot goes on, since the line says "
                                     "nofail.");
            }
        }
    }
}

/* The word that was meant, of what is refused everywhere. */
static const char *meant_by(const char *option)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(refused[i].option, option) == 0)
            return refused[i].with;
    return NULL;
}

static int put_right(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    _cleanup_free_ char *line = fstab_line_planned(c, f->line);
    int r = line ? fstab_edit_replace_option(line, f->subject, meant_by(f->subject), &t) : -ENOENT;

    (void)x;
    return fstab_line_replace(f, c, &t, r, e);
}

static const struct fault faults[] = {
    {
        .id = "option.refused",
        .severity = FAULT_STOPS_BOOT,
        .title = "a line of fstab has an option that the kernel refuses",
        .why = "The mount fails (\"wrong fs type, bad option\"), local-fs.target with it, and "
               "systemd ends in emergency mode.",
        .remedy =
            "put the word that was meant in its place; take out what belongs to other file systems",
        .risk = FAULT_RISK_LOW,
        .reference = "ext4(5), xfs(5), btrfs(5), Documentation/admin-guide/xfs.rst",
        .detect = detect_refused,
        .repair = put_right,
    },
};

FAULT_FAMILY(option, faults);
