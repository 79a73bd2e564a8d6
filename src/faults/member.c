/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Arrays and volume groups of which a disk is missing. Those that need it to be opened at all are
 * refused before anything is examined, unless --degraded is given. */

#include "base/text.h"
#include "faults/examination.h"
#include "faults/report.h"

static void detect_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->disk_count; i++) {
        const struct disk *d = x->disks[i];
        struct finding *finding;

        if (!d->degraded)
            continue;
        finding = report_add(r, f, "the %s %s is there without all of its disks",
                             d->kind == DISK_ARRAY ? "array" : "volume group", text_safe(d->name));
        if (d->kind != DISK_ARRAY)
            continue;
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "The boot waits for the missing one, then starts the array without it "
                             "where that is possible; the next disk that fails takes the data "
                             "along. One that was not shut down cleanly is not started at all.");
    }
    if (x->left_out)
        finding_severity(report_add(r, f, "%s", x->left_out), FAULT_DEGRADES);
}

static const struct fault faults[] = {
    {
        .id = "member.missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "an array or a volume group lacks a disk",
        .why = "LVM does not activate a volume that lies on the missing disk: what is mounted from "
               "it does not come.",
        .remedy = "attach the disk, or name it too; then mdadm --add, or vgextend "
                  "--restoremissing; when it is gone for good: vgreduce --removemissing, which "
                  "gives up what was on it",
        .risk = FAULT_RISK_NONE,
        .reference = "mdadm(8), vgreduce(8)",
        .detect = detect_missing,
    },
};

FAULT_FAMILY(member, faults);
