/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Units that somebody wrote or changed (those in /etc), by what systemd's parser says to them:
 * "systemd-analyze verify" without running it. Those of packages are taken for right. */

#include "base/text.h"
#include "faults/changes.h"
#include "faults/core_units.h"
#include "faults/facts_units.h"
#include "faults/facts_user.h"
#include "faults/remedies.h"

#include <stdio.h>
#include <string.h>

/* Sections of systemd.unit(5) and what it refers to. */
static const char *const sections[] = {"Unit",  "Install", "Service",   "Socket",
                                       "Mount", "Swap",    "Automount", "Timer",
                                       "Path",  "Slice",   "Scope",     "Target"};

/* "[Unit", "[Unit] # comment": which one is meant; NULL when that is not plain. */
static const char *meant_section(const char *line)
{
    size_t length = strcspn(line + 1, "] \t#;");

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (strlen(sections[i]) == length && strncmp(line + 1, sections[i], length) == 0)
            return sections[i];
    return NULL;
}

/* As extract_first_word() of systemd takes quotes: anywhere in a word, with backslashes in both
 * sorts. */
static bool quotes_match(const char *s)
{
    char quote = '\0';

    for (; *s; s++) {
        if (*s == '\\' && s[1])
            s++;
        else if (quote ? *s == quote : *s == '"' || *s == '\'')
            quote = quote ? '\0' : *s;
    }
    return !quote;
}

/* Neither a path from the root on, nor a name to be looked for (systemd.service(5)). */
static bool is_relative(const char *command)
{
    size_t length;

    command += strspn(command, "@-:+!|\"'");
    length = strcspn(command, " \t\"'");
    return command[0] != '/' && command[0] != '%' && command[0] != '$' &&
           memchr(command, '/', length);
}

static bool has(const struct unit *u, const char *key)
{
    const struct unit_setting *s = unit_settings_get(&u->file, "Service", key);

    return s && s->value[0];
}

/* Why service_verify() and config_parse_exec() of systemd refuse the service; NULL: they do not.
 * *ret_setting: the ExecStart= that it is about; NULL: none. */
static const char *service_problem(const struct unit *u, const struct unit_setting **ret_setting)
{
    const struct unit_setting *type = unit_settings_get(&u->file, "Service", "Type");
    unsigned starts = 0;

    *ret_setting = NULL;
    if (!text_ends_with(u->name, ".service"))
        return NULL;
    for (unsigned i = 0; i < u->file.count; i++) {
        const struct unit_setting *s = &u->file.settings[i];

        if (!s->key || strcmp(s->section, "Service") != 0 || strcmp(s->key, "ExecStart") != 0)
            continue;
        starts = s->value[0] ? starts + 1 : 0; /* an empty one takes back those before it */
        if (starts)
            *ret_setting = s;
        if (!quotes_match(s->value))
            return "has a quotation mark without its partner";
        if (is_relative(s->value))
            return "names a program by a path that does not begin at the root";
    }
    if (starts > 1 && !(type && strcmp(type->value, "oneshot") == 0))
        return "has more than one ExecStart=, which only Type=oneshot may have";
    if (!starts && !has(u, "ExecStop") && !has(u, "SuccessAction"))
        return "has no ExecStart=";
    return NULL;
}

static struct finding *report_refused(struct report *r, const struct fault *f, const struct unit *u,
                                      const char *why)
{
    const struct core_unit *core = core_unit_find(u->name);
    struct finding *finding =
        report_add(r, f, "systemd refuses %s: it %s", text_safe(u->name), why);

    finding_severity(finding, core ? core->severity : FAULT_DEGRADES);
    if (core)
        finding_why(finding, "%s", core->why);
    return finding;
}

/* The lines of the unit's own file: those of drop-ins are looked at by nobody when they are wrong.
 */
static int own_settings(struct examination *x, const struct unit *u, struct unit_settings *ret)
{
    const struct facts_file *file = facts_file(x, u->path);

    *ret = (struct unit_settings){0};
    return file->data ? unit_settings_parse(file->data, file->size, ret) : file->error;
}

