/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is started at boot and may not come to an end: local services and scripts, cloud-init. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_units.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/lines.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything else waits for these. */
static const char *const early[] = {"sysinit.target", "basic.target", "local-fs.target",
                                    "local-fs-pre.target", "sockets.target"};

static bool is_early(const char *name)
{
    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++)
        if (strcmp(early[i], name) == 0)
            return true;
    return false;
}

/* Which early target comes after the unit, or NULL. */
static const char *early_after(const struct units *u, unsigned unit)
{
    for (unsigned i = 0; i < u->link_count; i++)
        if (u->links[i].relation == UNIT_AFTER && u->links[i].to == unit &&
            is_early(u->items[u->links[i].from].name))
            return u->items[u->links[i].from].name;
    return NULL;
}

/* Commands that never come to an end by themselves. */
static bool never_ends(const char *command)
{
    static const char *const words[] = {"sleep infinity", "sleep inf", "tail -f", "while true",
                                        "while :"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(command, words[i]))
            return true;
    return false;
}

/* A oneshot service holds up what comes after it until it has ended, and has no limit by default
 * (systemd.service(5), TimeoutStartSec=). */
static bool holds_up(const struct unit *unit, bool *ret_stated)
{
    const struct unit_setting *type = unit_settings_get(&unit->file, "Service", "Type"),
                              *start = unit_settings_get(&unit->file, "Service", "TimeoutStartSec"),
                              *both = unit_settings_get(&unit->file, "Service", "TimeoutSec"),
                              *limit = start ? start : both;
    bool oneshot = type && strcmp(type->value, "oneshot") == 0;

    *ret_stated = limit && unit_is_endless(limit->value);
    return oneshot
               ? !limit || *ret_stated
               : *ret_stated && type &&
                     (strcmp(type->value, "notify") == 0 || strcmp(type->value, "forking") == 0);
}

static void detect_service_hangs(struct examination *x, const struct fault *f, struct report *r)
{
    const struct units *u = facts_units(x);

    for (unsigned i = 0; i < u->count; i++) {
        const struct unit *unit = &u->items[i];
        const struct unit_setting *start;
        const char *before;
        struct finding *finding;
        bool endless, stated;

        if (!unit->wanted || !unit->local || !holds_up(unit, &stated))
            continue;
        start = unit_settings_get(&unit->file, "Service", "ExecStart");
        endless = start && never_ends(start->value);
        before = early_after(u, i);
        if (!endless && !(stated && before))
            continue;
        finding = report_add(r, f, "%s %s, and %s waits for it", text_safe(unit->name),
                             endless ? "never gets ready" : "may take for ever",
                             before ? text_safe(before) : "the default target");
        finding_at(finding, unit->path, start ? start->line : 0);
        finding_subject(finding, unit->name);
        if (start)
            finding_evidence(finding, "ExecStart=%s%s", text_safe(start->value),
                             stated ? "\nwith a start timeout of infinity" : "");
        if (!endless || !before)
            finding_severity(finding, FAULT_DEGRADES);
        if (!endless)
            finding_risk(finding, FAULT_RISK_MEDIUM);
    }
}

/* Take away the links by which the unit is wanted, as systemctl disable does. */
static int disable_unit(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    static const char directory[] = "/etc/systemd/system";
    _cleanup_directory_ struct directory d = {0};
    unsigned removed = 0;
    int r = directory_list(x->root_fd, directory, "", &d);

    for (unsigned i = 0; r == 0 && i < d.count; i++) {
        char path[PATH_MAX];
        struct stat st;

        if (!text_ends_with(d.names[i], ".wants") && !text_ends_with(d.names[i], ".requires"))
            continue;
        snprintf(path, sizeof path, "%s/%s/%s", directory, d.names[i], f->subject);
        if (facts_lstat(x, path, &st) < 0)
            continue;
        r = changes_remove(c, path);
        removed++;
    }
    if (r == 0 && !removed)
        return remedy_unfit(e, "%s is wanted by a unit, not by a link; edit that unit",
                            text_safe(f->subject));
    return remedy_planned(r, directory, e);
}

