/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/fault.h"

#include "faults/examination.h"
#include "faults/report.h"

#include <errno.h>
#include <string.h>

extern const struct fault_family fault_family_table;
extern const struct fault_family fault_family_loader;
extern const struct fault_family fault_family_esp;
extern const struct fault_family fault_family_shim;
extern const struct fault_family fault_family_grub;
extern const struct fault_family fault_family_menu;
extern const struct fault_family fault_family_kernel;
extern const struct fault_family fault_family_initramfs;
extern const struct fault_family fault_family_cmdline;
extern const struct fault_family fault_family_argument;
extern const struct fault_family fault_family_driver;
extern const struct fault_family fault_family_modprobe;
extern const struct fault_family fault_family_fips;
extern const struct fault_family fault_family_pi;
extern const struct fault_family fault_family_boot;
extern const struct fault_family fault_family_member;
extern const struct fault_family fault_family_array;
extern const struct fault_family fault_family_storage;
extern const struct fault_family fault_family_filesystem;
extern const struct fault_family fault_family_fstab;
extern const struct fault_family fault_family_device;
extern const struct fault_family fault_family_option;
extern const struct fault_family fault_family_mount;
extern const struct fault_family fault_family_mountunit;
extern const struct fault_family fault_family_swap;
extern const struct fault_family fault_family_space;
extern const struct fault_family fault_family_tree;
extern const struct fault_family fault_family_init;
extern const struct fault_family fault_family_systemd;
extern const struct fault_family fault_family_unit;
extern const struct fault_family fault_family_packages;
extern const struct fault_family fault_family_start;
extern const struct fault_family fault_family_security;
extern const struct fault_family fault_family_sysctl;
extern const struct fault_family fault_family_users;
extern const struct fault_family fault_family_pam;
extern const struct fault_family fault_family_ssh;
extern const struct fault_family fault_family_sudo;
extern const struct fault_family fault_family_network;
extern const struct fault_family fault_family_console;
extern const struct fault_family fault_family_leak;
extern const struct fault_family fault_family_history;
extern const struct fault_family fault_family_crash;

/* In the order of a boot. A line each, for whoever adds one. */
/* clang-format off */
const struct fault_family *const fault_families[] = {
    &fault_family_table,
    &fault_family_loader,
    &fault_family_esp,
    &fault_family_shim,
    &fault_family_grub,
    &fault_family_menu,
    &fault_family_kernel,
    &fault_family_initramfs,
    &fault_family_cmdline,
    &fault_family_argument,
    &fault_family_driver,
    &fault_family_modprobe,
    &fault_family_fips,
    &fault_family_pi,
    &fault_family_boot,
    &fault_family_member,
    &fault_family_array,
    &fault_family_storage,
    &fault_family_filesystem,
    &fault_family_fstab,
    &fault_family_device,
    &fault_family_option,
    &fault_family_mount,
    &fault_family_mountunit,
    &fault_family_swap,
    &fault_family_space,
    &fault_family_tree,
    &fault_family_init,
    &fault_family_systemd,
    &fault_family_unit,
    &fault_family_packages,
    &fault_family_start,
    &fault_family_security,
    &fault_family_sysctl,
    &fault_family_users,
    &fault_family_pam,
    &fault_family_ssh,
    &fault_family_sudo,
    &fault_family_network,
    &fault_family_console,
    &fault_family_leak,
    &fault_family_history,
    &fault_family_crash,
};
/* clang-format on */

const size_t fault_family_count = sizeof fault_families / sizeof fault_families[0];

const struct fault *fault_find(const char *id)
{
    for (size_t i = 0; i < fault_family_count; i++)
        for (size_t j = 0; j < fault_families[i]->count; j++)
            if (strcmp(fault_families[i]->faults[j].id, id) == 0)
                return &fault_families[i]->faults[j];
    return NULL;
}

const char *fault_severity_name(enum fault_severity s)
{
    static const char *const names[] = {
        [FAULT_STOPS_BOOT] = "stops the boot",
        [FAULT_DEGRADES] = "degrades",
        [FAULT_NOTICE] = "notice",
    };

    return names[s];
}

const char *fault_risk_name(enum fault_risk r)
{
    static const char *const names[] = {
        [FAULT_RISK_NONE] = "none",
        [FAULT_RISK_LOW] = "low",
        [FAULT_RISK_MEDIUM] = "medium",
        [FAULT_RISK_HIGH] = "high",
    };

    return names[r];
}

static int detect_family(struct examination *x, const struct fault_family *family, bool stops,
                         struct report *r, struct error *e)
{
    int interrupted = 0;

    for (size_t i = 0; i < family->count && interrupted == 0; i++) {
        if (family->faults[i].stops == stops)
            family->faults[i].detect(x, &family->faults[i], r);
        interrupted = x->interrupted ? x->interrupted(e) : 0;
    }
    return interrupted;
}

/* What the others found until then may come from what could not be read: it is forgotten. 0 or what
 * x->interrupted() says. */
static int stop(struct examination *x, struct report *r, struct error *e)
{
    struct report only = {0};
    int interrupted = 0;

    for (size_t i = 0; i < fault_family_count && interrupted == 0; i++)
        interrupted = detect_family(x, fault_families[i], true, &only, e);
    if (interrupted < 0 || (!only.count && !only.failed)) {
        report_free(&only);
        return interrupted;
    }
    report_free(r);
    *r = only;
    r->stopped = true;
    return 0;
}

int faults_detect(struct examination *x, struct report *r, struct error *e)
{
    int interrupted = stop(x, r, e);

    for (size_t i = 0; i < fault_family_count && interrupted == 0 && !r->stopped; i++) {
        interrupted = detect_family(x, fault_families[i], false, r, e);
        if (interrupted == 0)
            interrupted = stop(x, r, e);
    }
    if (interrupted < 0)
        return interrupted;
    for (unsigned i = 0; x->running && i < r->count; i++) /* `repair` does not write to what runs */
        finding_risk(&r->findings[i], FAULT_RISK_NONE);
    report_sort(r);
    return r->failed ? error_errno(e, r->failed, "examining the system") : 0;
}
