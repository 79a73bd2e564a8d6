/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The package manager was interrupted: dpkg, which writes that down; yum and dnf, whose files and
 * logs tell; leapp, which goes through reboots. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_boot.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/dpkg_status.h"
#include "system/rpm_log.h"

#include <stdio.h>
#include <string.h>

#define STATUS "/var/lib/dpkg/status"

/* A desktop's is 5 MiB. */
#define STATUS_MAX ((size_t)64 << 20)

/* Packages without which nothing boots, by their beginnings. */
static const char *const vital[] = {
    "systemd",   "libc6", "init",       "udev",    "linux-image-", "grub",  "initramfs-", "util-",
    "e2fsprogs", "glibc", "libsystemd", "kernel-", "dracut",       "shim-", "filesystem-"};

static bool is_vital(const char *name)
{
    for (size_t i = 0; i < sizeof vital / sizeof vital[0]; i++)
        if (text_starts_with(name, vital[i]))
            return true;
    return false;
}

/* What dpkg(1) calls the states between not installed and installed; "triggers-" ones are harmless.
 */
static bool is_half(const char *state)
{
    static const char *const states[] = {"half-installed", "half-configured", "unpacked"};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

static unsigned read_status(const char *data, size_t size, struct text *names, bool *ret_vital)
{
    struct dpkg_walk w = DPKG_WALK(data, size);
    struct dpkg_package p;
    unsigned count = 0;

    while (dpkg_status_next(&w, &p)) {
        if (!is_half(p.state))
            continue;
        if (is_vital(p.name))
            *ret_vital = true;
        if (++count <= 20)
            (void)text_appendf(names, "%s%s: %s", names->size ? "\n" : "", text_safe(p.name),
                               p.state);
    }
    return count;
}

static void detect_interrupted(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_text_ struct text names = TEXT_INIT(16384);
    _cleanup_directory_ struct directory updates = {0};
    _cleanup_free_ char *data = NULL;
    struct finding *finding;
    bool found_vital = false;
    unsigned count;
    size_t size;

    if (path_read(x->root_fd, STATUS, STATUS_MAX, &data, &size) < 0)
        return;
    count = read_status(data, size, &names, &found_vital);
    (void)directory_list(x->root_fd, "/var/lib/dpkg/updates", "", &updates);
    if (!count && !updates.count)
        return;
    if (count)
        finding = report_add(r, f, "%u package%s only half installed", count,
                             count == 1 ? " is" : "s are");
    else
        finding = report_add(r, f, "dpkg was interrupted while it wrote its status");
    finding_at(finding, STATUS, 0);
    finding_evidence(finding, "%s", names.data ? names.data : "");
    if (!found_vital)
        finding_severity(finding, FAULT_DEGRADES);
}

static int configure(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    static const char *const command[] = {"dpkg", "--configure", "-a", NULL};

    return remedy_planned(changes_command(c, command), STATUS, e);
}

#define YUM     "/var/lib/yum"
#define DNF_LOG "/var/log/dnf.rpm.log"

/* DNF's own limit is 1 MiB (log_size in dnf.conf(5)). */
#define DNF_LOG_MAX ((size_t)16 << 20)

/* yum-complete-transaction(8): the files are there as long as the transaction runs; what it has
 * given up is called ".disabled". */
static bool detect_yum(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_directory_ struct directory d = {0};
    const char *last = NULL;
    struct finding *finding;

    if (directory_list(x->root_fd, YUM, "", &d) < 0)
        return false;
    for (unsigned i = 0; i < d.count; i++)
        if (text_starts_with(d.names[i], "transaction-all.") &&
            !text_ends_with(d.names[i], ".disabled"))
            last = d.names[i];
    if (!last)
        return false;
    finding = report_add(r, f, "a transaction of yum has not come to its end");
    finding_at(finding, directory_join(YUM, last), 0);
    finding_evidence(finding, "%s", text_safe(directory_join(YUM, last)));
    remedy_shell(x, finding, NULL, "yum-complete-transaction");
    return true;
}

static void detect_dnf(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_free_ char *data = NULL;
    struct finding *finding;
    struct rpm_log log;
    size_t size;

    if (path_read(x->root_fd, DNF_LOG, DNF_LOG_MAX, &data, &size) < 0)
        return;
    rpm_log_read(data, size, is_vital, &log);
    if (!log.unfinished)
        return;
    finding = report_add(r, f,
                         "a transaction of dnf has not come to its end: of %u package%s both "
                         "versions are installed",
                         log.unfinished, log.unfinished == 1 ? "" : "s");
    finding_at(finding, DNF_LOG, 0);
    finding_evidence(finding, "began %s%s%s", text_safe(log.began), log.vital[0] ? "; " : "",
                     log.vital[0] ? text_safe(log.vital) : "");
    finding_expected(finding, "a line \"Upgraded:\" for each \"Upgrade:\"");
    remedy_shell(x, finding, NULL, "dnf remove --duplicates");
    if (!log.vital[0])
        finding_severity(finding, FAULT_DEGRADES);
}

static void detect_rpm(struct examination *x, const struct fault *f, struct report *r)
{
    /* On the running host one may be at work. */
    if (!x->running && !detect_yum(x, f, r))
        detect_dnf(x, f, r);
}

#define LEAPP_SERVICE "/etc/systemd/system/leapp_resume.service"

/* leapp upgrades in an initramfs of its own, then goes on in the new system by a service that it
 * takes away at its end (its actors add_upgrade_boot_entry, create_systemd_service,
 * remove_systemd_resume_service). */
static void detect_leapp(struct examination *x, const struct fault *f, struct report *r)
{
    const struct boot_choice *next = facts_default(x);
    const char *kernel = next ? strrchr(next->kernel, '/') : NULL;
    struct finding *finding;

    if (kernel && next->entry && text_starts_with(kernel + 1, "vmlinuz-upgrade.")) {
        finding = facts_choice_finding(x, r, f, next, next->kernel, next->entry->kernel_line,
                                       "is the upgrade by leapp, not the system");
        finding_why(finding, "The next boot goes into the upgrade. When that has failed before, it "
                             "ends in dracut's emergency shell.");
    } else if (facts_has(x, LEAPP_SERVICE)) {
        finding = report_add(r, f, "the upgrade by leapp has not come to its end");
        finding_at(finding, LEAPP_SERVICE, 0);
    }
}

static const struct fault faults[] = {
    {
        .id = "packages.interrupted",
        .severity = FAULT_STOPS_BOOT,
        .title = "an installation or upgrade of packages was interrupted",
        .why = "Files of two versions are mixed, and what is made at the end (initramfs, boot "
               "entries, links to libraries) may be missing.",
        .remedy = "let dpkg finish it: dpkg --configure -a",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "dpkg(1), PACKAGE STATES",
        .detect = detect_interrupted,
        .repair = configure,
    },
    {
        .id = "packages.transaction",
        .severity = FAULT_STOPS_BOOT,
        .title = "a transaction of yum or dnf was interrupted",
        .why = "Files of two versions are mixed, and what is made at the end (initramfs, boot "
               "entries) may be missing.",
        .remedy = "complete it inside, with the network (unbrick boot); then make the initramfs of "
                  "the new kernel: dracut -f --regenerate-all",
        .risk = FAULT_RISK_NONE,
        .reference = "yum-complete-transaction(8), dnf(8)",
        .detect = detect_rpm,
    },
    {
        .id = "packages.leapp",
        .severity = FAULT_DEGRADES,
        .title = "an upgrade by leapp has not come to its end",
        .why = "The next boot goes on with it, and ends where it ended before when it had failed.",
        .remedy =
            "look into /var/log/leapp/leapp-upgrade.log; the entry of the system's own kernel "
            "is still in the boot menu",
        .risk = FAULT_RISK_NONE,
        .reference = "leapp(1)",
        .detect = detect_leapp,
    },
};

FAULT_FAMILY(packages, faults);
