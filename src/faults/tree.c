/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The skeleton of the tree: directories, modes and owners that everything relies on, os-release. */

#include "base/text.h"
#include "base/path.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "faults/set_user_id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel, the initramfs and systemd mount on the first four; the others are written to. */
static const struct {
    const char *path;
    mode_t mode;
    enum fault_severity severity;
} directories[] = {
    {"/proc", 0555, FAULT_STOPS_BOOT}, {"/sys", 0555, FAULT_STOPS_BOOT},
    {"/dev", 0755, FAULT_STOPS_BOOT},  {"/run", 0755, FAULT_STOPS_BOOT},
    {"/etc", 0755, FAULT_STOPS_BOOT},  {"/var", 0755, FAULT_DEGRADES},
    {"/tmp", 01777, FAULT_DEGRADES},   {"/root", 0700, FAULT_NOTICE},
};

static void detect_directory_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        struct finding *finding;
        struct stat st;
        int failed = path_stat(x->root_fd, directories[i].path, &st);

        if ((failed == 0 && S_ISDIR(st.st_mode)) ||
            (failed < 0 && failed != -ENOENT && failed != -ENOTDIR) || !facts_is_machine(x))
            continue;
        finding = report_add(r, f, "%s is %s", directories[i].path,
                             failed == 0 ? "no directory" : "missing");
        finding_at(finding, directories[i].path, 0);
        finding_severity(finding, directories[i].severity);
        if (failed == 0 || facts_lstat(x, directories[i].path, &st) == 0)
            finding_risk(finding, FAULT_RISK_NONE); /* something else has the name */
    }
}

static int make_directory(struct examination *x, const struct finding *f, struct changes *c,
                          struct error *e)
{
    mode_t mode = 0755;

    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        if (strcmp(directories[i].path, f->file) == 0)
            mode = directories[i].mode;
    return remedy_planned(changes_directory(c, f->file, mode), f->file, e);
}

/* Sentinels of a chmod or chown that ran too far, as packages make them. @need: bits that must be
 * there; @forbid: bits that must not; @mode: what is set; of a program with set-user-id in it by
 * the rules of set_user_id.h. */
static const struct {
    const char *path;
    mode_t need, forbid, mode;
    enum fault_severity severity;
    const char *why;
} sentinels[] = {
#define REACHED                                                                                    \
    "Services that do not run as root (D-Bus, systemd-logind, systemd-networkd) reach no file."
    {"/", 0555, 0022, 0755, FAULT_DEGRADES, REACHED},
    {"/etc", 0555, 0022, 0755, FAULT_DEGRADES, REACHED},
    {"/usr", 0555, 0022, 0755, FAULT_DEGRADES, REACHED},
    {"/usr/bin", 0555, 0022, 0755, FAULT_DEGRADES, REACHED},
    {"/usr/lib", 0555, 0022, 0755, FAULT_DEGRADES, REACHED},
    {"/var", 0555, 0022, 0755, FAULT_DEGRADES, REACHED},
    {"/var/lib", 0555, 0002, 0755, FAULT_DEGRADES, REACHED},
    {"/root", 0500, 0022, 0700, FAULT_DEGRADES, "sshd refuses root's keys."},
    {"/tmp", 01777, 0, 01777, FAULT_DEGRADES,
     "Programs cannot make their temporary files, or anybody can remove those of others."},
    {"/var/tmp", 01777, 0, 01777, FAULT_DEGRADES, "Programs cannot make their temporary files."},
    {"/etc/passwd", 0444, 0022, 0644, FAULT_DEGRADES, "Programs cannot tell who is who."},
    {"/etc/group", 0444, 0022, 0644, FAULT_DEGRADES, "Programs cannot tell who is who."},
    {"/etc/shadow", 0, 0137, 0640, FAULT_DEGRADES, "Everybody can read the passwords' hashes."},
    {"/etc/gshadow", 0, 0137, 0640, FAULT_NOTICE, "Everybody can read the groups' hashes."},
    {"/usr/bin/su", 04000, 0022, 04755, FAULT_DEGRADES, "su works for nobody but root."},
    {"/bin/su", 04000, 0022, 04755, FAULT_DEGRADES, "su works for nobody but root."},
};

static bool is_set_user_id(size_t i)
{
    return sentinels[i].mode & S_ISUID;
}

/* What @path should be: mode, or 0 when it is right. */
static mode_t right_mode(size_t i, mode_t mode)
{
    if (is_set_user_id(i))
        return set_user_id_is_right(mode) && !(mode & sentinels[i].forbid) ? 0
                                                                           : set_user_id_mode(mode);
    return (mode & sentinels[i].need) == sentinels[i].need && !(mode & sentinels[i].forbid)
               ? 0
               : sentinels[i].mode;
}

/* The group that goes with it. Debian's programs that check a password are of the group shadow,
 * whose number is each system's own; others have no such group, and root's is right there. */
