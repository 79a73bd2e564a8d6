/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What stops a machine on purpose: SELinux that cannot load its policy or finds no labels, auditd
 * that halts when it cannot write. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "faults/unlabelled.h"
#include "system/directory.h"
#include "system/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define SELINUX "/etc/selinux/config"

/* The last "KEY=value" of a file, as libselinux and auditd take it; its line. false when there is
 * none. */
static bool setting(struct examination *x, const char *path, const char *key, char *ret,
                    size_t size, unsigned *ret_line)
{
    const struct facts_file *file = facts_file(x, path);
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH];
    bool found = false;

    while (file->data && lines_next(&l, line)) {
        char *value = lines_value(lines_strip(line), key);

        if (!value)
            continue;
        snprintf(ret, size, "%s", value);
        *ret_line = l.number;
        found = true;
    }
    return found;
}

/* Is there a policy of that type? */
static bool has_policy(const struct examination *x, const char *type)
{
    _cleanup_directory_ struct directory d = {0};
    char path[PATH_MAX];

    if (!type[0] || strchr(type, '/'))
        return false;
    snprintf(path, sizeof path, "/etc/selinux/%s/policy", type);
    if (directory_list(x->root_fd, path, "", &d) < 0)
        return false;
    for (unsigned i = 0; i < d.count; i++)
        if (text_starts_with(d.names[i], "policy."))
            return true;
    return false;
}

/* The one type that has a policy; false when there is none or a choice. */
static bool only_policy(const struct examination *x, char *ret, size_t size)
{
    _cleanup_directory_ struct directory d = {0};
    unsigned count = 0;

    if (directory_list(x->root_fd, "/etc/selinux", "", &d) < 0)
        return false;
    for (unsigned i = 0; i < d.count; i++)
        if (has_policy(x, d.names[i])) {
            snprintf(ret, size, "%s", d.names[i]);
            count++;
        }
    return count == 1;
}

static bool is_mode(const char *mode)
{
    return strcasecmp(mode, "enforcing") == 0 || strcasecmp(mode, "permissive") == 0 ||
           strcasecmp(mode, "disabled") == 0;
}

static bool is_enforcing(struct examination *x)
{
    char mode[64];
    unsigned line;

    return setting(x, SELINUX, "SELINUX", mode, sizeof mode, &line) &&
           strcasecmp(mode, "enforcing") == 0;
}

static void detect_selinux_mode(struct examination *x, const struct fault *f, struct report *r)
{
    char mode[64];
    unsigned line;
    struct finding *finding;

    if (!setting(x, SELINUX, "SELINUX", mode, sizeof mode, &line) || is_mode(mode))
        return;
    finding = report_add(r, f, SELINUX " line %u: SELINUX=%s is no mode", line, text_safe(mode));
    finding_at(finding, SELINUX, line);
    finding_evidence(finding, "SELINUX=%s", text_safe(mode));
    finding_expected(finding, "enforcing, permissive or disabled");
}

static int set_permissive(struct examination *x, const struct finding *f, struct changes *c,
                          struct error *e)
{
    return remedy_planned(changes_replace_line(c, SELINUX, f->line, "SELINUX=permissive"), SELINUX,
                          e);
}

/* Enforcing without a policy: systemd freezes (src/core/selinux-setup.c, mac_selinux_setup()). */
static void detect_selinux_policy(struct examination *x, const struct fault *f, struct report *r)
{
    char type[128], only[128];
    unsigned line = 0;
    struct finding *finding;

    if (!is_enforcing(x) || !setting(x, SELINUX, "SELINUXTYPE", type, sizeof type, &line) ||
        has_policy(x, type))
        return;
    finding = report_add(r, f, "SELinux is enforcing, and the policy \"%s\" is not there",
                         text_safe(type));
    finding_at(finding, SELINUX, line);
    finding_evidence(finding, "SELINUXTYPE=%s", text_safe(type));
    finding_expected(finding, "a file /etc/selinux/%s/policy/policy.NN", text_safe(type));
    if (only_policy(x, only, sizeof only))
        finding_subject(finding, only);
    else
        finding_risk(finding, FAULT_RISK_MEDIUM);
}

static int set_policy(struct examination *x, const struct finding *f, struct changes *c,
                      struct error *e)
{
    char text[160], mode[64];
    unsigned line;

