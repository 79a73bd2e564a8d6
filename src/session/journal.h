/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The undo journal: what the kernel does not take back by itself when we die (cgroups, mounts of
 * `unbrick mount`), written to /run/unbrick/ID/journal *before* it is made. One function undoes it:
 * at the normal end, by the keeper after a crash, and by `unbrick cleanup`.
 *
 * ID is the pid of the supervisor. The supervisor holds flock(LOCK_EX) on /run/unbrick/ID/lock as
 * long as it lives, which tells a live session from a dead one without trusting pids.
 * Each line is "KIND<TAB>VALUE"; values never hold a newline.
 */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define JOURNAL_DIR "/run/unbrick"

enum journal_kind {
    JOURNAL_TARGET,   /* what the user named, from the root on; one line each */
    JOURNAL_NAME,     /* name of the patient, when it is known */
    JOURNAL_CGROUP,   /* undo: kill what is in it, remove it */
    JOURNAL_STORAGE,  /* undo: undo_record() (a layer, an array, a mapping) */
    JOURNAL_MOUNT,    /* undo: unmount everything at and below it */
    JOURNAL_SCRATCH,  /* undo: scratch_remove() */
    JOURNAL_EMULATOR, /* undo: foreign_forget() */
    JOURNAL_KEEP,     /* from here on the session is meant to outlive its process (unbrick mount) */
};

struct journal {
    char dir[64];
    char mount_dir[80]; /* where the patient makes a directory, which is covered in our private
                           mount namespace only, by the tree that is put together. One a session:
                           removing a directory takes the mounts on it away in every namespace */
    int fd;             /* the journal, O_APPEND */
    int lock_fd;        /* held with flock */
};

/* Start a journal for this process. ERROR_HOST when /run/unbrick cannot be made. */
int journal_begin(struct journal *ret, struct error *e);

/* Write one record. 0 or a negative errno (-EINVAL: @value holds a newline). */
int journal_record(struct journal *j, enum journal_kind kind, const char *value);

/* Everything was undone: remove the journal. */
void journal_end(struct journal *j);

/* Let go of the journal but leave it: `unbrick mount`. */
void journal_leave(struct journal *j);

/* One session as `status` shows it. */
struct journal_session {
    char id[24];
    pid_t pid;
    bool alive; /* its supervisor runs */
    bool kept;  /* outlives its process by intention */
    char name[65];
    char target[512]; /* all targets, space separated, raw */
    char mount[512];  /* JOURNAL_MOUNT, raw; "" */
};

/* All sessions of this host; at most @max. Returns how many, or a negative errno. */
int journal_sessions(struct journal_session *ret, unsigned max);

/* Call @each with the path of every target of the session @id, until it answers with non-zero.
 * Returns that, 0, or a negative errno. */
int journal_targets(const char *id, int (*each)(void *userdata, const char *path), void *userdata);

/* The same with every record of storage, undo.h. */
int journal_storage(const char *id, int (*each)(void *userdata, const char *record),
                    void *userdata);

/*
 * Undo what the journal @id names, last made first, and remove it. Waits for the lock, so it must
 * not be called for a session that is alive. 0, or the first failure (the journal then stays).
 */
int journal_undo(const char *id, struct error *e);

/* Undo all sessions that a crash of theirs and of their keepers left. What cannot be undone stays
 * for `cleanup`, which says why. */
void journal_undo_stale(void);