static gid_t right_group(struct examination *x, size_t i, const struct stat *st)
{
    const struct account *shadow;
    gid_t group = 0;

    if (is_set_user_id(i))
        return st->st_gid; /* of those who may use it */
    if (!text_ends_with(sentinels[i].path, "shadow"))
        return st->st_uid ? 0 : st->st_gid;
    shadow = accounts_find(facts_group(x), "shadow");
    if (shadow)
        group = shadow->id;
    return st->st_uid == 0 && st->st_gid == 0 ? 0 : group;
}

static void detect_modes(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; facts_is_full_system(x) && i < sizeof sentinels / sizeof sentinels[0]; i++) {
        struct finding *finding;
        struct stat st;
        mode_t wanted;

        /* A link (/bin on merged systems) is another row's business. */
        if ((strncmp(sentinels[i].path, "/bin/", 5) == 0 && x->system->merged_usr) ||
            path_stat(x->root_fd, sentinels[i].path, &st) < 0)
            continue;
        wanted = right_mode(i, st.st_mode & 07777);
        if ((!wanted && st.st_uid == 0) || facts_is_overridden(x, sentinels[i].path))
            continue;
        finding = report_add(r, f, "%s has the %s", sentinels[i].path,
                             wanted ? "wrong permissions" : "wrong owner");
        finding_at(finding, sentinels[i].path, 0);
        finding_severity(finding, sentinels[i].severity);
        finding_evidence(finding, "mode %04o, owner %u", (unsigned)st.st_mode & 07777,
                         (unsigned)st.st_uid);
        finding_expected(finding, "mode %04o, owner 0 (root)",
                         (unsigned)(wanted ? wanted : st.st_mode & 07777));
        finding_why(finding, "%s",
                    wanted ? sentinels[i].why : "Whoever owns it can put anything in its place.");
    }
}

static int set_mode(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    for (size_t i = 0; i < sizeof sentinels / sizeof sentinels[0]; i++) {
        struct stat st;
        mode_t wanted;

        if (strcmp(sentinels[i].path, f->file) != 0 || path_stat(x->root_fd, f->file, &st) < 0)
            continue;
        wanted = right_mode(i, st.st_mode & 07777);
        return remedy_planned(changes_mode(c, f->file, wanted ? wanted : st.st_mode & 07777, 0,
                                           right_group(x, i, &st)),
                              f->file, e);
    }
    return -ENOENT;
}

/* systemd's switch-root looks for either (src/shared/switch-root.c, path_is_os_tree()). */
static void detect_os_release(struct examination *x, const struct fault *f, struct report *r)
{
    struct finding *finding;
    bool in_etc = facts_has(x, "/etc/os-release"), in_usr = facts_has(x, "/usr/lib/os-release");

    if (in_etc || x->system->init != INIT_SYSTEMD || x->system->separate_usr)
        return;
    finding = report_add(r, f, "/etc/os-release is missing%s",
                         in_usr ? "" : ", and so is /usr/lib/os-release");
    finding_at(finding, "/etc/os-release", 0);
    if (in_usr) {
        finding_severity(finding, FAULT_NOTICE);
        finding_why(finding, "Installers, agents and scripts that ask what this is get no answer.");
        return;
    }
    finding_risk(finding, FAULT_RISK_NONE);
    if (!facts_has(x, "/usr/lib/dracut")) {
        finding_severity(finding, FAULT_DEGRADES);
        finding_why(finding, "An initramfs with systemd in it would refuse to switch to this root; "
                             "installers and agents do not know what it is.");
    }
}

static int link_os_release(struct examination *x, const struct finding *f, struct changes *c,
                           struct error *e)
{
    return remedy_planned(changes_link(c, f->file, "../usr/lib/os-release"), f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "tree.directory-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "a directory that every Linux needs is missing",
        .why = "The initramfs moves /proc, /sys, /dev and /run there before it starts init, and "
               "fails.",
        .remedy = "make the directory",
        .risk = FAULT_RISK_LOW,
        .reference = "file-hierarchy(7), switch_root(8)",
        .detect = detect_directory_missing,
        .repair = make_directory,
    },
    {
        .id = "tree.os-release",
        .severity = FAULT_STOPS_BOOT,
        .title = "os-release is missing",
        .why =
            "systemd in the initramfs ends with \"Specified switch root path does not seem to be "
            "an OS tree\".",
        .remedy = "link it to /usr/lib/os-release, or install the package that brings it again",
        .risk = FAULT_RISK_LOW,
        .reference = "os-release(5)",
        .detect = detect_os_release,
        .repair = link_os_release,
    },
    {
        .id = "tree.modes",
        .severity = FAULT_DEGRADES,
        .title = "a file or directory of the system has the wrong permissions or owner",
        .why = "A chmod or chown ran too far; programs refuse files that they cannot trust.",
        .remedy = "set what its package sets; the package manager's verify finds more (dpkg "
                  "--verify, rpm -Va)",
        .risk = FAULT_RISK_LOW,
        .reference = "rpm(8), --setperms and --setugids",
        .detect = detect_modes,
        .repair = set_mode,
    },
};

FAULT_FAMILY(tree, faults);