    if (f->subject) {
        snprintf(text, sizeof text, "SELINUXTYPE=%s", f->subject);
        return remedy_planned(changes_replace_line(c, SELINUX, f->line, text), SELINUX, e);
    }
    if (!setting(x, SELINUX, "SELINUX", mode, sizeof mode, &line))
        return remedy_unfit(e, "there is no line SELINUX= any more");
    return remedy_planned(changes_replace_line(c, SELINUX, line, "SELINUX=permissive"), SELINUX, e);
}

/* Files that rescue work rewrites, and that stop something when their label is gone. */
static const struct {
    const char *path;
    enum fault_severity severity;
} labelled[] = {
    {"/sbin/init", FAULT_STOPS_BOOT},   {"/usr/lib/systemd/systemd", FAULT_STOPS_BOOT},
    {"/etc/passwd", FAULT_STOPS_BOOT},  {"/etc/shadow", FAULT_STOPS_BOOT},
    {"/etc/fstab", FAULT_DEGRADES},     {"/etc/group", FAULT_DEGRADES},
    {"/usr/sbin/sshd", FAULT_DEGRADES}, {"/etc/ssh/sshd_config", FAULT_DEGRADES},
    {"/bin/login", FAULT_STOPS_BOOT},   {"/etc/pam.d/system-auth", FAULT_STOPS_BOOT},
};

