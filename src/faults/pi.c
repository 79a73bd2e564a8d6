/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Raspberry Pi: its firmware reads a FAT partition, which the system has as /boot or
 * /boot/firmware. What it names of kernel and initramfs is checked like any other menu's. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/kernel_arguments.h"
#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of a command line: four times of what any kernel takes (COMMAND_LINE_SIZE). */
#define JOINED_MAX 16384

/* The menu of the firmware, and its directory in @ret. */
static const struct boot_menu *pi_menu(struct examination *x, char *ret, size_t size)
{
    const struct boot_menus *menus = facts_menus(x);

    for (unsigned i = 0; i < menus->count; i++)
        if (menus->items[i].loader == BOOT_PI) {
            snprintf(ret, size, "%.*s",
                     (int)(strrchr(menus->items[i].file, '/') - menus->items[i].file),
                     menus->items[i].file);
            return &menus->items[i];
        }
    return NULL;
}

static const char *cmdline_file(const struct boot_menu *m)
{
    return m->entries.count && m->entries.items[0].options_file ? m->entries.items[0].options_file
                                                                : m->file;
}

static void detect_firmware_missing(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_directory_ struct directory d = {0};
    char directory[300];
    bool found = false;

    if (!pi_menu(x, directory, sizeof directory) ||
        directory_list(x->root_fd, directory, "", &d) < 0)
        return;
    /* The fifth model has it in a chip; its kernel has a name of its own. */
    for (unsigned i = 0; i < d.count; i++)
        found |= (text_starts_with(d.names[i], "start") && text_ends_with(d.names[i], ".elf")) ||
                 strcmp(d.names[i], "kernel_2712.img") == 0;
    if (!found)
        finding_expected(report_add(r, f, "the Raspberry Pi's firmware is not in %s", directory),
                         "%s/start4.elf or %s/start.elf", directory, directory);
}

static void detect_cmdline_missing(struct examination *x, const struct fault *f, struct report *r)
{
    char directory[300];
    const struct boot_menu *m = pi_menu(x, directory, sizeof directory);

    if (m && path_exists(x->root_fd, cmdline_file(m)) == 0)
        finding_at(report_add(r, f, "%s is missing", text_safe(cmdline_file(m))), cmdline_file(m),
                   0);
}

static unsigned count_lines(const char *data, size_t size)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];
    unsigned count = 0;

    while (lines_next(&l, line))
        count += *lines_strip(line) != '\0';
    return count;
}

/* The lines as one, for the kernel. *ret_repeats: a line has a key that those above it have, too;
 * of two values the kernel takes the last, which did not count so far. 0 or the failure of @out. */
static int join(const char *data, size_t size, struct text *out, bool *ret_repeats)
{
    struct lines l = LINES_OF(data, size);
    char line[LINES_WIDTH];

    *ret_repeats = false;
    while (!out->failed && lines_next(&l, line)) {
        const char *at = lines_strip(line);

        if (out->size && kernel_arguments_share_key(out->data, at))
            *ret_repeats = true;
        (void)text_appendf(out, "%s%s", out->size && *at ? " " : "", at);
    }
    return text_append(out, "\n", 1);
}

static void detect_cmdline_lines(struct examination *x, const struct fault *f, struct report *r)
{
    char directory[300];
    const struct boot_menu *m = pi_menu(x, directory, sizeof directory);
    _cleanup_text_ struct text joined = TEXT_INIT(JOINED_MAX);
    _cleanup_free_ char *data = NULL;
    struct finding *finding;
    bool repeats;
    size_t size;

    if (!m || path_read(x->root_fd, cmdline_file(m), PATH_CONFIG_MAX, &data, &size) < 0 ||
        count_lines(data, size) < 2)
        return;
    finding = report_add(r, f, "%s has more than one line", text_safe(cmdline_file(m)));
    finding_at(finding, cmdline_file(m), 2);
    finding_line(finding, data, size, 2);
    finding_expected(finding, "everything in its first line");
    if (join(data, size, &joined, &repeats) == 0 && !repeats)
        return;
    finding_risk(finding, FAULT_RISK_NONE);
    finding_remedy(finding, "decide by hand what of the further lines is to count, and put it into "
                            "the first in place of what that says");
}

static int join_lines(struct examination *x, const struct finding *f, struct changes *c,
                      struct error *e)
{
    _cleanup_text_ struct text t = TEXT_INIT(JOINED_MAX);
    _cleanup_free_ char *data = NULL;
    bool repeats;
    size_t size;
    int r = changes_read(c, f->file, &data, &size);

    (void)x;
    if (r < 0)
        return remedy_planned(r, f->file, e);
    r = join(data, size, &t, &repeats);
    if (r == 0)
        r = changes_write(c, f->file, t.data, t.size, 0644);
    return remedy_planned(r, f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "pi.firmware-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the Raspberry Pi's firmware is missing",
        .why = "The Pi blinks and shows no picture: it finds no start.elf.",
        .remedy = "install the package raspi-firmware (raspberrypi-bootloader) again, inside",
        .risk = FAULT_RISK_NONE,
        .reference = "the Raspberry Pi's documentation, \"Boot folder contents\"",
        .detect = detect_firmware_missing,
    },
    {
        .id = "pi.cmdline-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "the Raspberry Pi's kernel command line is missing",
        .why = "The kernel gets no root=, and panics: \"VFS: Unable to mount root fs\".",
        .remedy = "write it: one line, with root= and rootwait",
        .risk = FAULT_RISK_NONE,
        .reference = "the Raspberry Pi's documentation, \"Kernel command line\"",
        .detect = detect_cmdline_missing,
    },
    {
        .id = "pi.cmdline-lines",
        .severity = FAULT_DEGRADES,
        .title = "the Raspberry Pi's kernel command line has more than one line",
        .why = "The firmware reads the first line: what stands below it does not count.",
        .remedy = "join the lines",
        .risk = FAULT_RISK_LOW,
        .reference = "the Raspberry Pi's documentation, \"Kernel command line\"",
        .detect = detect_cmdline_lines,
        .repair = join_lines,
    },
};

FAULT_FAMILY(pi, faults);
