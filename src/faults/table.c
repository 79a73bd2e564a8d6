/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Partition tables of the patient's disks. */

#include "base/shell_word.h"
#include "base/text.h"
#include "faults/examination.h"
#include "faults/report.h"
#include "storage/gpt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int read_disk(void *userdata, uint64_t offset, void *ret, size_t size)
{
    const struct disk *d = userdata;
    ssize_t n = pread(d->node_fd, ret, size, (off_t)offset);

    return n < 0 ? -errno : (size_t)n < size ? -EIO : 0;
}

static bool get_state(struct disk *d, struct gpt_state *ret)
{
    return d->kind == DISK_TARGET && strcmp(d->table, "gpt") == 0 &&
           gpt_check(read_disk, d, d->size, d->sector_size, ret) == 0;
}

static void detect_primary(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->disk_count; i++) {
        struct gpt_state s;
        struct finding *finding;

        if (!get_state(x->disks[i], &s) || s.primary == GPT_GOOD)
            continue;
        finding =
            report_add(r, f, "the partition table of %s is damaged", text_safe(x->disks[i]->name));
        finding_expected(finding, "the first table is %s%s; its copy at the end is %s",
                         s.primary == GPT_ABSENT ? "gone" : "damaged: ", s.primary_problem,
                         s.backup == GPT_GOOD ? "good" : "no better");
        finding_command(finding, "gdisk %s: r (recovery), b (use the copy), w (write)",
                        shell_word(x->disks[i]->target));
    }
}

static void detect_backup(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->disk_count; i++) {
        struct gpt_state s;
        struct finding *finding;

        if (!get_state(x->disks[i], &s) || s.primary != GPT_GOOD || s.backup == GPT_GOOD)
            continue;
        finding = report_add(r, f, "the copy of the partition table of %s is %s",
                             text_safe(x->disks[i]->name),
                             s.backup == GPT_ABSENT ? "not there" : "damaged");
        if (s.backup_problem[0])
            finding_expected(finding, "%s", s.backup_problem);
        finding_command(finding, "sgdisk -e %s", shell_word(x->disks[i]->target));
    }
}

static void detect_entries(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        if (x->disks[i]->table_error[0])
            finding_expected(report_add(r, f, "the partition table of %s has impossible entries",
                                        text_safe(x->disks[i]->name)),
                             "%s", x->disks[i]->table_error);
}

static const struct fault faults[] = {
    {
        .id = "table.primary-damaged",
        .severity = FAULT_STOPS_BOOT,
        .title = "the partition table at the start of the disk is damaged",
        .why = "The kernel does not look at the copy by itself: it sees no partitions, and the "
               "root is not found.",
        .remedy = "put the copy back, after making an image of the disk",
        .risk = FAULT_RISK_NONE,
        .reference = "block/partitions/efi.c, find_valid_gpt()",
        .detect = detect_primary,
    },
    {
        .id = "table.entries",
        .severity = FAULT_DEGRADES,
        .title = "the partition table has entries that cannot be",
        .why = "What overlaps, or lies behind the end of the disk, is lost as soon as it is "
               "written to.",
        .remedy = "make an image of the disk before anything else, then look with sfdisk --verify",
        .risk = FAULT_RISK_NONE,
        .reference = "sfdisk(8)",
        .detect = detect_entries,
    },
    {
        .id = "table.backup-damaged",
        .severity = FAULT_NOTICE,
        .title = "the copy of the partition table at the end of the disk is damaged",
        .why = "It is only needed when the table at the start is damaged.",
        .remedy = "write it again",
        .risk = FAULT_RISK_NONE,
        .reference = "sgdisk(8)",
        .detect = detect_backup,
    },
};

FAULT_FAMILY(table, faults);