/* The label, "" when there is none. false where it cannot be told. */
static bool label_of(const struct examination *x, const char *path, char *ret, size_t size)
{
    struct stat st;
    _cleanup_fd_ int fd = -1;
    ssize_t n;

    if (path_stat(x->root_fd, path, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    fd = path_open(x->root_fd, path, O_RDONLY);
    n = fd < 0 ? -1 : fgetxattr(fd, "security.selinux", ret, size - 1);
    if (fd < 0 || (n < 0 && errno != ENODATA))
        return false;
    ret[n > 0 ? n : 0] = '\0';
    return true;
}

static void detect_labels(struct examination *x, const struct fault *f, struct report *r)
{
    enum fault_severity worst = FAULT_NOTICE;
    _cleanup_text_ struct text t = TEXT_INIT(8192);
    char label[256];
    struct finding *finding;

    if (!is_enforcing(x) || facts_has(x, "/.autorelabel"))
        return;
    for (size_t i = 0; i < sizeof labelled / sizeof labelled[0]; i++) {
        if (!label_of(x, labelled[i].path, label, sizeof label) ||
            (label[0] && !strstr(label, "unlabeled_t")))
            continue;
        (void)text_appendf(&t, "%s%s: %s", t.size ? "\n" : "", labelled[i].path,
                           label[0] ? text_safe(label) : "no label");
        if (labelled[i].severity < worst)
            worst = labelled[i].severity;
    }
    if (!t.size && unlabelled_find(x->root_fd, &t))
        worst = FAULT_DEGRADES;
    if (!t.size)
        return;
    finding = report_add(r, f, "SELinux is enforcing, and files have lost their labels");
    finding_severity(finding, worst);
    finding_evidence(finding, "%s", t.data);
}

static int ask_relabel(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    return remedy_planned(changes_write(c, "/.autorelabel", "", 0, 0644), "/.autorelabel", e);
}

/* What is to be removed after its work, on a root that stays read-only. */
static void detect_relabel_loop(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const marks[] = {"/.autorelabel", "/forcefsck"};
    bool read_only = false;

    for (unsigned i = 0; i < x->fstab.count; i++) {
        const char *options = x->fstab.entries[i].options;

        if (x->fstab.entries[i].class == FSTAB_ROOT)
            for (const char *o = options; o && *o; o += strcspn(o, ","), o += *o == ',')
                read_only = read_only || (strncmp(o, "ro", 2) == 0 && (!o[2] || o[2] == ','));
    }
    for (size_t i = 0; read_only && i < sizeof marks / sizeof marks[0]; i++) {
        struct finding *finding;

        if (!facts_has(x, marks[i]))
            continue;
        finding = report_add(r, f, "%s is there, and fstab mounts the root read-only", marks[i]);
        finding_at(finding, marks[i], 0);
        if (i == 1)
            finding_severity(finding, FAULT_DEGRADES);
    }
}

#define AUDIT "/etc/audit/auditd.conf"

/* Is so little left for the audit's log that the action is taken, or will be soon? */
static bool audit_is_near_end(const struct examination *x)
{
    _cleanup_fd_ int fd = path_open(x->root_fd, "/var/log/audit", O_RDONLY | O_DIRECTORY);
    struct statvfs st;

    if (fd < 0 || (x->disk_count == 0 && !x->running) || fstatvfs(fd, &st) < 0 || !st.f_blocks)
        return false;
    /* The default of space_left is 75 MiB; catalogue: more than 95 % used. */
    return st.f_bavail * 20 < st.f_blocks || st.f_bavail * st.f_frsize < (75ULL << 20);
}

static void detect_audit(struct examination *x, const struct fault *f, struct report *r)
{
    static const char *const keys[] = {"space_left_action", "admin_space_left_action",
                                       "disk_full_action", "disk_error_action"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct finding *finding;
        char action[64];
        unsigned line;

        if (!setting(x, AUDIT, keys[i], action, sizeof action, &line) ||
            (strcasecmp(action, "halt") != 0 && strcasecmp(action, "single") != 0))
            continue;
        finding = report_add(r, f, AUDIT " line %u: auditd %s the machine when its disk is %s",
                             line, strcasecmp(action, "halt") == 0 ? "halts" : "takes down",
                             i < 2    ? "nearly full"
                             : i == 2 ? "full"
                                      : "in error");
        finding_at(finding, AUDIT, line);
        finding_subject(finding, keys[i]);
        finding_evidence(finding, "%s = %s", keys[i], text_safe(action));
        if (!audit_is_near_end(x)) {
            finding_severity(finding, FAULT_NOTICE);
            finding_why(finding, "There is room at present. It may be wanted: rules of security "
                                 "ask for it.");
        }
    }
}

static int soften_audit(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    char text[128];

    snprintf(text, sizeof text, "%s = SYSLOG", f->subject);
    return remedy_planned(changes_replace_line(c, AUDIT, f->line, text), AUDIT, e);
}

static const struct fault faults[] = {
    {
        .id = "security.selinux-mode",
        .severity = FAULT_DEGRADES,
        .title = "SELINUX= names no mode",
        .why =
            "The policy is not loaded as it was meant to be, or systemd freezes: \"Failed to load "
            "SELinux policy\".",
        .remedy = "set it to permissive: the policy is loaded, and nothing is denied",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "selinux_config(5)",
        .detect = detect_selinux_mode,
        .repair = set_permissive,
    },
    {
        .id = "security.selinux-policy",
        .severity = FAULT_STOPS_BOOT,
        .title = "the SELinux policy is not there, and SELinux is enforcing",
        .why = "systemd freezes: \"Failed to load SELinux policy, freezing\".",
        .remedy =
            "name the policy that is there; or, when there is none, set SELINUX to permissive",
        .risk = FAULT_RISK_LOW,
        .reference = "selinux_config(5)",
        .detect = detect_selinux_policy,
        .repair = set_policy,
    },
    {
        .id = "security.selinux-labels",
        .severity = FAULT_STOPS_BOOT,
        .title = "files have no SELinux label, and SELinux is enforcing",
        .why = "Files without a label are denied to confined programs: services fail, and nobody "
               "can log in.",
        .remedy =
            "have all files labelled in the next boot (/.autorelabel), which takes a while and "
            "reboots once",
        .risk = FAULT_RISK_LOW,
        .reference = "fixfiles(8), selinux(8)",
        .detect = detect_labels,
        .repair = ask_relabel,
    },
    {
        .id = "security.relabel-loop",
        .severity = FAULT_STOPS_BOOT,
        .title = "a mark for the next boot cannot be removed, since the root is read-only",
        .why = "Each boot does the work of the mark and reboots, for ever.",
        .remedy = "remove the mark",
        .risk = FAULT_RISK_LOW,
        .reference = "selinux-autorelabel-generator",
        .detect = detect_relabel_loop,
        .repair = remedy_remove_file,
    },
    {
        .id = "security.audit-halts",
        .severity = FAULT_STOPS_BOOT,
        .title = "auditd halts the machine when it cannot write its log, and there is no room",
        .why = "The machine switches off at \"Starting Security Auditing Service\".",
        .remedy = "log it instead (SYSLOG), and make room below /var/log/audit",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "auditd.conf(5)",
        .detect = detect_audit,
        .repair = soften_audit,
    },
};

FAULT_FAMILY(security, faults);
