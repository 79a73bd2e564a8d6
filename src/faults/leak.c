/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Names of the machine that the disk was mended on, in what the disk boots from: a program that
 * runs inside and asks /proc/swaps or a device for its name is told of things that the machine does
 * not have.
 */

#include "base/path.h"
#include "base/text.h"
#include "faults/facts_boot.h"
#include "faults/examination.h"
#include "faults/report.h"
#include "system/lines.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

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

/* What of the helping host the line names, or NULL. */
static const char *leaked(const struct examination *x, const char *line)
{
    for (unsigned i = 0; i < x->helper_count; i++)
        if (strstr(line, x->helper[i]) && !is_on_patient(x, x->helper[i]))
            return "a file system or swap space of the machine that it was mended on";
    for (unsigned i = 0; i < x->disk_count; i++)
        if (x->disks[i]->opened_as[0] && strstr(line, x->disks[i]->opened_as))
            return "the volume group by the name that it had there";
    return loop_device(line);
}

/* @title: safe; where the text is. One finding for each text is enough. */
static void look(struct examination *x, const struct fault *f, struct report *r, const char *title,
                 const char *file, const char *data, size_t size)
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
        return;
    }
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
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *data = NULL;
        size_t size;

        if (path_read(x->root_fd, files[i], PATH_CONFIG_MAX, &data, &size) == 0)
            look(x, f, r, files[i], files[i], data, size);
        free(data);
    }
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

static const struct fault faults[] = {
    {
        .id = "leak.host-device",
        .severity = FAULT_DEGRADES,
        .title = "what boots the machine names a device of the one that it was mended on",
        .why = "The machine waits for a device that it does not have, and gives up or goes on "
               "without it.",
        .remedy = "put the disk's own name (UUID=) in its place, or take it out; then make the "
                  "initramfs and the menu again inside",
        .risk = FAULT_RISK_NONE,
        .reference = "initramfs.conf(5) RESUME, update-grub(8), proc_swaps(5)",
        .detect = detect,
    },
};

FAULT_FAMILY(leak, faults);
