/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* systemd's own configuration: the default target, core units, their order, system.conf. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/core_units.h"
#include "faults/facts_units.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/directory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DEFAULT_TARGET "/etc/systemd/system/default.target"

static bool is_systemd(const struct examination *x)
{
    return x->system->init == INIT_SYSTEMD && !x->system->separate_usr;
}

/* Targets that a machine must not come up to; what happens then. */
static const struct {
    const char *name, *what;
} unfit_targets[] = {
    {"reboot.target", "The machine reboots for ever."},
    {"kexec.target", "The machine reboots for ever."},
    {"soft-reboot.target", "The machine reboots for ever."},
    {"poweroff.target", "The machine switches itself off."},
    {"halt.target", "The machine halts."},
    {"shutdown.target", "The machine stops all services and stays there."},
    {"emergency.target", "The machine ends at a question for root's password."},
    {"rescue.target", "The machine ends at a question for root's password."},
    {"sysinit.target", "The machine ends before any login."},
    {"basic.target", "The machine ends before any login."},
    {"network.target", "The machine ends before any login."},
    {"network-online.target", "The machine ends before any login."},
    {"local-fs.target", "The machine ends before any login."},
};

static const char *unfit_target(const char *name)
{
    for (size_t i = 0; i < sizeof unfit_targets / sizeof unfit_targets[0]; i++)
        if (strcmp(unfit_targets[i].name, name) == 0)
            return unfit_targets[i].what;
    return NULL;
}

static void detect_default_target(struct examination *x, const struct fault *f, struct report *r)
{
    char link[PATH_MAX] = "";
    struct unit unit = {0};
    struct finding *finding = NULL;
    const char *unfit;

    if (!is_systemd(x) || unit_load(x->root_fd, "default.target", &unit) < 0)
        return;
    unfit = unfit_target(unit.name);
    if (unit.load == UNIT_LOADED && unfit) {
        finding = report_add(r, f, "the default target is %s", text_safe(unit.name));
        finding_why(finding, "%s", unfit);
    } else if (unit.load == UNIT_MASKED) {
        finding = report_add(r, f, "the default target is masked");
    } else if (unit.load != UNIT_LOADED) {
        finding = report_add(r, f, "the default target %s",
                             unit.load == UNIT_NOT_FOUND ? "is missing" : "leads nowhere");
    }
    finding_at(finding, DEFAULT_TARGET, 0);
    if (facts_readlink(x, DEFAULT_TARGET, link, sizeof link))
        finding_evidence(finding, "%s -> %s", DEFAULT_TARGET, text_safe(link));
    unit_free(&unit);
}

