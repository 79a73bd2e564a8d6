/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a repair is going to do to the patient, as plain data: remedies plan it, the person sees it
 * as a diff, and only then it is applied. Several remedies may change one file: each sees what
 * those before it made of it, and the diff and the write are one.
 *
 * Paths are absolute, inside the patient, and are resolved below its root. A link on the way is
 * followed as the patient's own programs would; the file that it leads to is what is changed.
 */

#include "base/error.h"
#include "base/text.h"
#include "storage/disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHANGES_MAX 256
#define CHANGES_COPY_MAX                                                                           \
    ((size_t)64 << 20) /* a GRUB with all of its modules in it has some MiB                        \
                        */

enum change_kind {
    CHANGE_FILE,      /* new contents for a file, which may not exist yet */
    CHANGE_COPY,      /* a new file with the contents of another one */
    CHANGE_LINK,      /* a symbolic link, in place of what is there */
    CHANGE_REMOVE,    /* a file or a link goes away; of a file a copy is kept */
    CHANGE_MODE,      /* permissions or owner of what is there */
    CHANGE_DIRECTORY, /* an empty directory */
    CHANGE_TYPE,      /* the type of a partition, in the table of its disk */
    CHANGE_COMMAND,   /* a program of the patient's own, run inside */
};

struct change {
    enum change_kind kind;
    char *path;   /* owned; NULL for a command; CHANGE_TYPE: how the partition is called */
    char *before; /* owned; CHANGE_FILE: contents now; NULL: there is none; CHANGE_TYPE: the type */
    size_t before_size;
    char *after; /* owned; contents or type to be, or the target of the link */
    size_t after_size;
    char *source; /* owned; CHANGE_COPY: where the contents are from */
    mode_t mode;  /* of a new file or directory, or to be set */
    uid_t uid;    /* CHANGE_MODE; (uid_t)-1: as it is */
    gid_t gid;
    struct disk *disk; /* borrowed; CHANGE_TYPE */
    unsigned number;   /* of the partition */
    char **argv;       /* owned, NULL-ended; CHANGE_COMMAND */
};

struct changes {
    int root_fd; /* borrowed */
    /* The SELinux label of a new file or directory; NULL: it gets none. May itself be NULL. What is
     * replaced keeps the label that it has. */
    const char *(*label)(const void *userdata, const char *path, mode_t mode);
    const void *label_userdata;
    struct change *items;
    unsigned count;
};

void changes_free(struct changes *c);

/*
 * The contents of a file as it will be after what is planned so far. The result is the caller's and
 * is NUL-terminated. 0; -ENOENT; another negative errno of path_read().
 */
int changes_read(struct changes *c, const char *path, char **ret_data, size_t *ret_size);

/* As changes_read(), for who edits it as a string: -EILSEQ when there are NULs in it. */
int changes_read_text(struct changes *c, const char *path, char **ret_data);

/* Plan new contents. @mode: of a file that is not there yet. 0 or a negative errno. */
int changes_write(struct changes *c, const char *path, const char *data, size_t size, mode_t mode);

/* Plan to replace line @line (1-based) by @text, which is one line without its newline: the numbers
 * of the other lines, by which other findings go, stay. -ENOENT when there is no such line, -EILSEQ
 * when there are NULs in it: more of it would be lost than the caller has seen. */
int changes_replace_line(struct changes *c, const char *path, unsigned line, const char *text);

/* Plan to put a line out of force, in a file whose comments begin with "#": it stays to be read,
 * and behind it stands who did that and why (@reason: safe text). */
int changes_comment_line(struct changes *c, const char *path, unsigned line, const char *reason);

/* Plan one more line at the end of a file; @mode: of a file that is not there yet. */
int changes_append_line(struct changes *c, const char *path, const char *text, mode_t mode);

/* Plan a file that is not there yet, with the contents of @source: a program, of which no diff
 * would tell anything. -EEXIST: it is there, or planned; a negative errno of path_read(). */
int changes_copy(struct changes *c, const char *path, const char *source, mode_t mode);

/* The same in place of what may be there, which is kept beside it. */
int changes_copy_over(struct changes *c, const char *path, const char *source, mode_t mode);

int changes_link(struct changes *c, const char *path, const char *target);
int changes_remove(struct changes *c, const char *path);
int changes_mode(struct changes *c, const char *path, mode_t mode, uid_t uid, gid_t gid);
int changes_directory(struct changes *c, const char *path, mode_t mode);

/* Plan the type @type for the partition @v of @d, as struct volume has it, when
 * partition_type_can_set() says that it can be. */
int changes_partition_type(struct changes *c, struct disk *d, const struct volume *v,
                           const char *type);

/* Plan a command inside the patient, NULL-ended. The same command is planned once. */
int changes_command(struct changes *c, const char *const *argv);

/* Everything as a person reads it: unified diffs, and one line for each of the others. Safe text.
 */
int changes_describe(const struct changes *c, struct text *out, struct error *e);

/*
 * Do what is planned, but for commands, which take a container. Each file is replaced at once (what
 * is half-written is never to be seen), with mode, owner and extended attributes of the one before;
 * that one is kept beside it as NAME.unbrick-@stamp (where it would count as a piece, as in a
 * directory whose name ends in ".d": .NAME.unbrick-@stamp). What the file is by then is compared
 * with what it was when this was planned: -ESTALE. Stops at the first failure; what was done stays.
 * @done (may be NULL) is called for each.
 */
int changes_apply(const struct changes *c, const char *stamp,
                  void (*done)(void *userdata, const struct change *), void *userdata,
                  struct error *e);
