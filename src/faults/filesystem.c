/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* File systems: by a forced check that writes nothing to the disk, after the replay of their
 * journals. That the superblock says "clean" proves nothing (e2fsck -p goes by it, and so does the
 * boot). */

#include "base/text.h"
#include "faults/examination.h"
#include "faults/remedies.h"
#include "faults/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Below that a full check takes seconds. */
#define CHECK_IS_LONG ((uint64_t)64 << 30)

static const char *title_of(const struct volume *v)
{
    return text_safe(v->name);
}

static void detect_unmountable(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->filesystem_count; i++) {
        const struct examined_filesystem *fs = &x->filesystems[i];
        struct finding *finding;

        if (!fs->mount_error || fs->fail_reads || fs->host_lacks)
            continue;
        finding =
            report_add(r, f, "the %s file system of %s (%s) cannot be mounted",
                       text_safe(fs->volume->fs.type), text_safe(fs->target), title_of(fs->volume));
        finding_evidence(finding, "%s", fs->mount_error);
        if (fs->report->result != CHECK_NOT_CHECKED)
            finding_expected(finding, "%s", fs->report->summary);
        if (fs->nofail)
            finding_severity(finding, FAULT_DEGRADES);
    }
}

/* That is no fault of the patient's, and what is in there is not known. */
static void detect_unseen(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->filesystem_count; i++) {
        const struct examined_filesystem *fs = &x->filesystems[i];

        if (fs->mount_error && fs->host_lacks)
            finding_evidence(report_add(r, f, "the %s file system of %s (%s) was not looked into",
                                        text_safe(fs->volume->fs.type), text_safe(fs->target),
                                        title_of(fs->volume)),
                             "%s", fs->mount_error);
    }
}

/* What a boot does about it: systemd-fsck(8) runs fsck -a, which looks closer only when the
 * superblock is marked; what is then left needs a person. */
static void detect_errors(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->filesystem_count; i++) {
        const struct examined_filesystem *fs = &x->filesystems[i];
        const struct filesystem *state = &fs->volume->fs;
        struct finding *finding;

        if (fs->report->result != CHECK_ERRORS_LEFT || fs->mount_error)
            continue;
        finding = report_add(r, f, "the %s file system of %s (%s) has errors",
                             text_safe(state->type), text_safe(fs->target), title_of(fs->volume));
        finding_evidence(finding, "%s", fs->report->summary);
        /* What it mounts is checked before; nothing else has to be done in there. */
        remedy_shell(x, finding, "--fsck=repair", "true");
        if (state->checked_in_full && !fs->nofail)
            continue;
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "%s",
                    fs->nofail ? "The boot goes on without it, since its line says nofail."
                               : "The boot does not look closely enough to notice. It "
                                 "goes on until the kernel comes upon the damage, and makes it "
                                 "worse.");
    }
}

static void detect_recorded(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->filesystem_count; i++) {
        const struct examined_filesystem *fs = &x->filesystems[i];

        if (fs->volume->fs.has_errors && fs->report->result != CHECK_ERRORS_LEFT)
            (void)report_add(r, f,
                             "the file system of %s (%s) records that the kernel found errors",
                             text_safe(fs->target), title_of(fs->volume));
    }
}

/* Which lines the boot checks: "/", and those with a number at the end (fstab(5)). */
static bool is_checked_at_boot(const struct examination *x, const char *target)
{
    for (unsigned i = 0; i < x->fstab.count; i++)
        if (strcmp(x->fstab.entries[i].target, target) == 0)
            return x->fstab.entries[i].passno > 0;
    return false;
}

/* As a person reaches it. */
static const char *node_of(const struct examination *x, const struct volume *v, char *buf,
                           size_t size)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        if (v >= x->disks[i]->volumes && v < x->disks[i]->volumes + x->disks[i]->volume_count)
            return disk_volume_node(x->disks[i], v, buf, size);
    return v->node;
}

