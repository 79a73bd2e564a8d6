/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Names of the machine that the disk was mended on, in what the disk boots from: a program that
 * runs inside and asks /proc/swaps or a device for its name is told of things that the machine does
 * not have.
 */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_boot.h"
#include "faults/facts_loader.h"
#include "faults/examination.h"
#include "faults/remedies.h"
#include "faults/report.h"
#include "system/lines.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Where programs of distributions write what they found out about the machine. */
static const char *const files[] = {
    "/etc/fstab",
    "/etc/crypttab",
    "/etc/default/grub",
    "/etc/initramfs-tools/conf.d/resume",
    "/etc/kernel/cmdline",
    "/boot/grub/grub.cfg",
    "/boot/grub/device.map",
    "/boot/grub2/grub.cfg",
    "/boot/grub2/device.map",
};

/* A copy of the host's disk has its UUIDs by right. */
static bool is_on_patient(const struct examination *x, const char *uuid)
{
    for (unsigned i = 0; i < x->disk_count; i++)
        for (unsigned j = 0; j < x->disks[i]->volume_count; j++)
            if (strcmp(x->disks[i]->volumes[j].fs.uuid, uuid) == 0)
                return true;
    return false;
}

/* Loop devices are how an image, or a partition that the kernel does not show, is reached here. No
 * machine boots from one by its number. */
static const char *loop_device(const char *line)
{
    const char *at = strstr(line, "/dev/loop");

    return at && at[9] >= '0' && at[9] <= '9' ? "a loop device" : NULL;
}

/* As device-mapper has a name of lvm's in its own: "vg-0" in "vg--0-root" (lvm(8)). */
static void double_hyphens(const char *name, char *ret, size_t size)
{
    size_t used = 0;

    for (; *name && used + 2 < size; name++) {
        ret[used++] = *name;
        if (*name == '-')
            ret[used++] = '-';
    }
    ret[used] = '\0';
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '+';
}

/* Where @text has that name and not a longer one. A hyphen behind it leads to the name of a volume,
 * two of them are one of the name's own. */
static const char *find_name(const char *text, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = text; length && (at = strstr(at, name)); at++) {
        const char *next = at + length;

        if ((at == text || (!is_of_name(at[-1]) && at[-1] != '-')) && !is_of_name(*next) &&
            strncmp(next, "--", 2) != 0)
            return at;
    }
    return NULL;
}

/* The group that the line names as it is opened here (storage/clone_group.h), or NULL. */
static const struct disk *leaked_group(const struct examination *x, const char *line)
{
    for (unsigned i = 0; i < x->disk_count; i++) {
        const char *name = x->disks[i]->opened_as;
        char mapped[2 * sizeof x->disks[i]->opened_as];

        double_hyphens(name, mapped, sizeof mapped);
        if (find_name(line, name) || find_name(line, mapped))
            return x->disks[i];
    }
    return NULL;
}

/* What of the helping host the line names, or NULL. */
static const char *leaked(const struct examination *x, const char *line)
{
    for (unsigned i = 0; i < x->helper_count; i++)
        if (strstr(line, x->helper[i]) && !is_on_patient(x, x->helper[i]))
            return "a file system or swap space of the machine that it was mended on";
    if (leaked_group(x, line))
        return "the volume group by the name that it had there";
    return loop_device(line);
}

/* @title: safe; where the text is. One finding for each text is enough: it is returned. */
static struct finding *look(struct examination *x, const struct fault *f, struct report *r,
                            const char *title, const char *file, const char *data, size_t size)
{
    struct lines lines = LINES_OF(data, size);
    char line[LINES_WIDTH];

    while (lines_next(&lines, line)) {
        const char *what, *start = line + strspn(line, " \t");
        struct finding *finding;

        if (start[0] == '#')
            continue;
        what = leaked(x, start);
        if (!what)
            continue;
        finding = report_add(r, f, "%s line %u names %s", title, lines.number, what);
        finding_at(finding, file, lines.number);
        finding_evidence(finding, "%s", text_safe(start));
        finding_risk(finding, FAULT_RISK_NONE);
        if (leaked_group(x, start))
            finding_subject(finding, leaked_group(x, start)->opened_as);
        return finding;
    }
    return NULL;
}

/* A file of text. Which name belongs there is known of the group only. */
static void look_at(struct examination *x, const struct fault *f, struct report *r,
                    const char *path)
{
    struct finding *finding = NULL;
    char *data = NULL;
    size_t size;

    if (path_read(x->root_fd, path, PATH_CONFIG_MAX, &data, &size) == 0)
        finding = look(x, f, r, path, path, data, size);
    if (finding && finding->subject)
        finding_risk(finding, FAULT_RISK_LOW);
    free(data);
}

