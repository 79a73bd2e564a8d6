/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* FIPS mode (fips=1): dracut checks the kernel against a file beside it before anything else. */

#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/facts_boot.h"
#include "faults/facts_cmdlines.h"
#include "faults/remedies.h"
#include "system/kernel_arguments.h"

#include <stdio.h>
#include <string.h>

/* Only dracut checks. */
static bool is_checked(struct examination *x, const struct boot_choice *c)
{
    return c->entry && c->initrd_count && c->release[0] &&
           kernel_arguments_have(c->entry->options, "fips=1") &&
           path_exists(x->root_fd, "/usr/lib/dracut") == 1;
}

static void detect_hmac_missing(struct examination *x, const struct fault *f, struct report *r)
{
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count; i++) {
        const struct boot_choice *c = &choices[i];
        const char *name = strrchr(c->kernel, '/');
        char path[PATH_MAX];

        if (!is_checked(x, c) || c->kernel_place != PLACE_FOUND || !name ||
            (size_t)snprintf(path, sizeof path, "%.*s/.%s.hmac", (int)(name - c->kernel), c->kernel,
                             name + 1) >= sizeof path ||
            path_exists(x->root_fd, path) != 0)
            continue;
        finding_expected(facts_choice_finding(x, r, f, c, c->kernel, c->entry->kernel_line,
                                              "is for FIPS mode, and its kernel cannot be checked"),
                         "%s is not there", text_safe(path));
    }
}

/* /boot of its own is mounted by dracut-fips only when boot= says which it is. */
static void detect_boot_unset(struct examination *x, const struct fault *f, struct report *r)
{
    const struct volume *boot = examination_volume_at(x, "/boot");
    unsigned count;
    const struct boot_choice *choices = facts_choices(x, &count);

    for (unsigned i = 0; i < count && boot && boot != x->root && boot->fs.uuid[0]; i++) {
        const struct boot_choice *c = &choices[i];
        char value[300];

        if (!is_checked(x, c) ||
            kernel_arguments_get(c->entry->options, "boot", value, sizeof value))
            continue;
        finding_expected(
            facts_choice_finding(x, r, f, c, "fips=1", c->entry->kernel_line,
                                 "is for FIPS mode, and does not say where its kernel is"),
            "there is no boot=UUID=%s beside fips=1", text_safe(boot->fs.uuid));
    }
}

static int set_boot(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    const struct volume *boot = examination_volume_at(x, "/boot");
    char with[100];

    (void)f;
    snprintf(with, sizeof with, "fips=1 boot=UUID=%s", boot ? boot->fs.uuid : "");
    return facts_cmdline_edit(x, c, "fips=1", with, e);
}

static const struct fault faults[] = {
    {
        .id = "fips.hmac-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "FIPS mode without the file that the kernel is checked against",
        .why = "dracut stops: \"FATAL: FIPS integrity test failed\".",
        .remedy = "install the kernel package again, which brings the file",
        .risk = FAULT_RISK_NONE,
        .reference = "fips-mode-setup(8), dracut's module 01fips",
        .detect = detect_hmac_missing,
    },
    {
        .id = "fips.boot-unset",
        .severity = FAULT_STOPS_BOOT,
        .title = "FIPS mode, and the command line does not say where /boot is",
        .why = "dracut does not find the kernel to check, and stops: \"FATAL: FIPS integrity test "
               "failed\".",
        .remedy = "add boot= to the command line, in all places",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "fips-mode-setup(8), dracut.cmdline(7)",
        .detect = detect_boot_unset,
        .repair = set_boot,
    },
};

FAULT_FAMILY(fips, faults);
