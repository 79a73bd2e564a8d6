/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who can log in: passwd, shadow, group, nologin, ages of accounts. */

#include "base/text.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"
#include "system/lines.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_A_DAY 86400

static const struct {
    const char *path;
    enum account_file file;
} files[] = {
    {"/etc/passwd", ACCOUNT_PASSWD},
    {"/etc/shadow", ACCOUNT_SHADOW},
    {"/etc/group", ACCOUNT_GROUP},
};

static const struct accounts *accounts_of(struct examination *x, size_t i)
{
    return i == 0 ? facts_passwd(x) : i == 1 ? facts_shadow(x) : facts_group(x);
}

static bool has_root(const struct accounts *a, enum account_file file)
{
    const struct account *root = accounts_find(a, "root");

    if (file == ACCOUNT_PASSWD)
        for (unsigned i = 0; !root && i < a->count; i++)
            if (!a->items[i].problem && a->items[i].id == 0)
                root = &a->items[i];
    return root && (file != ACCOUNT_PASSWD || root->id == 0);
}

/* Is the backup that passwd(1) and vipw(8) keep ("/etc/passwd-") better? */
static bool backup_is_good(struct examination *x, size_t i)
{
    char path[64];
    const struct facts_file *file;
    struct accounts a = {0};
    bool good;

    snprintf(path, sizeof path, "%s-", files[i].path);
    file = facts_file(x, path);
    if (!file->data || accounts_parse(file->data, file->size, files[i].file, &a) < 0)
        return false;
    good = has_root(&a, files[i].file);
    accounts_free(&a);
    return good;
}

/* Does the system keep its hashes in shadow? */
static bool uses_shadow(struct examination *x)
{
    const struct account *root = accounts_find(facts_passwd(x), "root");

    return root && strcmp(root->password, "x") == 0;
}

static void detect_root_missing(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; facts_is_full_system(x) && i < sizeof files / sizeof files[0]; i++) {
        struct finding *finding;
        const struct facts_file *file = facts_file(x, files[i].path);

        if (has_root(accounts_of(x, i), files[i].file) ||
            (files[i].file == ACCOUNT_SHADOW && !uses_shadow(x)) ||
            (!file->data && file->error != -ENOENT && file->error != -EINVAL))
            continue;
        finding = report_add(r, f, "%s %s", files[i].path,
                             !file->data   ? "is missing"
                             : !file->size ? "is empty"
                                           : "has no line for root");
        finding_at(finding, files[i].path, 0);
        if (files[i].file == ACCOUNT_GROUP)
            finding_severity(finding, FAULT_DEGRADES);
        if (!backup_is_good(x, i))
            finding_risk(finding, FAULT_RISK_NONE);
    }
}

static int restore_backup(struct examination *x, const struct finding *f, struct changes *c,
                          struct error *e)
{
    char path[64];
    const struct facts_file *file;

    snprintf(path, sizeof path, "%.60s-", f->file);
    file = facts_file(x, path);
    if (!file->data)
        return remedy_unfit(e, "there is no %s", path);
    return remedy_planned(changes_write(c, f->file, file->data, file->size,
                                        strcmp(f->file, "/etc/shadow") == 0 ? 0600 : 0644),
                          f->file, e);
}

static void detect_malformed(struct examination *x, const struct fault *f, struct report *r)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct accounts *a = accounts_of(x, i);

        for (unsigned k = 0; k < a->count; k++) {
            struct finding *finding;

            if (!a->items[k].problem)
                continue;
            finding = report_add(r, f, "%s line %u is no account: %s", files[i].path,
                                 a->items[k].line, a->items[k].problem);
            finding_at(finding, files[i].path, a->items[k].line);
            /* The line itself may hold a hash. */
            finding_evidence(finding, "%s:...", text_safe(a->items[k].name));
            remedy_shell(x, finding, NULL, files[i].file == ACCOUNT_GROUP ? "vigr" : "vipw");
        }
    }
}