static void look_into(struct examination *x, const struct fault *f, struct report *r,
                      const char *path)
{
    const struct initramfs *in = facts_initramfs(x, path);

    for (unsigned i = 0; i < in->file_count; i++) {
        const struct initramfs_file *file = &in->files[i];
        char title[600];

        snprintf(title, sizeof title, "in %.300s, %.200s", text_safe(path), text_safe(file->name));
        look(x, f, r, title, path, file->data, file->size);
    }
}

static void detect(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices;

    if (x->disk_count == 0) /* a directory of the host may well be about the host */
        return;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        look_at(x, f, r, files[i]);
    choices = facts_choices(x, &count);
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < choices[i].initrd_count; j++) {
            bool seen = choices[i].initrds[j].place != PLACE_FOUND;

            for (unsigned k = 0; k < i && !seen; k++)
                for (unsigned l = 0; l < choices[k].initrd_count; l++)
                    seen =
                        seen || strcmp(choices[k].initrds[l].path, choices[i].initrds[j].path) == 0;
            if (!seen)
                look_into(x, f, r, choices[i].initrds[j].path);
        }
}

/* Append @data with every name @from replaced by @to. */
static void append_renamed(struct text *out, const char *data, const char *from, const char *to)
{
    const char *at;

    for (; (at = find_name(data, from)); data = at + strlen(from)) {
        (void)text_append(out, data, (size_t)(at - data));
        (void)text_append(out, to, strlen(to));
    }
    (void)text_append(out, data, strlen(data));
}

/* The group gets its own name back, everywhere in the file. */
static int name_group(struct examination *x, const struct finding *f, struct changes *c,
                      struct error *e)
{
    _cleanup_text_ struct text plain = TEXT_INIT(PATH_CONFIG_MAX), t = TEXT_INIT(PATH_CONFIG_MAX);
    const struct disk *group = f->subject ? leaked_group(x, f->subject) : NULL;
    char from[2 * sizeof group->opened_as], to[2 * sizeof group->name];
    _cleanup_free_ char *data = NULL;
    int r;

    /* A name of that length may have been cut. */
    if (!group || strlen(group->name) + 1 == sizeof group->name)
        return remedy_unfit(e, "which name belongs into line %u is not known", f->line);
    r = changes_read_text(c, f->file, &data);
    if (r == 0) {
        double_hyphens(group->opened_as, from, sizeof from);
        double_hyphens(group->name, to, sizeof to);
        append_renamed(&plain, data, from, to);
        r = plain.failed;
    }
    if (r == 0) {
        append_renamed(&t, plain.data ? plain.data : "", group->opened_as, group->name);
        r = t.failed ? t.failed : changes_write(c, f->file, t.data ? t.data : "", t.size, 0644);
    }
    return remedy_planned(r, f->file, e);
}

/* --- GRUB, installed in a session --- */

static bool is_younger(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* The uuid is in a compressed program; that it was written here tells as much. */
static void detect_grub(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const programs[] = {"i386-pc/core.img", "x86_64-efi/core.efi",
                                           "arm64-efi/core.efi"};
    const char *directory = facts_grub_directory(x);
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (!directory || !x->opened.tv_sec || !facts_grub_in_copied_group(x))
        return;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        char path[PATH_MAX];
        struct stat st;

        snprintf(path, sizeof path, "%s/%s", directory, programs[i]);
        if (path_stat(x->root_fd, path, &st) < 0 || !is_younger(&st.st_mtim, &x->opened) ||
            is_younger(&st.st_mtim, &now)) /* the machine's clock was wrong */
            continue;
        finding_at(report_add(r, f,
                              "GRUB was installed here, and looks for a volume group that "
                              "there is only here"),
                   path, 0);
        return;
    }
}

static const struct fault faults[] = {
    {
        .id = "leak.grub-group",
        .severity = FAULT_STOPS_BOOT,
        .title = "GRUB was installed in a session on a copy of a volume group of this host",
        .why = "It has the uuid of the group in it, which the copy has another of while the "
               "host has the same group: \"error: disk `lvmid/...' not found\".",
        .remedy = "install GRUB again where the other group is not: on another host, or from "
                  "the machine's own rescue system",
        .risk = FAULT_RISK_NONE,
        .reference = "grub-install(8), vgimportclone(8)",
        .detect = detect_grub,
    },
    {
        .id = "leak.host-device",
        .severity = FAULT_DEGRADES,
        .title = "what boots the machine names a device of the one that it was mended on",
        .why = "The machine waits for a device that it does not have, and gives up or goes on "
               "without it.",
        .remedy = "put the disk's own name (UUID=) in its place, or take it out; then make the "
                  "initramfs and the menu again inside",
        .risk = FAULT_RISK_LOW,
        .reference = "initramfs.conf(5) RESUME, update-grub(8), proc_swaps(5)",
        .detect = detect,
        .repair = name_group,
    },
};

FAULT_FAMILY(leak, faults);
