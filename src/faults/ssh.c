/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The way in by ssh: the server's configuration, its keys, and what it demands of its files. */

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/directory.h"
#include "system/lines.h"
#include "system/sshd_config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool has_server(const struct examination *x)
{
    return facts_has(x, "/usr/sbin/sshd") && !x->system->separate_usr;
}

static void check_config(struct examination *x, const struct fault *f, struct report *r,
                         const char *path)
{
    const struct facts_file *file = facts_file(x, path);
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH];

    while (file->data && lines_next(&l, line)) {
        const char *problem = sshd_config_problem(line);
        struct finding *finding;

        if (!problem)
            continue;
        finding = report_add(r, f, "%s line %u %s", text_safe(path), l.number, problem);
        finding_at(finding, path, l.number);
        finding_line(finding, file->data, file->size, l.number);
        if (!finding || !sshd_config_begins_block(file->data, file->size, l.number))
            continue;
        finding_risk(finding, FAULT_RISK_NONE);
        finding_remedy(finding, "correct the word: as a comment it would let what stands below it "
                                "count for everybody");
    }
}

static void detect_configuration(struct examination *x, const struct fault *f, struct report *r)
{
    static const char directory[] = "/etc/ssh/sshd_config.d";
    _cleanup_directory_ struct directory d = {0};
    const struct facts_file *main_file = facts_file(x, "/etc/ssh/sshd_config");

    if (!has_server(x))
        return;
    if (main_file->error == -ENOENT && !facts_has(x, "/usr/etc/ssh/sshd_config")) {
        struct finding *finding = report_add(r, f, "/etc/ssh/sshd_config is missing");

        finding_at(finding, "/etc/ssh/sshd_config", 0);
        finding_risk(finding, FAULT_RISK_NONE);
        return;
    }
    check_config(x, f, r, "/etc/ssh/sshd_config");
    if (main_file->data && strstr(main_file->data, "sshd_config.d") &&
        directory_list(x->root_fd, directory, ".conf", &d) == 0)
        for (unsigned i = 0; i < d.count; i++)
            check_config(x, f, r, directory_join(directory, d.names[i]));
}

static bool has_own_host_keys(struct examination *x)
{
    const struct facts_file *file = facts_file(x, "/etc/ssh/sshd_config");
    struct lines l = LINES_OF(file->data, file->size);
    char line[LINES_WIDTH];

    while (file->data && lines_next(&l, line))
        if (lines_value(lines_strip(line), "HostKey"))
            return true;
    return false;
}

/* Something makes them at the next boot. */
static bool keys_are_made(const struct examination *x)
{
    return facts_has(x, "/usr/lib/systemd/system/sshd-keygen@.service") ||
           facts_has(x, "/usr/lib/systemd/system/sshdgenkeys.service") ||
           facts_has(x, "/usr/lib/systemd/system/sshd-keygen.service") ||
           facts_has(x, "/usr/bin/cloud-init");
}

