/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /etc/fstab, its lines and the devices that they name: by what systemd-fstab-generator(8) makes of
 * it, a line whose device does not come stops the boot, unless it says "nofail" or "noauto". */

#include "base/fd.h"
#include "base/text.h"
#include "faults/fstab_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- the file --- */

/* Without a line for "/" the root stays as the kernel mounted it, which distributions let it do
 * read-only (systemd-remount-fs.service(8)). What has no kernel is no machine's root. */
static bool has_usable_line(const struct examination *x)
{
    for (unsigned i = 0; i < x->fstab.count; i++)
        if (x->fstab.entries[i].class != FSTAB_MALFORMED)
            return true;
    return false;
}

static bool has_argument(const char *cmdline, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = cmdline; (at = strstr(at, word)); at += length)
        if ((at == cmdline || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

static void detect_missing(struct examination *x, const struct fault *f, struct report *r)
{
    struct finding *finding;

    if (x->fstab_error && x->fstab_error != -ENOENT) {
        finding = report_add(r, f, FSTAB_PATH " cannot be read: %s",
                             x->fstab_error == -EINVAL ? "it is no regular file"
                                                       : strerror(-x->fstab_error));
        finding_at(finding, FSTAB_PATH, 0);
        finding_risk(finding, FAULT_RISK_NONE);
        return;
    }
    if (!x->root || !x->system->kernel_count || has_usable_line(x) ||
        !has_argument(x->system->cmdline, "ro"))
        return;
    finding = report_add(r, f, FSTAB_PATH " %s",
                         x->fstab_error ? "is missing" : "has no line that mounts anything");
    finding_at(finding, FSTAB_PATH, 0);
    finding_expected(finding,
                     "there is no line for /, and the kernel is told to mount it read-only");
}

static int write_fstab(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(8192);
    int r;

    (void)text_appendf(&t, "# made by unbrick from what is on the disk: look through it\n");
    (void)text_appendf(&t, "UUID=%s / %s %s%s 0 %d\n", x->root->fs.uuid, x->root->fs.type,
                       text_is_empty(x->root_subvolume) ? "defaults" : "subvol=",
                       text_is_empty(x->root_subvolume) ? "" : x->root_subvolume,
                       text_starts_with(x->root->fs.type, "ext"));
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++) {
            const struct volume *v = &x->disks[i]->volumes[j];

            if (strcmp(v->fs.type, "swap") == 0 && v->fs.uuid[0])
                (void)text_appendf(&t, "UUID=%s none swap nofail 0 0\n", v->fs.uuid);
        }
    r = t.failed ? t.failed : changes_write(c, FSTAB_PATH, t.data, t.size, 0644);
    (void)f;
    return r < 0 ? error_errno(e, r, "writing " FSTAB_PATH) : 0;
}

/* --- what is no line, or not the line that was meant --- */

static void detect_malformed(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++)
        if (x->fstab.entries[i].class == FSTAB_MALFORMED)
            finding_expected(fstab_line_finding(x, r, f, &x->fstab.entries[i], "is no fstab line"),
                             "%s", x->fstab.entries[i].error);
}

static bool is_number(const char *s, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

/* Fields 5 and 6 are numbers or not there: libmount refuses the line, systemd takes it. */
static void detect_stray_field(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        const char *line = examination_line(x->fstab_text, x->fstab_size, entry->line);
        const char *freq, *passno;
        size_t freq_size = fstab_edit_find(line, FSTAB_FREQ, &freq);
        size_t passno_size = fstab_edit_find(line, FSTAB_PASSNO, &passno);

        if (entry->class == FSTAB_MALFORMED ||
            (is_number(freq, freq_size) && is_number(passno, passno_size)))
            continue;
        finding_expected(
            fstab_line_finding(x, r, f, entry, "has something in place of the numbers at its end"),
            "numbers, or nothing, behind the options: found %s",
            text_safe_bytes(is_number(freq, freq_size) ? passno : freq,
                            is_number(freq, freq_size) ? passno_size : freq_size));
    }
}

static int join_fields(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(16384);
    _cleanup_free_ char *line = fstab_line_planned(c, f->line);
    int r = line ? fstab_edit_join(line, &t) : -ENOENT;

    (void)x;
    return fstab_line_replace(f, c, &t, r, e);
}

/* getmntent(3) takes the carriage return for a part of the last option. */
static void detect_carriage_return(struct examination *x, const struct fault *f, struct report *r)
{
    const char *at = x->fstab_text ? memmem(x->fstab_text, x->fstab_size, "\r\n", 2) : NULL;
    struct finding *finding;
    unsigned line = 1;

    if (!at)
        return;
    for (const char *p = x->fstab_text; p < at; p++)
        line += *p == '\n';
    finding = report_add(r, f, FSTAB_PATH " has lines with a carriage return at their end");
    finding_at(finding, FSTAB_PATH, line);
    finding_line(finding, x->fstab_text, x->fstab_size, line);
}

static int drop_carriage_returns(struct examination *x, const struct finding *f, struct changes *c,
                                 struct error *e)
{
    _cleanup_free_ char *data = NULL;
    size_t size, used = 0;
    int r = changes_read(c, FSTAB_PATH, &data, &size);

