/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Swap: lines of fstab, and where a suspended system would be woken from. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/fstab_line.h"
#include "faults/rebuild.h"
#include "faults/remedies.h"
#include "storage/device_name.h"
#include "system/directory.h"
#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Why the swap cannot be used, in @why; false when it can, or nobody knows. */
static bool is_unusable(const struct examination *x, const struct fstab_entry *entry, char *why,
                        size_t size)
{
    const struct volume *v = NULL;

    why[0] = '\0';
    if (!examination_names_device(entry->source)) {
        if (entry->source[0] != '/' || !examination_sees(x, entry->source) ||
            path_exists(x->root_fd, entry->source) != 0)
            return false;
        snprintf(why, size, "there is no file %s", text_safe(entry->source));
        return true;
    }
    switch (examination_device(x, entry->source, &v, why, size)) {
    case DEVICE_MISSING:
        return true;
    case DEVICE_FOUND:
        /* Random keys make it anew at each boot (crypttab(5)). */
        if (!v || strcmp(v->fs.type, "swap") == 0 || v->fs.ambiguous || v->dm_name[0] ||
            strcmp(v->fs.usage, "filesystem") != 0)
            return false;
        snprintf(why, size, "%s holds %s", text_safe(v->name), text_safe(v->fs.type));
        return true;
    default:
        return false;
    }
}

static void detect_source_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        char why[256];

        if (entry->class == FSTAB_SWAP && !entry->noauto && !entry->nofail &&
            is_unusable(x, entry, why, sizeof why))
            finding_expected(
                fstab_line_finding(x, r, f, entry, "names a swap space that is not there"), "%s",
                why);
    }
}

/* "RESUME=UUID=..." of initramfs-tools, in the file @path. */
static void look_for_resume(struct examination *x, const struct fault *f, struct report *r,
                            const char *path)
{
    _cleanup_free_ char *data = NULL;
    char line[LINES_WIDTH], why[256];
    size_t size;
    struct lines l;

    if (path_read(x->root_fd, path, PATH_CONFIG_MAX, &data, &size) < 0)
        return;
    l = LINES_OF(data, size);
    while (lines_next(&l, line)) {
        const char *at = lines_strip(line);
        struct finding *finding;

        if (!text_starts_with(at, "RESUME=") || !examination_names_device(at + 7) ||
            examination_device(x, at + 7, NULL, why, sizeof why) != DEVICE_MISSING)
            continue;
        finding = report_add(r, f, "%s line %u would wake the system from a disk that is not there",
                             text_safe(path), l.number);
        finding_at(finding, path, l.number);
        finding_line(finding, data, size, l.number);
        finding_expected(finding, "%s", why);
    }
}

static void detect_resume_missing(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_directory_ struct directory d = {0};

    if (directory_list(x->root_fd, "/etc/initramfs-tools/conf.d", "", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++)
        look_for_resume(x, f, r, directory_join("/etc/initramfs-tools/conf.d", d.names[i]));
}

static int no_resume(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    int r = remedy_planned(changes_replace_line(c, f->file, f->line, "RESUME=none"), f->file, e);

    return r < 0 ? r : rebuild_every_initramfs(x, c, e);
}

static const struct fault faults[] = {
    {
        .id = "swap.source-missing",
        .severity = FAULT_DEGRADES,
        .title = "a line of fstab names a swap space that is not there",
        .why = "systemd waits 90 seconds for the device, then the boot goes on without it.",
        .remedy = "do not wait for it: nofail, and 10 seconds",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.swap(5)",
        .detect = detect_source_missing,
        .repair = fstab_line_make_optional,
    },
    {
        .id = "swap.resume-missing",
        .severity = FAULT_DEGRADES,
        .title = "the initramfs waits for a swap space that is not there, to wake the system from",
        .why = "Each boot waits half a minute (\"Gave up waiting for suspend/resume device\").",
        .remedy = "RESUME=none, and a new initramfs",
        .risk = FAULT_RISK_LOW,
        .reference = "initramfs-tools(7), resume",
        .detect = detect_resume_missing,
        .repair = no_resume,
    },
};

FAULT_FAMILY(swap, faults);