static void detect_check_due(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->filesystem_count; i++) {
        const struct examined_filesystem *fs = &x->filesystems[i];
        const struct filesystem *state = &fs->volume->fs;
        bool by_date = state->check_from && state->check_from <= (int64_t)time(NULL);
        struct finding *finding;
        char size[24], node[160];

        if ((!by_date && !state->check_at_mount) || !is_checked_at_boot(x, fs->target))
            continue;
        finding = report_add(r, f, "the file system of %s (%s) is due for its periodic check",
                             text_safe(fs->target), title_of(fs->volume));
        finding_evidence(finding, "%s of %s; %s", text_safe(state->type),
                         text_bytes(fs->volume->size, size),
                         state->check_at_mount ? "mounted as often as it may be before that"
                                               : "the last check was too long ago");
        finding_command(finding, "tune2fs -c 0 -i 0 %s", node_of(x, fs->volume, node, sizeof node));
        if (fs->volume->size < CHECK_IS_LONG)
            finding_why(finding, "The boot checks it in full first, which takes some seconds.");
    }
}

/* Does it tell of a disk that fails? What is not there is none: member.missing. Nor is, on the
 * running host, a snapshot that overflowed, or what it has for its guests. */
static bool is_of_failing_disk(const struct examination *x, const struct disk *d,
                               const struct volume *v)
{
    return v->unreadable && !d->degraded &&
           (!x->running || d->kind == DISK_TARGET || d->kind == DISK_ARRAY ||
            examination_mounts(x, v));
}

static void detect_failing(struct examination *x, const struct fault *f, struct report *r)
{
    const char *unread = x->read_error ? x->read_error(x->userdata) : NULL;

    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++)
            if (is_of_failing_disk(x, x->disks[i], &x->disks[i]->volumes[j]))
                (void)report_add(r, f, "%s cannot be read: %s", title_of(&x->disks[i]->volumes[j]),
                                 strerror(EIO));
    for (unsigned i = 0; i < x->filesystem_count; i++)
        if (x->filesystems[i].fail_reads)
            finding_evidence(report_add(r, f, "%s cannot be read everywhere",
                                        title_of(x->filesystems[i].volume)),
                             "%s", x->filesystems[i].fail_reads);
    if (unread && r->count == 0)
        finding_evidence(report_add(r, f, "the disk cannot be read everywhere"),
                         "the kernel could not read: %s", unread);
}

static unsigned members_of(const struct volume *v)
{
    unsigned count = 0;

    for (; v; v = v->next_member)
        count++;
    return count;
}

static void detect_incomplete(struct examination *x, const struct fault *f, struct report *r)
{
    if (x->running && x->incomplete) /* a disk of no other use to it is not looked at */
        return;
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
            const struct volume *v = &x->disks[i]->volumes[j];

            if (v->taken || v->fs.device_count <= members_of(v))
                continue;
            finding_expected(report_add(r, f, "the btrfs on %s lacks %u of its %u devices",
                                        title_of(v), v->fs.device_count - members_of(v),
                                        v->fs.device_count),
                             "the file system %s is looked for on the disks that were named",
                             text_safe(v->fs.uuid));
        }
}

/* Somebody may have wiped what is not wanted any more. */
static bool is_wanted(const struct examination *x, const char *uuid)
{
    char source[64];

    snprintf(source, sizeof source, "UUID=%s", uuid);
    for (unsigned i = 0; i < x->fstab.count; i++)
        if (strcasecmp(x->fstab.entries[i].source, source) == 0)
            return true;
    return false;
}

static void detect_superblock(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
            const struct volume *v = &x->disks[i]->volumes[j];
            struct finding *finding;

            /* The running host has disks of its guests, too. */
            if (!v->fs.backup_block || (x->running && !is_wanted(x, v->fs.backup_uuid)))
                continue;
            finding = report_add(r, f, "the superblock of %s is lost, a copy of it is there",
                                 title_of(v));
            finding_evidence(finding, "ext file system %s, in block %u of %u bytes each",
                             text_safe(v->fs.backup_uuid), v->fs.backup_block,
                             v->fs.backup_block_size);
            if (!is_wanted(x, v->fs.backup_uuid))
                finding_severity(finding, FAULT_NOTICE);
            finding_command(finding, "e2fsck -b %u -B %u %s", v->fs.backup_block,
                            v->fs.backup_block_size, v->node);
        }
}

static void detect_hibernated(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++)
            if (x->disks[i]->volumes[j].fs.hibernated)
                (void)report_add(r, f, "%s holds a hibernated session",
                                 title_of(&x->disks[i]->volumes[j]));
}