    for (size_t i = 0; r == 0 && i < size; i++)
        if (data[i] != '\r' || (i + 1 < size && data[i + 1] != '\n'))
            data[used++] = data[i];
    if (r == 0)
        r = changes_write(c, FSTAB_PATH, data, used, 0644);
    (void)x;
    (void)f;
    return r < 0 ? error_errno(e, r, "changing " FSTAB_PATH) : 0;
}

/* --- devices --- */

/* A device, or a thing of a file system that is made of devices: "sda1 /data ext4". */
static bool wants_device(const struct fstab_entry *entry)
{
    static const char *const on_devices[] = {"ext2", "ext3", "ext4", "xfs",
                                             "vfat", "f2fs", "jfs",  "reiserfs"};

    if (examination_names_device(entry->source))
        return true;
    for (size_t i = 0; i < sizeof on_devices / sizeof on_devices[0]; i++)
        if (strcmp(entry->type, on_devices[i]) == 0)
            return entry->source[0] != '/'; /* a file is mounted by a loop device */
    return false;
}

static void detect_source_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        struct finding *finding;
        char why[256];

        if (entry->class != FSTAB_MOUNT || !fstab_line_is_automatic(entry) ||
            !wants_device(entry) ||
            examination_device(x, entry->source, NULL, why, sizeof why) != DEVICE_MISSING)
            continue;
        finding = fstab_line_finding(x, r, f, entry, "names a disk that is not there");
        finding_expected(finding, "%s", why);
        if (entry->nofail) {
            finding_severity(finding, FAULT_DEGRADES);
            finding_risk(finding, FAULT_RISK_NONE);
            finding_why(finding, "The boot goes on without it, since the line says nofail.");
            finding_remedy(finding, FSTAB_LINE_OPTIONAL_ALREADY);
        } else if (fstab_line_is_essential(entry)) {
            finding_risk(finding, FAULT_RISK_MEDIUM);
        }
    }
}

/* The kernel command line decides what "/" is; fstab's line has its options, and its check. */
static void detect_root_wrong(struct examination *x, const struct fault *f, struct report *r)
{
    for (unsigned i = 0; i < x->fstab.count; i++) {
        const struct fstab_entry *entry = &x->fstab.entries[i];
        const struct volume *v;
        enum examination_device found;
        char why[256];

        if (entry->class != FSTAB_ROOT || !x->root || !examination_names_device(entry->source))
            continue;
        found = examination_device(x, entry->source, &v, why, sizeof why);
        if (found != DEVICE_MISSING && (found != DEVICE_FOUND || !v || v == x->root))
            continue;
        finding_expected(
            fstab_line_finding(x, r, f, entry, "is for / and names another disk than it is on"),
            "UUID=%s, the file system on %s%s%s", text_safe(x->root->fs.uuid),
            text_safe(x->root->name), why[0] ? "; " : "", why);
    }
}

static int set_root(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    char value[80];

    if (!x->root->fs.uuid[0])
        return error_set(e, ERROR_FAILED, -ENOTSUP, "no-uuid", "its file system has no UUID");
    snprintf(value, sizeof value, "UUID=%s", x->root->fs.uuid);
    return fstab_line_set(f, c, FSTAB_SOURCE, value, e);
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
        .repair = fstab_line_make_optional,
    },
    {
        .id = "fstab.root-wrong",
        .severity = FAULT_DEGRADES,
        .title = "the line for / names another disk",
        .why = "The root cannot be mounted again for writing (\"can't find UUID=...\") and stays "
               "read-only: most services fail.",
        .remedy = "name the file system that is the root",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "systemd-remount-fs.service(8)",
        .detect = detect_root_wrong,
        .repair = set_root,
    },
    {
        .id = "fstab.missing",
        .severity = FAULT_DEGRADES,
        .title = "there is no fstab that mounts anything",
        .why = "The root stays read-only, as the kernel mounted it: most services fail.",
        .remedy = "write one from what is on the disk",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "systemd-remount-fs.service(8)",
        .detect = detect_missing,
        .repair = write_fstab,
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
        .repair = fstab_line_comment_out,
    },
    {
        .id = "fstab.stray-field",
        .severity = FAULT_DEGRADES,
        .title = "a line of fstab has something else where two numbers belong",
        .why = "systemd takes the options up to the blank, and loses the rest; mount(8) refuses "
               "the whole line.",
        .remedy = "put a piece of the options back to them, and make the rest a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "fstab(5)",
        .detect = detect_stray_field,
        .repair = join_fields,
    },
    {
        .id = "fstab.carriage-return",
        .severity = FAULT_DEGRADES,
        .title = "fstab has line ends of another system",
        .why = "The last word of each line has a carriage return in it: a nofail or noauto there "
               "does not count.",
        .remedy = "take the carriage returns out",
        .risk = FAULT_RISK_LOW,
        .reference = "getmntent(3)",
        .detect = detect_carriage_return,
        .repair = drop_carriage_returns,
    },
};

FAULT_FAMILY(fstab, faults);
