/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sudo: its program, its files, its syntax. Where root has no password it is the only way. */

#include "base/path.h"
#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "faults/set_user_id.h"
#include "system/directory.h"
#include "system/sudoers.h"

#include <stdio.h>
#include <string.h>

#define SUDOERS   "/etc/sudoers"
#define SUDOERS_D "/etc/sudoers.d"

static bool has_sudo(const struct examination *x)
{
    return facts_has(x, "/usr/bin/sudo") && !x->system->separate_usr;
}

static void detect_program(struct examination *x, const struct fault *f, struct report *r)
{
    struct finding *finding;
    struct stat st;

    if (!has_sudo(x) || path_stat(x->root_fd, "/usr/bin/sudo", &st) < 0 ||
        (set_user_id_is_right(st.st_mode) && st.st_uid == 0) ||
        facts_is_overridden(x, "/usr/bin/sudo"))
        return;
    finding = report_add(r, f, "/usr/bin/sudo is not set-user-id root");
    finding_at(finding, "/usr/bin/sudo", 0);
    finding_evidence(finding, "mode %04o, owner %u", (unsigned)st.st_mode & 07777,
                     (unsigned)st.st_uid);
    finding_expected(finding, "mode %04o, owner 0 (root)", (unsigned)set_user_id_mode(st.st_mode));
}

static int set_program(struct examination *x, const struct finding *f, struct changes *c,
                       struct error *e)
{
    struct stat st;
    int r = path_stat(x->root_fd, f->file, &st);

    if (r == 0)
        r = changes_mode(c, f->file, set_user_id_mode(st.st_mode), 0, (gid_t)-1);
    return remedy_planned(r, f->file, e);
}

/* sudoers(5), @includedir: names that end in "~" or have a dot are passed over. */
static bool is_read(const char *name)
{
    return !strchr(name, '.') && !text_ends_with(name, "~");
}

static void for_each_file(struct examination *x, const struct fault *f, struct report *r,
                          void (*check)(struct examination *x, const struct fault *f,
                                        struct report *r, const char *path))
{
    _cleanup_directory_ struct directory d = {0};

    if (!has_sudo(x))
        return;
    check(x, f, r, SUDOERS);
    if (directory_list(x->root_fd, SUDOERS_D, "", &d) < 0)
        return;
    for (unsigned i = 0; i < d.count; i++)
        if (is_read(d.names[i]))
            check(x, f, r, directory_join(SUDOERS_D, d.names[i]));
}

/* sudo_secure_file() of sudo: owned by root, not writable by the world or by a group but root's. */
static void check_mode(struct examination *x, const struct fault *f, struct report *r,
                       const char *path)
{
    struct finding *finding;
    struct stat st;

    if (path_stat(x->root_fd, path, &st) < 0 ||
        (st.st_uid == 0 && !(st.st_mode & 0002) && (!(st.st_mode & 0020) || st.st_gid == 0)))
        return;
    finding = report_add(r, f, "sudo refuses %s, since others can write to it", text_safe(path));
    finding_at(finding, path, 0);
    finding_evidence(finding, "mode %04o, owner %u:%u", (unsigned)st.st_mode & 07777,
                     (unsigned)st.st_uid, (unsigned)st.st_gid);
    finding_expected(finding, "mode 0440, owner 0:0 (root)");
}

static void detect_modes(struct examination *x, const struct fault *f, struct report *r)
{
    for_each_file(x, f, r, check_mode);
}

static int set_mode(struct examination *x, const struct finding *f, struct changes *c,
                    struct error *e)
{
    return remedy_planned(changes_mode(c, f->file, 0440, 0, 0), f->file, e);
}

struct syntax {
    struct examination *x;
    const struct fault *f;
    struct report *r;
    const char *path;
    const struct facts_file *file;
};

static void report_line(void *userdata, unsigned line, const char *why)
{
    struct syntax *s = userdata;
    struct finding *finding =
        report_add(s->r, s->f, "%s line %u %s", text_safe(s->path), line, why);

    if (!finding)
        return;
    finding_at(finding, s->path, line);
    finding_line(finding, s->file->data, s->file->size, line);
    if (finding->evidence && text_ends_with(finding->evidence, "\\"))
        finding_risk(finding, FAULT_RISK_NONE); /* a comment would go on in the next line */
}

