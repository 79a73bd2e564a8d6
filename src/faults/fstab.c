/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /etc/fstab: by what systemd-fstab-generator(8) makes of it, a line whose device does not come
 * stops the boot, unless it says "nofail" or "noauto". */

#include "base/fd.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/examination.h"
#include "faults/report.h"
#include "system/fstab_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FSTAB "/etc/fstab"

/* Without these the system would start half: no line of theirs is made optional unasked. */
static const char *const essential[] = {"/usr", "/var", "/boot", "/boot/efi", "/efi", "/home"};

static bool is_essential(const char *target)
{
    for (size_t i = 0; i < sizeof essential / sizeof essential[0]; i++)
        if (strcmp(essential[i], target) == 0)
            return true;
    return false;
}

static const char *line_of(const struct examination *x, const struct fstab_entry *entry)
{
    return examination_line(x->fstab_text, x->fstab_size, entry->line);
}

/* "/etc/fstab line N @what", with the line as evidence. */
static struct finding *add(const struct examination *x, struct report *r, const struct fault *f,
                           const struct fstab_entry *entry, const char *what)
{
    struct finding *finding = report_add(r, f, FSTAB " line %u %s", entry->line, what);

    finding_at(finding, FSTAB, entry->line);
    finding_evidence(finding, "%s", line_of(x, entry));
    finding_subject(finding, entry->target);
    return finding;
}

static void detect_source_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        struct finding *finding;
        char why[256];

        if (entry->class != FSTAB_MOUNT || entry->noauto ||
            examination_device(x, entry->source, NULL, why, sizeof why) != DEVICE_MISSING)
            continue;
        finding = add(x, r, f, entry, "names a disk that is not there");
        finding_expected(finding, "%s", why);
        if (entry->nofail) {
            finding_severity(finding, FAULT_DEGRADES);
            finding_risk(finding, FAULT_RISK_NONE);
            finding_why(finding, "The boot goes on without it, since the line says nofail.");
        } else if (is_essential(entry->target)) {
            finding_risk(finding, FAULT_RISK_MEDIUM);
        }
    }
}

/* The raw line @number of the fstab as planned so far. The caller frees. */
static char *planned_line(struct changes *c, unsigned number)
{
    _cleanup_free_ char *data = NULL;
    size_t size;
    char *at, *line = NULL;

    if (changes_read(c, FSTAB, &data, &size) < 0)
        return NULL;
    for (at = data; at && --number > 0;) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    if (at)
        line = strndup(at, strcspn(at, "\n"));
    return line;
}

static int make_optional(struct examination *x, const struct finding *f, struct changes *c,
                         struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    _cleanup_free_ char *line = planned_line(c, f->line);
    int r =
        line ? fstab_edit_add_options(line, "nofail,x-systemd.device-timeout=10s", &t) : -ENOENT;

    if (r == 0)
        r = changes_replace_line(c, FSTAB, f->line, t.data);
    return r < 0 ? error_errno(e, r, "changing " FSTAB " line %u", f->line) : 0;
}

static void detect_malformed(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++)
        if (x->fstab.entries[i].class == FSTAB_MALFORMED)
            finding_expected(add(x, r, f, &x->fstab.entries[i], "is no fstab line"), "%s",
                             x->fstab.entries[i].error);
}

static int comment_out(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    int r = changes_comment_line(c, FSTAB, f->line, f->fault->title);

    return r < 0 ? error_errno(e, r, "changing " FSTAB " line %u", f->line) : 0;
}

static const struct fault faults[] = {
    {
        .id = "fstab.source-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a line of fstab names a disk that is not there",
        .why = "systemd waits 90 seconds for the device, then gives up on local-fs.target and ends "
               "in emergency mode.",
        .remedy = "let the boot go on without it: nofail, and 10 seconds to wait",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.mount(5), nofail",
        .detect = detect_source_missing,
        .repair = make_optional,
    },
    {
        .id = "fstab.malformed",
        .severity = FAULT_DEGRADES,
        .title = "a line of fstab cannot be read",
        .why = "The line is passed over: what it should mount is missing. Tools that read fstab "
               "more strictly stop at it.",
        .remedy = "turn it into a comment, so that it can be put right later",
        .risk = FAULT_RISK_LOW,
        .reference = "fstab(5), getmntent(3)",
        .detect = detect_malformed,
        .repair = comment_out,
    },
};

FAULT_FAMILY(fstab, faults);
