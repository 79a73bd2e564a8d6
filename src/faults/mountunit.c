/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Units of the administrator's that mount: *.mount, *.automount and *.swap below
 * /etc/systemd/system, which is where they are written by hand. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/changes.h"
#include "faults/examination.h"
#include "faults/report.h"
#include "system/directory.h"
#include "system/unit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define UNITS "/etc/systemd/system"

static const struct {
    const char *suffix, *section;
    const char *path_key;   /* the path that gives the unit its name */
    const char *device_key; /* NULL: it names no device */
} kinds[] = {
    {".mount", "Mount", "Where", "What"},
    {".automount", "Automount", "Where", NULL},
    {".swap", "Swap", "What", "What"},
};

/* How the unit is pulled in at boot: the link to it, by which `disable` would take it out, and
 * whether what pulls it in cannot do without it. */
static bool is_enabled(const struct examination *x, const char *unit, char *ret_link, size_t size,
                       bool *ret_required)
{
    static const struct {
        const char *directory;
        bool required;
    } places[] = {
        {"local-fs.target.requires", true},    {"sysinit.target.requires", true},
        {"basic.target.requires", true},       {"swap.target.requires", false},
        {"multi-user.target.requires", false}, {"local-fs.target.wants", false},
        {"remote-fs.target.wants", false},     {"multi-user.target.wants", false},
        {"graphical.target.wants", false},     {"default.target.wants", false},
        {"sysinit.target.wants", false},       {"basic.target.wants", false},
        {"swap.target.wants", false},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        _cleanup_fd_ int fd = -1;

        snprintf(ret_link, size, UNITS "/%s/%s", places[i].directory, unit);
        fd = path_open(x->root_fd, ret_link, O_PATH | O_NOFOLLOW);
        if (fd < 0)
            continue;
        *ret_required = places[i].required;
        return true;
    }
    return false;
}

typedef void check_fn(struct examination *x, const struct fault *f, struct report *r,
                      const char *unit, size_t kind, const char *data, size_t size);

/* Each unit file that is one, and not a mask (a link to /dev/null, or empty). */
static void for_each_unit(struct examination *x, const struct fault *f, struct report *r,
                          check_fn *check)
{
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        _cleanup_directory_ struct directory d = {0};

        if (directory_list(x->root_fd, UNITS, kinds[kind].suffix, &d) < 0)
            return;
        for (unsigned i = 0; i < d.count; i++) {
            _cleanup_free_ char *data = NULL;
            size_t size;

            if (path_read(x->root_fd, directory_join(UNITS, d.names[i]), PATH_CONFIG_MAX, &data,
                          &size) == 0 &&
                size > 0)
                check(x, f, r, d.names[i], kind, data, size);
        }
    }
}

static void check_source(struct examination *x, const struct fault *f, struct report *r,
                         const char *unit, size_t kind, const char *data, size_t size)
{
    char what[PATH_MAX], why[256], link[PATH_MAX];
    struct finding *finding;
    bool required;
    unsigned line;

    if (!kinds[kind].device_key ||
        unit_file_get(data, size, kinds[kind].section, kinds[kind].device_key, what, sizeof what,
                      &line) < 0 ||
        !examination_names_device(what) ||
        examination_device(x, what, NULL, why, sizeof why) != DEVICE_MISSING ||
        !is_enabled(x, unit, link, sizeof link, &required))
        return;
    finding = report_add(r, f, "%s names a disk that is not there", text_safe(unit));
    finding_at(finding, directory_join(UNITS, unit), line);
    finding_line(finding, data, size, line);
    finding_expected(finding, "%s", why);
    finding_subject(finding, link);
    if (!required) {
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "systemd waits 90 seconds for the device; then the boot goes on "
                             "without it.");
    }
}

static void detect_source_missing(struct examination *x, const struct fault *f, struct report *r)
{
    if (x->system->init == INIT_SYSTEMD)
        for_each_unit(x, f, r, check_source);
}

static void check_name(struct examination *x, const struct fault *f, struct report *r,
                       const char *unit, size_t kind, const char *data, size_t size)
{
    char path[PATH_MAX], name[PATH_MAX], link[PATH_MAX];
    struct finding *finding;
    bool required;
    unsigned line;

    /* A swap on a device may be named by any of the device's names. */
    if (strcmp(kinds[kind].path_key, "Where") != 0 ||
        unit_file_get(data, size, kinds[kind].section, "Where", path, sizeof path, &line) < 0 ||
        strchr(path, '%') || unit_name_from_path(path, kinds[kind].suffix, name, sizeof name) < 0 ||
        strcmp(name, unit) == 0 || !is_enabled(x, unit, link, sizeof link, &required))
        return;
    finding =
        report_add(r, f, "%s does not have the name that its mount point wants", text_safe(unit));
    finding_at(finding, directory_join(UNITS, unit), line);
    finding_line(finding, data, size, line);
    finding_expected(finding, "the name %s", text_safe(name));
    finding_subject(finding, link);
    if (!required) {
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "systemd refuses to load it (\"Where= setting doesn't match unit "
                             "name\"): nothing is mounted there.");
    }
}

static void detect_misnamed(struct examination *x, const struct fault *f, struct report *r)
{
    if (x->system->init == INIT_SYSTEMD)
        for_each_unit(x, f, r, check_name);
}

/* What `systemctl disable` does, as far as the boot goes: the file itself stays. */
static int disable(struct examination *x, const struct finding *f, struct changes *c,
                   struct error *e)
{
    int r = changes_remove(c, f->subject);

    (void)x;
    return r < 0 ? error_errno(e, r, "removing %s", text_safe(f->subject)) : 0;
}

static const struct fault faults[] = {
    {
        .id = "mountunit.source-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a mount unit names a disk that is not there",
        .why = "systemd waits 90 seconds for the device, then gives up on the target that requires "
               "the unit, and ends in emergency mode.",
        .remedy = "disable the unit: the link that pulls it in is removed, the unit stays",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.mount(5)",
        .detect = detect_source_missing,
        .repair = disable,
    },
    {
        .id = "mountunit.misnamed",
        .severity = FAULT_STOPS_BOOT,
        .title = "a mount unit does not have the name of its mount point",
        .why = "systemd refuses to load it (\"Where= setting doesn't match unit name\"), gives up "
               "on the target that requires the unit, and ends in emergency mode.",
        .remedy = "disable the unit: the link that pulls it in is removed, the unit stays",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.mount(5), Where=",
        .detect = detect_misnamed,
        .repair = disable,
    },
};

FAULT_FAMILY(mountunit, faults);
