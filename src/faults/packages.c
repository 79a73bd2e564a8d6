/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The package manager was interrupted. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/directory.h"

#include <stdio.h>
#include <string.h>

#define STATUS "/var/lib/dpkg/status"

/* A desktop's is 5 MiB. */
#define STATUS_MAX ((size_t)64 << 20)

/* Packages without which nothing boots, by their beginnings. */
static const char *const vital[] = {"systemd", "libc6",      "init",  "udev",      "linux-image-",
                                    "grub",    "initramfs-", "util-", "e2fsprogs", "libsystemd"};

static bool is_vital(const char *name)
{
    for (size_t i = 0; i < sizeof vital / sizeof vital[0]; i++)
        if (text_starts_with(name, vital[i]))
            return true;
    return false;
}

/* The value of "Package: " in the paragraph that @at is in. */
static void package_at(const char *data, const char *at, char *ret, size_t size)
{
    static const char key[] = "Package: ";

    ret[0] = '\0';
    for (; at > data; at--) {
        if (at[-1] != '\n' && at - 1 > data)
            continue;
        if (text_starts_with(at, key)) {
            snprintf(ret, size, "%.*s", (int)strcspn(at + strlen(key), "\n"), at + strlen(key));
            return;
        }
        if (*at == '\n')
            return;
    }
    if (text_starts_with(data, key))
        snprintf(ret, size, "%.*s", (int)strcspn(data + strlen(key), "\n"), data + strlen(key));
}

/* What dpkg(1) calls the states between not installed and installed; "triggers-" ones are harmless.
 */
static bool is_half(const char *state)
{
    return text_starts_with(state, "half-") || text_starts_with(state, "unpacked");
}

static unsigned read_status(const char *data, struct text *names, bool *ret_vital)
{
    static const char key[] = "\nStatus: ";
    unsigned count = 0;

    for (const char *at = data; (at = strstr(at, key)); at++) {
        char want[32], error[32], state[32], name[128];

        if (sscanf(at + strlen(key), "%31s %31s %31s", want, error, state) != 3 || !is_half(state))
            continue;
        package_at(data, at, name, sizeof name);
        if (is_vital(name))
            *ret_vital = true;
        if (++count <= 20)
            (void)text_appendf(names, "%s%s: %s", names->size ? "\n" : "", text_safe(name), state);
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

    if (path_read(x->root_fd, STATUS, STATUS_MAX, &data, NULL) < 0)
        return;
    count = read_status(data, &names, &found_vital);
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
};

FAULT_FAMILY(packages, faults);