static const struct fault faults[] = {
    {
        .id = "filesystem.failing-disk",
        .severity = FAULT_STOPS_BOOT,
        .title = "the disk does not give what is on it",
        .why = "Reads fail or take minutes; every further access may be the last one.",
        .remedy = "copy it before anything else (ddrescue -d DISK copy.img copy.map), and work on "
                  "the copy",
        .stops = true,
        .reference = "ddrescue(1)",
        .detect = detect_failing,
    },
    {
        .id = "filesystem.superblock-lost",
        .severity = FAULT_STOPS_BOOT,
        .title = "the superblock of an ext file system is destroyed, a copy is left",
        .why = "Nothing knows the file system any more: \"Bad magic number in super-block\", and "
               "whatever is named by its UUID is not there.",
        .remedy = "let e2fsck take the copy; look for what destroyed the beginning first, and copy "
                  "the disk",
        .reference = "e2fsck(8), -b",
        .detect = detect_superblock,
    },
    {
        .id = "filesystem.incomplete",
        .severity = FAULT_STOPS_BOOT,
        .title = "a btrfs lacks devices",
        .why = "It is not mounted without them: the boot waits for the device until it times out.",
        .remedy = "attach the missing device, or name its disk too; without it: mount with "
                  "-o degraded, then btrfs device remove missing",
        .reference = "btrfs(5), degraded",
        .detect = detect_incomplete,
    },
    {
        .id = "filesystem.unmountable",
        .severity = FAULT_STOPS_BOOT,
        .title = "a file system cannot be mounted",
        .why = "What is mounted there is missing: emergency mode, or a kernel panic when it is the "
               "root.",
        .remedy = "check and repair it: unbrick boot or repair, with --fsck=repair",
        .reference = "mount(8), EUCLEAN",
        .detect = detect_unmountable,
    },
    {
        .id = "filesystem.unseen",
        .severity = FAULT_NOTICE,
        .title = "a file system is of a type that this host's kernel cannot read",
        .why = "It may be healthy, and what is in it may not be: nothing in there was looked at.",
        .remedy = "load the driver (modprobe), or examine it on a host that has it",
        .reference = "filesystems(5)",
        .detect = detect_unseen,
    },
    {
        .id = "filesystem.errors",
        .severity = FAULT_STOPS_BOOT,
        .title = "a forced check finds errors in a file system",
        .why = "The check at boot gives up: \"UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY\", and "
               "emergency mode.",
        .remedy =
            "check and repair it: unbrick boot or repair, with --fsck=repair; what it changes "
            "beyond what is safe is kept in an undo file",
        .reference = "systemd-fsck@.service(8), e2fsck(8)",
        .detect = detect_errors,
    },
    {
        .id = "filesystem.errors-recorded",
        .severity = FAULT_DEGRADES,
        .title = "the superblock records that the kernel found errors",
        .why = "The boot checks it in full, which takes its time; with errors=remount-ro it is "
               "read-only once the error comes again.",
        .remedy = "check it: unbrick boot checks before it mounts; then look for the cause in the "
                  "kernel's log (memory, cable, disk)",
        .reference = "ext4(5), errors=; e2fsck(8)",
        .detect = detect_recorded,
    },
    {
        .id = "filesystem.check-due",
        .severity = FAULT_NOTICE,
        .title = "a file system is due for its periodic check",
        .why = "The boot checks it in full first. With a large disk that takes long: a machine "
               "that seems to hang may be checking.",
        .remedy = "let it come to its end, or check it now (unbrick boot --fsck=repair); against "
                  "the periodic checks: tune2fs",
        .reference = "tune2fs(8), -c and -i",
        .detect = detect_check_due,
    },
    {
        .id = "filesystem.hibernated",
        .severity = FAULT_NOTICE,
        .title = "a hibernated session is in the swap space",
        .why = "A kernel that resumes it takes file systems for unchanged that were changed since: "
               "they are damaged by that.",
        .remedy =
            "wake it and shut it down; or give that session up for good: mkswap the partition",
        .reference = "systemd-hibernate-resume(8)",
        .detect = detect_hibernated,
    },
};

FAULT_FAMILY(filesystem, faults);