/* An empty unit counts as masked (systemd.unit(5)): a crash leaves such files. */
static bool has_content(const struct examination *x, const char *path)
{
    struct stat st;

    return path_stat(x->root_fd, path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static int set_default_target(struct examination *x, const struct finding *f, struct changes *c,
                              struct error *e)
{
    static const char *const targets[] = {
        "/usr/lib/systemd/system/graphical.target", "/usr/lib/systemd/system/multi-user.target",
        "/lib/systemd/system/graphical.target", "/lib/systemd/system/multi-user.target"};
    bool graphical = facts_has(x, "/etc/systemd/system/display-manager.service");

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        if ((i % 2 == 0) == graphical && has_content(x, targets[i]))
            return remedy_planned(changes_link(c, DEFAULT_TARGET, targets[i]), DEFAULT_TARGET, e);
    return remedy_unfit(e, "there is no multi-user.target that it could lead to");
}

static void detect_unit_masked(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; is_systemd(x) && i < core_unit_count; i++) {
        struct unit unit = {0};
        struct finding *finding;

        if (unit_load(x->root_fd, core_units[i].name, &unit) < 0)
            return;
        if (unit.load == UNIT_MASKED && text_starts_with(unit.path, "/etc/")) {
            finding = report_add(r, f, "%s is masked", core_units[i].name);
            finding_at(finding, unit.path, 0);
            finding_evidence(finding, "%s -> /dev/null", text_safe(unit.path));
            finding_severity(finding, core_units[i].severity);
            finding_why(finding, "%s", core_units[i].why);
        }
        unit_free(&unit);
    }
}

/* The package's own file is gone; only what every systemd has. */
static void detect_unit_missing(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const always[] = {"sysinit.target", "basic.target", "multi-user.target",
                                         "local-fs.target", "systemd-journald.service"};

    for (size_t i = 0; is_systemd(x) && i < sizeof always / sizeof always[0]; i++) {
        struct unit unit = {0};
        bool missing, empty;

        if (unit_load(x->root_fd, always[i], &unit) < 0)
            return;
        missing = unit.load == UNIT_NOT_FOUND || unit.load == UNIT_DANGLING;
        empty = unit.load == UNIT_MASKED && !text_starts_with(unit.path, "/etc/");
        if (missing || empty) {
            struct finding *finding =
                report_add(r, f, "the unit %s is %s", always[i], missing ? "missing" : "empty");

            if (missing)
                finding_expected(finding, "it was looked for in /etc/systemd/system and "
                                          "/usr/lib/systemd/system");
            else
                finding_at(finding, unit.path, 0);
            remedy_shell(x, finding, NULL,
                         facts_has(x, "/var/lib/dpkg/status")
                             ? "apt-get install --reinstall systemd"
                             : "dnf reinstall systemd");
        }
        unit_free(&unit);
    }
}

struct cycle_report {
    struct report *report;
    const struct fault *fault;
};

static bool order_is_implied(const struct units *u, unsigned from, unsigned to)
{
    for (unsigned i = 0; i < u->link_count; i++)
        if (u->links[i].relation == UNIT_AFTER && u->links[i].from == from &&
            u->links[i].to == to && !u->links[i].implied)
            return false;
    return true;
}

static void report_cycle(void *userdata, const struct units *u, const unsigned *cycle,
                         unsigned length)
{
    struct cycle_report *c = userdata;
    _cleanup_text_ struct text t = TEXT_INIT(4096);
    const struct unit *blamed = &u->items[cycle[0]];
    struct finding *finding;

    for (unsigned i = 0; i < length; i++) {
        unsigned to = cycle[(i + 1) % length];

        (void)text_appendf(&t, "%s%s comes after %s%s", i ? "\n" : "",
                           text_safe(u->items[cycle[i]].name), text_safe(u->items[to].name),
                           order_is_implied(u, cycle[i], to) ? " (by default)" : "");
        if (u->items[cycle[i]].local || !blamed->path)
            blamed = &u->items[cycle[i]];
    }
    finding =
        report_add(c->report, c->fault, "the order of %s is a circle", text_safe(blamed->name));
    if (blamed->path)
        finding_at(finding, blamed->path, 0);
    finding_evidence(finding, "%s", t.data ? t.data : "");
}

static void detect_ordering_cycle(struct examination *x, const struct fault *f, struct report *r)
{
    struct cycle_report c = {.report = r, .fault = f};

    if (is_systemd(x))
        (void)units_find_cycles(facts_units(x), 4, report_cycle, &c);
}

/* system.conf and its drop-ins: a line that is none, or whose section is not Manager, is ignored.
 */
static void check_conf(struct examination *x, const struct fault *f, struct report *r,
                       const char *path)
{
    const struct facts_file *file = facts_file(x, path);
    _cleanup_unit_settings_ struct unit_settings u = {0};

    if (!file->data || unit_settings_parse(file->data, file->size, &u) < 0)
        return;
    for (unsigned i = 0; i < u.count; i++) {
        const struct unit_setting *s = &u.settings[i];
        struct finding *finding;

        if (s->key && (strcmp(s->section, "Manager") == 0 || !s->key[0]))
            continue;
        finding = report_add(r, f, "%s line %u is %s", text_safe(path), s->line,
                             s->key ? "outside of [Manager]" : "no setting");
        finding_at(finding, path, s->line);
        finding_line(finding, file->data, file->size, s->line);
    }
}

static void detect_configuration(struct examination *x, const struct fault *f, struct report *r)
{
    static const char directory[] = "/etc/systemd/system.conf.d";
    _cleanup_directory_ struct directory d = {0};

    if (!is_systemd(x))
        return;
    check_conf(x, f, r, "/etc/systemd/system.conf");
    if (directory_list(x->root_fd, directory, ".conf", &d) == 0)
        for (unsigned i = 0; i < d.count; i++)
            check_conf(x, f, r, directory_join(directory, d.names[i]));
}

/* The first word of ExecStart=, without the prefixes of systemd.service(5). */
static bool command_of(const char *value, char *ret, size_t size)
{
    value += strspn(value, "@-:+!|");
    snprintf(ret, size, "%.*s", (int)strcspn(value, " \t"), value);
    return ret[0] == '/' && !strpbrk(ret, "%$\"'\\");
}

static void detect_program_missing(struct examination *x, const struct fault *f, struct report *r)
{
    const struct units *u = is_systemd(x) ? facts_units(x) : NULL;

    for (unsigned i = 0; u && i < u->count; i++) {
        const struct unit_setting *start;
        struct finding *finding;
        char path[PATH_MAX];

        /* Those of packages have conditions of their own; what is written by hand is to be there.
         */
        if (!u->items[i].wanted || !u->items[i].local || !u->items[i].path)
            continue;
        start = unit_settings_get(&u->items[i].file, "Service", "ExecStart");
        if (!start || !command_of(start->value, path, sizeof path) || facts_has(x, path) ||
            text_starts_with(path, "/run/"))
            continue;
        finding = report_add(r, f, "%s starts %s, which is missing", text_safe(u->items[i].name),
                             text_safe(path));
        finding_at(finding, u->items[i].path, start->line);
        finding_evidence(finding, "ExecStart=%s", text_safe(start->value));
    }
}

static void detect_system_update(struct examination *x, const struct fault *f, struct report *r)
{
    char link[PATH_MAX];
    struct finding *finding;

    if (!is_systemd(x) || !facts_readlink(x, "/system-update", link, sizeof link))
        return;
    finding = report_add(r, f, "/system-update asks for an offline update");
    finding_at(finding, "/system-update", 0);
    finding_evidence(finding, "/system-update -> %s", text_safe(link));
    if (facts_has(x, "/system-update")) {
        finding_severity(finding, FAULT_NOTICE);
        finding_risk(finding, FAULT_RISK_MEDIUM);
        finding_why(finding, "The next boot installs updates and reboots. When it does that again "
                             "and again, the update fails before it removes the link.");
    }
}

/* machine-id(5). Missing, empty and "uninitialized" mean a first boot, which is legal. */
static void detect_machine_id(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *file = facts_file(x, "/etc/machine-id");
    struct finding *finding;

    if (!is_systemd(x) || !file->data || x->system->machine_id[0] ||
        strspn(file->data, "\n") == file->size || text_starts_with(file->data, "uninitialized"))
        return;
    finding = report_add(r, f, "/etc/machine-id holds no machine id");
    finding_at(finding, "/etc/machine-id", 1);
    finding_line(finding, file->data, file->size, 1);
    finding_expected(finding, "32 hexadecimal digits");
}

static bool is_machine_id(const char *text)
{
    return strspn(text, "0123456789abcdef") == 32 && (text[32] == '\0' || text[32] == '\n') &&
           strspn(text, "0") < 32;
}

static int set_machine_id(struct examination *x, const struct finding *f, struct changes *c,
                          struct error *e)
{
    const struct facts_file *dbus = facts_file(x, "/var/lib/dbus/machine-id");
    unsigned char bytes[16];
    char id[34];

    if (dbus->data && is_machine_id(dbus->data)) {
        snprintf(id, sizeof id, "%.32s\n", dbus->data);
        return remedy_planned(changes_write(c, f->file, id, 33, 0444), f->file, e);
    }
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return error_errno(e, -EIO, "making a machine id");
    bytes[6] = (bytes[6] & 0x0f) | 0x40; /* as sd_id128_randomize(3) makes it */
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    memcpy(id + 32, "\n", 2);
    return remedy_planned(changes_write(c, f->file, id, 33, 0444), f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "systemd.default-target",
        .severity = FAULT_STOPS_BOOT,
        .title = "the default target is missing, masked, or none to work in",
        .why = "systemd ends in emergency mode: \"Failed to load default target\".",
        .remedy = "let it lead to multi-user.target, or to graphical.target where there is a "
                  "display manager",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.special(7), default.target",
        .detect = detect_default_target,
        .repair = set_default_target,
    },
    {
        .id = "systemd.unit-masked",
        .severity = FAULT_STOPS_BOOT,
        .title = "a unit that everything relies on is masked",
        .why = "systemd does not start it, whoever asks for it.",
        .remedy = "unmask it",
        .risk = FAULT_RISK_LOW,
        .reference = "systemctl(1), mask",
        .detect = detect_unit_masked,
        .repair = remedy_remove_file,
    },
    {
        .id = "systemd.unit-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a unit that every systemd has is missing or empty",
        .why = "What depends on it is not started.",
        .remedy = "install the package systemd again",
        .risk = FAULT_RISK_NONE,
        .reference = "bootup(7)",
        .detect = detect_unit_missing,
    },
    {
        .id = "systemd.ordering-cycle",
        .severity = FAULT_DEGRADES,
        .title = "units wait for each other in a circle",
        .why = "systemd leaves one of them out to break the circle: \"Job ... deleted to break "
               "ordering cycle\". Which one it is may change from boot to boot.",
        .remedy = "take one of the orders away: systemctl edit UNIT",
        .risk = FAULT_RISK_NONE,
        .reference = "systemd.unit(5), After=",
        .detect = detect_ordering_cycle,
    },
    {
        .id = "systemd.system-update",
        .severity = FAULT_DEGRADES,
        .title = "the next boot is for an offline update",
        .why = "Each boot goes to system-update.target, whose update is not there, and reboots.",
        .remedy = "remove the link /system-update",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.offline-updates(7)",
        .detect = detect_system_update,
        .repair = remedy_remove_file,
    },
    {
        .id = "systemd.machine-id",
        .severity = FAULT_DEGRADES,
        .title = "/etc/machine-id is invalid",
        .why = "D-Bus and what needs it fail; kernels are installed under another id than the boot "
               "entries have.",
        .remedy = "write the id that D-Bus knows, or a new one",
        .risk = FAULT_RISK_LOW,
        .reference = "machine-id(5)",
        .detect = detect_machine_id,
        .repair = set_machine_id,
    },
    {
        .id = "systemd.configuration",
        .severity = FAULT_NOTICE,
        .title = "a line of systemd's system.conf is ignored",
        .why = "What it should set is not set.",
        .remedy = "turn it into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd-system.conf(5)",
        .detect = detect_configuration,
        .repair = remedy_comment_line,
    },
    {
        .id = "systemd.program-missing",
        .severity = FAULT_DEGRADES,
        .title = "a local service starts a program that is not there",
        .why = "The service fails with status 203/EXEC.",
        .remedy = "install the program, or disable the service: systemctl disable UNIT",
        .risk = FAULT_RISK_NONE,
        .reference = "systemd.exec(5)",
        .detect = detect_program_missing,
    },
};

FAULT_FAMILY(systemd, faults);