static void detect_shell(struct examination *x, const struct fault *f, struct report *r)
{
    const struct account *root = accounts_find(facts_passwd(x), "root");
    struct finding *finding;

    /* "" is /bin/sh (passwd(5)); what is on a file system that is not here is not judged. */
    if (!root || !root->shell[0] || facts_has_program(x, root->shell) || x->system->separate_usr ||
        x->system->init == INIT_NONE)
        return;
    finding = report_add(r, f, "the shell of root is %s, which %s", text_safe(root->shell),
                         facts_has(x, root->shell) ? "cannot be executed" : "is missing");
    finding_at(finding, "/etc/passwd", root->line);
    finding_line(finding, facts_file(x, "/etc/passwd")->data, facts_file(x, "/etc/passwd")->size,
                 root->line);
    if (!x->system->shell[0])
        finding_risk(finding, FAULT_RISK_NONE);
}

/* Line @number of @path as planned so far, split at its colons. The count of fields; 0 when there
 * is no such line. @copy is freed by the caller. */
static unsigned planned_fields(struct changes *c, const char *path, unsigned number, char **copy,
                               char *fields[16])
{
    char line[LINES_WIDTH], *rest, *field;
    struct lines l;
    size_t size;
    unsigned count = 0;
    bool found = false;

    if (changes_read(c, path, copy, &size) < 0)
        return 0;
    l = LINES_OF(*copy, size);
    while (!found && lines_next(&l, line))
        found = l.number == number && l.length < LINES_WIDTH;
    if (!found)
        return 0;
    snprintf(*copy, size + 1, "%s", line);
    rest = *copy;
    while (count < 16 && (field = strsep(&rest, ":")))
        fields[count++] = field;
    return count;
}

static int write_fields(struct changes *c, const char *path, unsigned number, char *const *fields,
                        unsigned count)
{
    _cleanup_text_ struct text t = TEXT_INIT(2 * LINES_WIDTH);

    for (unsigned i = 0; i < count; i++)
        (void)text_appendf(&t, "%s%s", i ? ":" : "", fields[i]);
    return t.failed ? t.failed : changes_replace_line(c, path, number, t.data);
}

static int set_shell(struct examination *x, const struct finding *f, struct changes *c,
                     struct error *e)
{
    char *copy = NULL, *fields[16], shell[sizeof x->system->shell];
    unsigned count = planned_fields(c, f->file, f->line, &copy, fields);
    int r = count == 7 ? 0 : -ENOENT;

    snprintf(shell, sizeof shell, "%s", x->system->shell);
    if (r == 0) {
        fields[6] = shell;
        r = write_fields(c, f->file, f->line, fields, count);
    }
    free(copy);
    return remedy_planned(r, f->file, e);
}

/* passwd -l and usermod -L put a "!" before the hash; a "*" or a lone "!" was never a password. */
static void detect_root_locked(struct examination *x, const struct fault *f, struct report *r)
{
    const struct account *root = accounts_find(facts_shadow(x), "root");
    struct finding *finding;

    if (!root || root->password[0] != '!' || !account_password_is_usable(root->password + 1) ||
        !root->password[1])
        return;
    finding = report_add(r, f, "the password of root is locked");
    finding_at(finding, "/etc/shadow", root->line);
    finding_evidence(finding, "root:!...");
}

static int unlock(struct examination *x, const struct finding *f, struct changes *c,
                  struct error *e)
{
    char *copy = NULL, *fields[16];
    unsigned count = planned_fields(c, f->file, f->line, &copy, fields);
    int r = count >= 2 && fields[1][0] == '!' ? 0 : -ENOENT;

    if (r == 0) {
        fields[1] += strspn(fields[1], "!");
        r = write_fields(c, f->file, f->line, fields, count);
    }
    free(copy);
    return remedy_planned(r, f->file, e);
}

static void detect_nologin(struct examination *x, const struct fault *f, struct report *r)
{
    const struct facts_file *file = facts_file(x, "/etc/nologin");
    struct finding *finding;

    if (file->error == -ENOENT)
        return;
    finding = report_add(r, f, "/etc/nologin keeps everybody but root from logging in");
    finding_at(finding, "/etc/nologin", 0);
    if (file->data)
        finding_line(finding, file->data, file->size, 1);
}

/* Somebody who logs in: root, or a person with a shell. */
static bool is_person(const struct examination *x, const struct account *a)
{
    return a && (a->id == 0 || a->id >= 1000) && !text_ends_with(a->shell, "/nologin") &&
           !text_ends_with(a->shell, "/false");
}

