/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* File systems that are full: of blocks or of inodes. */

#include "faults/space.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"

#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <linux/magic.h>

static const char *const places[] = {"/",        "/var",           "/tmp",  "/var/tmp",
                                     "/var/log", "/var/log/audit", "/home", "/boot"};

/* File systems that are made full, or have no size of their own. */
static bool has_no_room_by_design(int fd)
{
    struct statfs st;

    return fstatfs(fd, &st) < 0 || st.f_type == SQUASHFS_MAGIC || st.f_type == 0xe0f5e1e2 ||
           st.f_type == ISOFS_SUPER_MAGIC || st.f_type == TMPFS_MAGIC;
}

static void add_largest(struct examination *x, struct finding *finding, const char *place,
                        bool by_files)
{
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    struct space_entry top[SPACE_TOP];
    unsigned count = space_largest(x->root_fd, place, by_files, top);
    char size[24];

    for (unsigned i = 0; i < count; i++)
        if (by_files)
            (void)text_appendf(&t, "%s%9llu files  %s", i ? "\n" : "",
                               (unsigned long long)top[i].files, text_safe(top[i].path));
        else
            (void)text_appendf(&t, "%s%10s  %s", i ? "\n" : "", text_bytes(top[i].bytes, size),
                               text_safe(top[i].path));
    if (t.data)
        finding_evidence(finding, "%s", t.data);
}

static void check_place(struct examination *x, const struct fault *f, struct report *r,
                        const char *place, int fd, bool inodes)
{
    struct finding *finding;
    struct statvfs st;

    if (fstatvfs(fd, &st) < 0 || has_no_room_by_design(fd))
        return;
    if (inodes ? st.f_files == 0 || st.f_ffree > 0
               : st.f_blocks == 0 || (uint64_t)st.f_bavail * st.f_frsize >= SPACE_NEARLY_FULL)
        return;
    finding =
        report_add(r, f, "the file system of %s has no %s left", place, inodes ? "inode" : "room");
    finding_at(finding, place, 0);
    add_largest(x, finding, place, inodes);
    if (!facts_has(x, "/usr/bin/journalctl") && !facts_has(x, "/usr/bin/apt-get"))
        finding_risk(finding, FAULT_RISK_NONE);
}

static void check_all(struct examination *x, const struct fault *f, struct report *r, bool inodes)
{
    dev_t seen[sizeof places / sizeof places[0]];
    unsigned count = 0;

    /* What holds a directory of the host is the host's. */
    if (x->disk_count == 0 && !x->running)
        return;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        _cleanup_fd_ int fd = path_open(x->root_fd, places[i], O_RDONLY | O_DIRECTORY);
        bool known = false;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
            continue;
        for (unsigned k = 0; k < count; k++)
            known = known || seen[k] == st.st_dev;
        seen[count++] = st.st_dev;
        if (!known)
            check_place(x, f, r, places[i], fd, inodes);
    }
}

static void detect_full(struct examination *x, const struct fault *f, struct report *r)
{
    check_all(x, f, r, false);
}

static void detect_inodes(struct examination *x, const struct fault *f, struct report *r)
{
    check_all(x, f, r, true);
}

/* What can be had again: packages that were downloaded, the older part of the journal. */
static int make_room(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    static const char *const apt[] = {"apt-get", "clean", NULL};
    static const char *const dnf[] = {"dnf", "clean", "packages", NULL};
    static const char *const journal[] = {"journalctl", "--vacuum-size=50M", NULL};
    int r = 0;

    if (facts_has(x, "/usr/bin/apt-get"))
        r = changes_command(c, apt);
    else if (facts_has(x, "/usr/bin/dnf"))
        r = changes_command(c, dnf);
    if (r == 0 && facts_has(x, "/var/log/journal"))
        r = changes_command(c, journal);
    return remedy_planned(r, f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "space.full",
        .severity = FAULT_DEGRADES,
        .title = "a file system is full",
        .why =
            "Services that write a file at their start fail; a graphical login returns to itself.",
        .remedy = "remove downloaded packages and the older part of the journal; then look at the "
                  "largest directories",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "statvfs(3)",
        .detect = detect_full,
        .repair = make_room,
    },
    {
        .id = "space.inodes",
        .severity = FAULT_DEGRADES,
        .title = "a file system has no inode left",
        .why = "No file can be made, although there is room.",
        .remedy = "remove what has piled up in the directories with the most files",
        .risk = FAULT_RISK_NONE,
        .reference = "statvfs(3), mke2fs(8) -N",
        .detect = detect_inodes,
    },
};

FAULT_FAMILY(space, faults);
