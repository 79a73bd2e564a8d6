/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PAM: a module or an include that is not there fails, and with it the login. */

#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/lines.h"
#include "system/pam_config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PAM "/etc/pam.d"

/* Where libpam is built to look, by distribution. */
static const char *const module_directories[] = {
    "/lib/x86_64-linux-gnu/security",
    "/usr/lib/x86_64-linux-gnu/security",
    "/lib/aarch64-linux-gnu/security",
    "/usr/lib/aarch64-linux-gnu/security",
    "/lib/i386-linux-gnu/security",
    "/usr/lib/i386-linux-gnu/security",
    "/lib/arm-linux-gnueabihf/security",
    "/usr/lib/arm-linux-gnueabihf/security",
    "/lib/riscv64-linux-gnu/security",
    "/usr/lib/riscv64-linux-gnu/security",
    "/lib/powerpc64le-linux-gnu/security",
    "/usr/lib/powerpc64le-linux-gnu/security",
    "/lib/s390x-linux-gnu/security",
    "/usr/lib/s390x-linux-gnu/security",
    "/lib64/security",
    "/usr/lib64/security",
    "/lib/security",
    "/usr/lib/security",
};

/* The services by which people get in; the common ones are included by all. */
static const char *const entrances[] = {
    "login",        "sshd",          "common-auth",        "common-account",     "common-session",
    "system-auth",  "password-auth", "system-login",       "postlogin",          "base-auth",
    "base-account", "base-session",  "system-local-login", "system-remote-login"};

static bool is_entrance(const char *service)
{
    for (size_t i = 0; i < sizeof entrances / sizeof entrances[0]; i++)
        if (text_starts_with(service, entrances[i]))
            return true;
    return false;
}

static bool has_module(const struct examination *x, const char *name)
{
    bool any = false;

    if (name[0] == '/')
        return facts_has(x, name);
    for (size_t i = 0; i < sizeof module_directories / sizeof module_directories[0]; i++) {
        if (facts_has(x, directory_join(module_directories[i], name)))
            return true;
        any = any || facts_has(x, module_directories[i]);
    }
    return !any || strchr(name, '$') != NULL; /* a system that keeps them elsewhere */
}

static bool has_service(const struct examination *x, const char *name)
{
    if (name[0] == '/')
        return facts_has(x, name);
    return facts_has(x, directory_join(PAM, name)) ||
           facts_has(x, directory_join("/usr/lib/pam.d", name)) ||
           facts_has(x, directory_join("/usr/etc/pam.d", name));
}

static const char *const types[] = {"auth", "account", "password", "session"};

#define TYPES (sizeof types / sizeof types[0])

/* How far the jumps of a file lead: a jump counts the lines of its own type. */
struct jumps {
    unsigned long long index;   /* of the line that was read last */
    unsigned long long reached; /* the last one that is counted */
};

/* Read one more line: do jumps lead over it, or to it? An include counts as one; "@include" as
 * none, since there may be no line of the type in it. */
static bool is_jumped_over(struct jumps jumps[TYPES], const struct pam_line *p)
{
    bool is_reached = false;

    for (size_t i = 0; i < TYPES; i++) {
        struct jumps *j = &jumps[i];
        unsigned jump = pam_line_jump(p);

        if (strcasecmp(p->type + p->quiet, types[i]) != 0)
            continue;
        j->index++;
        is_reached = j->reached >= j->index;
        if (jump && j->index + jump > j->reached)
            j->reached = j->index + jump;
    }
    return is_reached;
}

static void check_service(struct examination *x, const struct fault *f, struct report *r,
                          const char *service, bool includes)
{
    const char *path = directory_join(PAM, service);
    char copy[PATH_MAX], line[LINES_WIDTH];
    struct jumps jumps[TYPES] = {0};
    bool is_jumped, is_rest, goes_on = false;
    const struct facts_file *file;
    struct lines l;

    snprintf(copy, sizeof copy, "%s", path);
    file = facts_file(x, copy);
    l = LINES_OF(file->data, file->size);
    while (file->data && lines_next(&l, line)) {
        struct pam_line p;
        struct finding *finding;

        is_rest = goes_on;
        goes_on = text_ends_with(line, "\\");
        if (!pam_line_parse(lines_strip(line), &p))
            continue;
        is_jumped = is_jumped_over(jumps, &p);
        if (p.include != includes || p.quiet ||
            (includes ? has_service(x, p.name) : has_module(x, p.name)))
            continue;
        finding = report_add(r, f, "%s line %u %s %s, which is missing", text_safe(copy), l.number,
                             includes ? "includes" : "wants the module", text_safe(p.name));
        finding_at(finding, copy, l.number);
        finding_line(finding, file->data, file->size, l.number);
        if (!includes && !pam_line_is_decisive(&p)) {
            finding_severity(finding, FAULT_NOTICE);
            finding_why(finding, "Logins go on without it.");
        } else if (!is_entrance(service)) {
            finding_severity(finding, FAULT_DEGRADES);
            finding_why(finding, "The service %s refuses everybody.", text_safe(service));
        }
        if (!includes && is_jumped) {
            finding_risk(finding, FAULT_RISK_NONE);
            finding_remedy(finding, "install the module's package again; before the line is taken "
                                    "out, lower the number of the jump above that counts it");
        } else if (!includes && (is_rest || goes_on)) {
            finding_risk(finding, FAULT_RISK_NONE);
            finding_remedy(finding, "install the module's package again, or take the line out with "
                                    "all of its pieces");
        }
    }
}

static void check_all(struct examination *x, const struct fault *f, struct report *r, bool includes)
{
    _cleanup_directory_ struct directory d = {0};

    if (x->system->separate_usr || directory_list(x->root_fd, PAM, "", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++)
        /* What package managers leave beside the files is read by nobody. */
        if (!strchr(d.names[i], '.') && !text_ends_with(d.names[i], "~"))
            check_service(x, f, r, d.names[i], includes);
}

static void detect_module(struct examination *x, const struct fault *f, struct report *r)
{
    check_all(x, f, r, false);
}

static void detect_include(struct examination *x, const struct fault *f, struct report *r)
{
    check_all(x, f, r, true);
}

static const struct fault faults[] = {
    {
        .id = "pam.module-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a PAM module is missing",
        .why = "Each login ends with \"Module is unknown\", or without a word: nobody can get in.",
        .remedy = "turn the line into a comment; look whether it protected something, and install "
                  "the module's package again",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "pam.d(5)",
        .detect = detect_module,
        .repair = remedy_comment_line,
    },
    {
        .id = "pam.include-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a file that PAM's configuration includes is missing",
        .why = "The whole service fails: nobody can get in by it.",
        .remedy = "put the file back: pam-auth-update --force on Debian, authselect select on "
                  "Fedora, or from its package",
        .risk = FAULT_RISK_NONE,
        .reference = "pam.d(5)",
        .detect = detect_include,
    },
};

FAULT_FAMILY(pam, faults);