static void detect_expired(struct examination *x, const struct fault *f, struct report *r)
{
    const struct accounts *shadow = facts_shadow(x);
    long today = (long)(time(NULL) / SECONDS_A_DAY);

    for (unsigned i = 0; i < shadow->count; i++) {
        const struct account *a = &shadow->items[i];
        struct finding *finding = NULL;

        /* The first two days of 1970 are no date: so an account is disabled on purpose (usermod -e
         * 1, chage -E 0). */
        if (a->problem || a->expires == 0 || a->expires == 1 ||
            !is_person(x, accounts_find(facts_passwd(x), a->name)))
            continue;
        if (a->expires >= 0 && a->expires <= today)
            finding = report_add(r, f, "the account %s has expired", text_safe(a->name));
        else if (a->changed == 0)
            finding = report_add(r, f, "%s has to change the password before anything else",
                                 text_safe(a->name));
        else if (a->changed > 0 && a->max >= 0 && a->max < 99999 && a->inactive >= 0 &&
                 a->changed + a->max + a->inactive < today)
            finding =
                report_add(r, f, "the password of %s has expired for good", text_safe(a->name));
        finding_at(finding, "/etc/shadow", a->line);
        finding_subject(finding, a->name);
    }
}

static int renew(struct examination *x, const struct finding *f, struct changes *c, struct error *e)
{
    char *copy = NULL, *fields[16], today[24], empty[] = "";
    unsigned count = planned_fields(c, f->file, f->line, &copy, fields);
    int r = count >= 8 ? 0 : -ENOENT;

    snprintf(today, sizeof today, "%ld", (long)(time(NULL) / SECONDS_A_DAY));
    if (r == 0) {
        fields[2] = today;
        fields[7] = empty;
        r = write_fields(c, f->file, f->line, fields, count);
    }
    free(copy);
    return remedy_planned(r, f->file, e);
}

static const struct fault faults[] = {
    {
        .id = "users.root-missing",
        .severity = FAULT_STOPS_BOOT,
        .title = "passwd, shadow or group is missing or does not know root",
        .why = "Services that name a user fail, and nobody can log in.",
        .remedy = "put the backup back that passwd(1) keeps (/etc/passwd-, /etc/shadow-, "
                  "/etc/group-)",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "passwd(5), shadow(5)",
        .detect = detect_root_missing,
        .repair = restore_backup,
    },
    {
        .id = "users.malformed",
        .severity = FAULT_DEGRADES,
        .title = "a line of passwd, shadow or group is damaged",
        .why = "The account does not exist for any program, and tools that change accounts refuse "
               "to work.",
        .remedy = "put the line right by hand",
        .risk = FAULT_RISK_NONE,
        .reference = "passwd(5), pwck(8)",
        .detect = detect_malformed,
    },
    {
        .id = "users.root-shell",
        .severity = FAULT_DEGRADES,
        .title = "the shell of root is not there",
        .why = "Nobody can log in as root or use su.",
        .remedy = "give root a shell that is there",
        .risk = FAULT_RISK_LOW,
        .reference = "passwd(5)",
        .detect = detect_shell,
        .repair = set_shell,
    },
    {
        .id = "users.nologin",
        .severity = FAULT_DEGRADES,
        .title = "/etc/nologin is there",
        .why = "Login and ssh refuse everybody but root.",
        .remedy = "remove it",
        .risk = FAULT_RISK_LOW,
        .reference = "nologin(5)",
        .detect = detect_nologin,
        .repair = remedy_remove_file,
    },
    {
        .id = "users.root-locked",
        .severity = FAULT_NOTICE,
        .title = "root has a password, but it is locked",
        .why = "Emergency mode says \"Cannot open access to console, the root account is locked\".",
        .remedy = "unlock it",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "passwd(1), -l",
        .detect = detect_root_locked,
        .repair = unlock,
    },
    {
        .id = "users.expired",
        .severity = FAULT_DEGRADES,
        .title = "an account has expired",
        .why =
            "The login is refused, or stops at a question for a new password that ssh with a key "
            "or a script cannot answer.",
        .remedy = "take the date of expiry away, and let the password count from today on",
        .risk = FAULT_RISK_MEDIUM,
        .reference = "shadow(5), chage(1)",
        .detect = detect_expired,
        .repair = renew,
    },
};

FAULT_FAMILY(users, faults);
