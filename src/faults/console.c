/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A place to log in at: the console of a virtual machine, the getty of an inittab. */

#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRUB "/etc/default/grub"

/* Machines that are reached by their serial console only: a kernel for clouds, or cloud-init. */
static bool is_cloud(const struct examination *x)
{
    for (unsigned i = 0; i < x->system->kernel_count; i++)
        if (strstr(x->system->kernels[i].release, "cloud"))
            return true;
    return facts_has(x, "/usr/bin/cloud-init");
}

static bool has_serial(const char *line)
{
    static const char *const devices[] = {"ttyS", "ttyAMA", "serial", "hvc", "sclp", "xvc"};

    for (const char *at = line; (at = strstr(at, "console=")); at++)
        for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
            if (text_starts_with(at + strlen("console="), devices[i]))
                return true;
    return false;
}

static void detect_serial(struct examination *x, const struct fault *f, struct report *r)
{
    struct finding *finding;

    if (!x->system->cmdline[0] || !is_cloud(x) || has_serial(x->system->cmdline))
        return;
    finding = report_add(r, f, "the kernel writes nothing to a serial console");
    finding_at(finding, GRUB, 0);
    finding_evidence(finding, "%s", text_safe(x->system->cmdline));
    finding_expected(finding, "console=tty0 console=ttyS0 among the arguments of the kernel");
    if (!facts_has(x, GRUB) || !facts_has(x, "/usr/sbin/update-grub"))
        finding_risk(finding, FAULT_RISK_NONE);
}

/* Merged into the line that is there: what else it holds (rd.lvm.lv=, rd.luks.uuid=) stays. */
static int add_serial(struct examination *x, const struct finding *f, struct changes *c,
                      struct error *e)
{
    static const char key[] = "GRUB_CMDLINE_LINUX=", wanted[] = "console=tty0 console=ttyS0,115200";
    static const char *const command[] = {"update-grub", NULL};
    _cleanup_text_ struct text t = TEXT_INIT(2 * LINES_WIDTH);
    char *data = NULL, line[LINES_WIDTH], last[LINES_WIDTH] = "";
    unsigned number = 0;
    struct lines l;
    size_t size, length;
    int r = changes_read(c, GRUB, &data, &size);

    l = LINES_OF(data, r == 0 ? size : 0);
    while (r == 0 && lines_next(&l, line))
        if (text_starts_with(line, key)) {
            number = l.number;
            memcpy(last, line, sizeof last);
        }
    free(data);
    length = strlen(last);
    if (r == 0 && !number) {
        (void)text_appendf(&t, "%s\"%s\"", key, wanted);
        r = changes_append_line(c, GRUB, t.data, 0644);
    } else if (r == 0 &&
               (length < strlen(key) + 2 || last[length - 1] != '"' || last[strlen(key)] != '"')) {
        return remedy_unfit(e, GRUB " line %u is not one quoted text; add %s by hand", number,
                            wanted);
    } else if (r == 0) {
        last[length - 1] = '\0';
        (void)text_appendf(&t, "%s%s%s\"", last, length == strlen(key) + 2 ? "" : " ", wanted);
        r = t.failed ? t.failed : changes_replace_line(c, GRUB, number, t.data);
    }
    if (r == 0)
        r = changes_command(c, command);
    return remedy_planned(r, GRUB, e);
}

/* inittab(5): "1:2345:respawn:/sbin/getty 38400 tty1"; busybox: "tty1::respawn:/sbin/getty ...". */
static bool is_login_line(char *text)
{
    char *field[4];

    for (unsigned i = 0; i < 4; i++) {
        field[i] = strsep(&text, ":");
        if (!field[i] || (i < 3 && !text))
            return false;
    }
    /* "z6:6:respawn:/sbin/sulogin" is for a shutdown that got stuck. */
    return (strcmp(field[2], "respawn") == 0 || strcmp(field[2], "askfirst") == 0) &&
           !strstr(field[3], "sulogin");
}

static void detect_no_getty(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *file = facts_file(x, "/etc/inittab");
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH];

    if (!file->data || x->system->init != INIT_SYSVINIT)
        return;
    while (lines_next(&l, line))
        if (line[0] != '#' && is_login_line(line))
            return;
    finding_at(report_add(r, f, "/etc/inittab starts no login prompt"), "/etc/inittab", 0);
}

static int add_getty(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    return remedy_planned(changes_append_line(c, f->file,
                                              facts_has(x, "/sbin/getty")
                                                  ? "1:2345:respawn:/sbin/getty 38400 "
                                                    "tty1"
                                                  : "1:2345:respawn:/sbin/agetty 38400 "
                                                    "tty1 linux",
                                              0644),
                          f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "console.no-getty",
        .severity = FAULT_DEGRADES,
        .title = "no login prompt is started",
        .why = "The machine runs, and nobody can log in at its console.",
        .remedy = "add a getty on tty1",
        .risk = FAULT_RISK_LOW,
        .reference = "inittab(5)",
        .detect = detect_no_getty,
        .repair = add_getty,
    },
    {
        .id = "console.no-serial",
        .severity = FAULT_NOTICE,
        .title = "a machine of a cloud has no serial console",
        .why = "When something goes wrong at boot nobody sees it, and nobody can log in there.",
        .remedy = "add console=tty0 console=ttyS0 to GRUB_CMDLINE_LINUX, and run update-grub",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "kernel-command-line(7), systemd-getty-generator(8)",
        .detect = detect_serial,
        .repair = add_serial,
    },
};

FAULT_FAMILY(console, faults);