static bool is_local(const struct unit *u)
{
    return u->wanted && u->local && u->path && u->load == UNIT_LOADED;
}

static void look_at_unit(struct examination *x, const struct fault *f, struct report *r,
                         const struct unit *u)
{
    _cleanup_unit_settings_ struct unit_settings own = {0};
    const struct unit_setting *at;
    struct finding *finding;
    const char *why;

    (void)own_settings(x, u, &own);
    for (unsigned i = 0; i < own.count; i++) {
        const struct unit_setting *s = &own.settings[i];

        if (s->key || s->value[0] != '[')
            continue;
        finding = report_refused(r, f, u, "has a section whose line is damaged");
        finding_at(finding, u->path, s->line);
        finding_evidence(finding, "%s", text_safe(s->value));
        if (!meant_section(s->value))
            finding_risk(finding, FAULT_RISK_NONE);
        return;
    }
    why = service_problem(u, &at);
    if (!why)
        return;
    finding = report_refused(r, f, u, why);
    finding_at(finding, u->path, 0);
    if (at)
        finding_evidence(finding, "ExecStart=%s", text_safe(at->value));
    finding_risk(finding, FAULT_RISK_NONE);
}

static void detect_refused(struct examination *x, const struct fault *f, struct report *r)
{
    const struct units *u = facts_units(x);

    for (unsigned i = 0; i < u->count; i++)
        if (is_local(&u->items[i]))
            look_at_unit(x, f, r, &u->items[i]);
}

static int mend_section(struct examination *x, const struct finding *f, struct changes *c,
                        struct error *e)
{
    const struct facts_file *file = facts_file(x, f->file);
    const char *line = file->data ? examination_line(file->data, file->size, f->line) : "";
    const char *meant;
    char text[64];

    line += strspn(line, " \t");
    meant = line[0] == '[' ? meant_section(line) : NULL;
    if (!meant)
        return remedy_unfit(e, "which section is meant, is not plain");
    snprintf(text, sizeof text, "[%s]", meant);
    return remedy_planned(changes_replace_line(c, f->file, f->line, text), f->file, e);
}

static void detect_ignored(struct examination *x, const struct fault *f, struct report *r)
{
    const struct units *u = facts_units(x);

    for (unsigned i = 0; i < u->count; i++) {
        _cleanup_unit_settings_ struct unit_settings own = {0};

        if (!is_local(&u->items[i]) || own_settings(x, &u->items[i], &own) < 0)
            continue;
        for (unsigned j = 0; j < own.count; j++) {
            const struct unit_setting *s = &own.settings[j];
            const struct facts_file *file = facts_file(x, u->items[i].path);
            struct finding *finding;

            if (s->key ? s->section[0] : s->value[0] == '[')
                continue;
            finding = report_add(r, f, "line %u of %s %s", s->line, text_safe(u->items[i].path),
                                 s->key ? "stands outside of a section" : "is no setting");
            finding_at(finding, u->items[i].path, s->line);
            finding_line(finding, file->data, file->size, s->line);
            if (finding && finding->evidence && text_ends_with(finding->evidence, "\\"))
                finding_risk(finding, FAULT_RISK_NONE); /* a comment would not take what goes on */
        }
    }
}

static const struct fault faults[] = {
    {
        .id = "unit.refused",
        .severity = FAULT_STOPS_BOOT,
        .title = "systemd refuses a unit because of what is in its file",
        .why = "It is not started: \"bad unit file setting\"; and what needs it fails.",
        .remedy =
            "put the line of the section right; for what else is wrong: systemctl edit --full",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.syntax(7), systemd-analyze(1), verify",
        .detect = detect_refused,
        .repair = mend_section,
    },
    {
        .id = "unit.line-ignored",
        .severity = FAULT_NOTICE,
        .title = "systemd ignores a line of a unit",
        .why = "What it should set is not set.",
        .remedy = "turn it into a comment",
        .risk = FAULT_RISK_LOW,
        .reference = "systemd.syntax(7)",
        .detect = detect_ignored,
        .repair = remedy_comment_line,
    },
};

FAULT_FAMILY(unit, faults);