static void check_syntax(struct examination *x, const struct fault *f, struct report *r,
                         const char *path)
{
    struct syntax s = {.x = x, .f = f, .r = r, .path = path, .file = facts_file(x, path)};

    if (s.file->data)
        sudoers_check(s.file->data, s.file->size, report_line, &s);
}

static void detect_syntax(struct examination *x, const struct fault *f, struct report *r)
{
    for_each_file(x, f, r, check_syntax);
}

struct asked {
    enum sudoers_password whose;
    bool somebody_needs_none; /* "NOPASSWD:", as the images of clouds have it for their user */
    char path[300];
    unsigned line;
};

static void note_password(struct examination *x, const char *path, struct asked *a)
{
    const struct facts_file *file = facts_file(x, path);
    unsigned line = 0;
    enum sudoers_password whose =
        file->data ? sudoers_password_of(file->data, file->size, &line) : SUDOERS_UNSAID;

    if (file->data && strstr(file->data, "NOPASSWD:"))
        a->somebody_needs_none = true;
    if (whose == SUDOERS_UNSAID)
        return;
    a->whose = whose;
    a->line = line;
    snprintf(a->path, sizeof a->path, "%s", path);
}

/* What is read last counts: the directory is included at the end of sudoers, in the order of the
 * names. */
static void detect_password(struct examination *x, const struct fault *f, struct report *r)
{
    const struct account *root = accounts_find(facts_shadow(x), "root");
    _cleanup_directory_ struct directory d = {0};
    struct asked asked = {.whose = SUDOERS_UNSAID};
    struct finding *finding;

    if (!has_sudo(x) || !root || account_password_is_usable(root->password))
        return;
    note_password(x, SUDOERS, &asked);
    (void)directory_list(x->root_fd, SUDOERS_D, "", &d);
    for (unsigned i = 0; i < d.count; i++)
        if (is_read(d.names[i]))
            note_password(x, directory_join(SUDOERS_D, d.names[i]), &asked);
    if (asked.whose != SUDOERS_OTHER || asked.somebody_needs_none)
        return;
    finding = report_add(r, f, "sudo asks for the password of root, who has none");
    finding_at(finding, asked.path, asked.line);
    finding_line(finding, facts_file(x, asked.path)->data, facts_file(x, asked.path)->size,
                 asked.line);
    finding_expected(finding, "a password of root that can be used, or no such option");
}

static const struct fault faults[] = {
    {
        .id = "sudo.not-setuid",
        .severity = FAULT_DEGRADES,
        .title = "sudo has lost its set-user-id bit or its owner",
        .why = "\"sudo must be owned by uid 0 and have the setuid bit set\": it works for nobody.",
        .remedy = "give it to root, mode 4755",
        .risk = FAULT_RISK_LOW,
        .reference = "sudo(8)",
        .detect = detect_program,
        .repair = set_program,
    },
    {
        .id = "sudo.modes",
        .severity = FAULT_DEGRADES,
        .title = "a file of sudoers can be written to by others",
        .why = "\"/etc/sudoers is world writable\": sudo works for nobody.",
        .remedy = "give it to root, mode 0440",
        .risk = FAULT_RISK_LOW,
        .reference = "sudoers(5)",
        .detect = detect_modes,
        .repair = set_mode,
    },
    {
        .id = "sudo.syntax",
        .severity = FAULT_DEGRADES,
        .title = "sudoers has a syntax error",
        .why = "Before version 1.9.3 sudo works for nobody; later ones pass the line over.",
        .remedy = "turn the line into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "sudoers(5), visudo(8)",
        .detect = detect_syntax,
        .repair = remedy_comment_line,
    },
    {
        .id = "sudo.root-password",
        .severity = FAULT_DEGRADES,
        .title = "sudo asks for root's password, and root has none",
        .why = "No answer is right: with targetpw, rootpw or runaspw sudo works for nobody but "
               "those who need no password.",
        /* The option is not taken away: beside it there is often "ALL ALL=(ALL) ALL", which would
         * make everybody root. */
        .remedy = "give root a password: unbrick repair --root-password",
        .risk = FAULT_RISK_NONE,
        .reference = "sudoers(5), targetpw",
        .detect = detect_password,
    },
};

FAULT_FAMILY(sudo, faults);