static void detect_host_keys(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_directory_ struct directory d = {0};
    struct finding *finding;
    unsigned keys = 0;

    if (!has_server(x) || directory_list(x->root_fd, "/etc/ssh", "_key", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++) {
        const char *path = directory_join("/etc/ssh", d.names[i]);
        struct stat st;

        if (text_starts_with(d.names[i], "ssh_host_") && path_stat(x->root_fd, path, &st) == 0 &&
            S_ISREG(st.st_mode) && st.st_size > 0)
            keys++;
    }
    if (keys || has_own_host_keys(x) || keys_are_made(x))
        return;
    finding = report_add(r, f, "the ssh server has no host key");
    finding_at(finding, "/etc/ssh", 0);
    finding_expected(finding, "files like /etc/ssh/ssh_host_ed25519_key");
}

static int make_keys(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    static const char *const command[] = {"ssh-keygen", "-A", NULL};

    return remedy_planned(changes_command(c, command), "/etc/ssh", e);
}

/* sshkey_perm_ok() of OpenSSH: nothing for others; Fedora's patch allows the group ssh_keys to
 * read. */
static void detect_key_modes(struct examination *x, const struct fault *f, struct report *r)
{
    _cleanup_directory_ struct directory d = {0};

    if (!has_server(x) || directory_list(x->root_fd, "/etc/ssh", "_key", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++) {
        const char *path = directory_join("/etc/ssh", d.names[i]);
        struct finding *finding;
        struct stat st;
        mode_t forbidden;

        if (!text_starts_with(d.names[i], "ssh_host_") || path_stat(x->root_fd, path, &st) < 0)
            continue;
        forbidden = st.st_gid ? 0037 : 0077;
        if (!(st.st_mode & forbidden) && st.st_uid == 0)
            continue;
        finding = report_add(r, f, "%s can be read by others", text_safe(path));
        finding_at(finding, path, 0);
        finding_evidence(finding, "mode %04o, owner %u", (unsigned)st.st_mode & 07777,
                         (unsigned)st.st_uid);
        finding_expected(finding, "mode 0600, owner 0 (root)");
    }
}

static int protect_key(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    return remedy_planned(changes_mode(c, f->file, 0600, 0, (gid_t)-1), f->file, e);
}

/* Where the server locks itself in before a login; which one is compiled in. */
static void detect_privilege_directory(struct examination *x, const struct fault *f,
                                       struct report *r)
{
    static const char *const paths[] = {"/usr/share/empty.sshd", "/var/empty/sshd",
                                        "/var/lib/empty"};

    for (size_t i = 0; has_server(x) && i < sizeof paths / sizeof paths[0]; i++) {
        struct finding *finding;
        struct stat st;

        if (path_stat(x->root_fd, paths[i], &st) < 0 ||
            (st.st_uid == 0 && !(st.st_mode & 0022) && S_ISDIR(st.st_mode)))
            continue;
        finding = report_add(r, f, "%s can be written to by others than root", paths[i]);
        finding_at(finding, paths[i], 0);
        finding_evidence(finding, "mode %04o, owner %u", (unsigned)st.st_mode & 07777,
                         (unsigned)st.st_uid);
        if (!S_ISDIR(st.st_mode))
            finding_risk(finding, FAULT_RISK_NONE);
    }
}

static int close_directory(struct examination *x, const struct finding *f, struct changes *c,
                           struct error *e)
{
    return remedy_planned(changes_mode(c, f->file, 0755, 0, 0), f->file, e);
}

/* StrictModes (auth.c, safe_path()): the file and each directory up to the home belong to the user
 * or root, and nobody else can write to them. */
static void check_path(struct examination *x, const struct fault *f, struct report *r,
                       const struct account *a, const char *path)
{
    struct finding *finding;
    struct stat st;

    if (path_stat(x->root_fd, path, &st) < 0 ||
        ((st.st_uid == a->id || st.st_uid == 0) && !(st.st_mode & 0022)))
        return;
    finding = report_add(r, f, "the keys of %s are refused because of %s", text_safe(a->name),
                         text_safe(path));
    finding_at(finding, path, 0);
    finding_subject(finding, a->name);
    finding_evidence(finding, "mode %04o, owner %u", (unsigned)st.st_mode & 07777,
                     (unsigned)st.st_uid);
    finding_expected(finding, "owner %u (%s), not writable by others", a->id, text_safe(a->name));
}

static void detect_authorized_keys(struct examination *x, const struct fault *f, struct report *r)
{
    const struct accounts *users = facts_passwd(x);

    for (unsigned i = 0; has_server(x) && i < users->count; i++) {
        const struct account *a = &users->items[i];
        char path[PATH_MAX];

        if (a->problem || a->home[0] != '/' || strcmp(a->home, "/") == 0)
            continue;
        snprintf(path, sizeof path, "%s/.ssh/authorized_keys", a->home);
        if (!facts_has(x, path))
            continue;
        check_path(x, f, r, a, path);
        *strrchr(path, '/') = '\0';
        check_path(x, f, r, a, path);
        check_path(x, f, r, a, a->home);
    }
}

static int protect_path(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    const struct account *a = accounts_find(facts_passwd(x), f->subject);
    struct stat st;
    int r = a ? path_stat(x->root_fd, f->file, &st) : -ENOENT;

    if (r == 0)
        r = changes_mode(c, f->file, st.st_mode & 07755, st.st_uid == 0 ? (uid_t)-1 : (uid_t)a->id,
                         (gid_t)-1);
    return remedy_planned(r, f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "ssh.configuration",
        .severity = FAULT_DEGRADES,
        .title = "sshd refuses its configuration",
        .why = "sshd ends with \"Bad configuration option\": nobody gets in by ssh.",
        .remedy = "turn the line into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "sshd_config(5), sshd -t",
        .detect = detect_configuration,
        .repair = remedy_comment_line,
    },
    {
        .id = "ssh.host-keys",
        .severity = FAULT_DEGRADES,
        .title = "the ssh server has no host key",
        .why = "sshd ends with \"no hostkeys available\": nobody gets in by ssh.",
        .remedy = "make new ones (ssh-keygen -A); clients will warn that the host has changed",
        .risk = FAULT_RISK_LOW,
        .reference = "sshd(8), ssh-keygen(1)",
        .detect = detect_host_keys,
        .repair = make_keys,
    },
    {
        .id = "ssh.host-key-modes",
        .severity = FAULT_DEGRADES,
        .title = "a private host key can be read by others",
        .why = "sshd ignores the key (\"UNPROTECTED PRIVATE KEY FILE\"), and without another ends.",
        .remedy = "give it to root alone, mode 0600",
        .risk = FAULT_RISK_LOW,
        .reference = "sshd(8), FILES",
        .detect = detect_key_modes,
        .repair = protect_key,
    },
    {
        .id = "ssh.privilege-directory",
        .severity = FAULT_DEGRADES,
        .title = "the directory for sshd's privilege separation is not root's alone",
        .why = "sshd ends with \"must be owned by root and not group or world-writable\".",
        .remedy = "give it to root, mode 0755",
        .risk = FAULT_RISK_LOW,
        .reference = "sshd(8), FILES",
        .detect = detect_privilege_directory,
        .repair = close_directory,
    },
    {
        .id = "ssh.authorized-keys",
        .severity = FAULT_DEGRADES,
        .title = "sshd refuses somebody's keys because others could write to them",
        .why = "The login with a key fails: \"Authentication refused: bad ownership or modes\".",
        .remedy = "give it to its user, and take the right to write from others",
        .risk = FAULT_RISK_LOW,
        .reference = "sshd_config(5), StrictModes",
        .detect = detect_authorized_keys,
        .repair = protect_path,
    },
};

FAULT_FAMILY(ssh, faults);