/* rc-local.service has no start timeout, and the login prompts come after it. */
static void detect_rc_local(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const paths[] = {"/etc/rc.local", "/etc/rc.d/rc.local"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct facts_file *file = facts_file(x, paths[i]);
        struct lines l = LINES_OF(file->data, file->size);
        char line[LINES_WIDTH];
        struct stat st;

        if (!file->data || !facts_has_program(x, paths[i]) || facts_lstat(x, paths[i], &st) < 0 ||
            S_ISLNK(st.st_mode))
            continue;
        while (lines_next(&l, line)) {
            char *text = lines_strip(line);
            struct finding *finding;

            if (!never_ends(text) || text_ends_with(text, "&") || strstr(text, "done"))
                continue;
            finding = report_add(r, f, "%s line %u never comes to an end", paths[i], l.number);
            finding_at(finding, paths[i], l.number);
            finding_evidence(finding, "%s", text_safe(text));
            break;
        }
    }
}

static int stop_script(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    struct stat st;
    int r = path_stat(x->root_fd, f->file, &st);

    if (r == 0)
        r = changes_mode(c, f->file, st.st_mode & 07666, (uid_t)-1, (gid_t)-1);
    return remedy_planned(r, f->file, e);
}

/* /var/lib/cloud/data/result.json: {"v1": {"datasource": ..., "errors": [...]}}. Only whether the
 * list is empty counts. */
static void detect_cloud_init(struct examination *x, const struct fault *f, struct report *r)
{
    static const char path[] = "/var/lib/cloud/data/result.json";
    const struct facts_file *file = facts_file(x, path);
    const char *errors, *end;
    struct finding *finding;

    if (!file->data || !facts_has(x, "/usr/bin/cloud-init") ||
        facts_has(x, "/etc/cloud/cloud-init.disabled"))
        return;
    errors = strstr(file->data, "\"errors\"");
    errors = errors ? strchr(errors, '[') : NULL;
    end = errors ? strchr(errors, ']') : NULL;
    if (!end || errors + 1 + strspn(errors + 1, " \t\r\n") == end)
        return;
    finding = report_add(r, f, "cloud-init failed in the last boot");
    finding_at(finding, path, 0);
    finding_evidence(finding, "%s", text_safe_bytes(errors, (size_t)(end - errors) + 1));
}

static int disable_cloud_init(struct examination *x, const struct finding *f, struct changes *c,
                              struct error *e)
{
    static const char path[] = "/etc/cloud/cloud-init.disabled";

    return remedy_planned(changes_write(c, path, "", 0, 0644), path, e);
}

static const struct fault faults[] = {
    {
        .id = "start.service-hangs",
        .severity = FAULT_STOPS_BOOT,
        .title = "a local service that the boot waits for never gets ready",
        .why = "\"A start job is running for ...\", without a limit, before there is a login "
               "prompt.",
        .remedy = "disable the service",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.service(5), TimeoutStartSec=",
        .detect = detect_service_hangs,
        .repair = disable_unit,
    },
    {
        .id = "start.rc-local",
        .severity = FAULT_DEGRADES,
        .title = "rc.local never comes to an end",
        .why = "The login prompts of the console wait for it, without a limit.",
        .remedy = "make it not executable, so that it is not run",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "systemd-rc-local-generator(8)",
        .detect = detect_rc_local,
        .repair = stop_script,
    },
    {
        .id = "start.cloud-init",
        .severity = FAULT_NOTICE,
        .title = "cloud-init failed in the last boot",
        .why = "Users, keys and the network that it should set up may be missing; it may wait two "
               "minutes for its data source.",
        .remedy = "disable it with /etc/cloud/cloud-init.disabled",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "cloud-init(1)",
        .detect = detect_cloud_init,
        .repair = disable_cloud_init,
    },
};

FAULT_FAMILY(start, faults);
