/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/examine.h"

#include "terminal/ui.h"
#include "terminal/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_WIDTH 10
#define INDENT    2

static const struct {
    const char *word, *color;
} marks[] = {
    [FAULT_STOPS_BOOT] = {"STOPS THE BOOT", "\033[1;31m"},
    [FAULT_DEGRADES] = {"DEGRADES", "\033[33m"},
    [FAULT_NOTICE] = {"NOTICE", "\033[36m"},
};

char *examine_headline(const struct report *r, char *buf, size_t size)
{
    unsigned stopping = report_count(r, FAULT_STOPS_BOOT);

    if (stopping == 1)
        snprintf(buf, size, "Will not boot: %s", r->findings[0].what);
    else if (stopping > 1)
        snprintf(buf, size, "Will not boot: %s; and %u more", r->findings[0].what, stopping - 1);
    else if (r->count)
        snprintf(buf, size, "Nothing was found that stops the boot; %u lesser finding%s", r->count,
                 r->count == 1 ? "" : "s");
    else
        snprintf(buf, size, "Nothing was found that is wrong");
    return buf;
}

static void add_field(struct text *out, unsigned columns, const char *key, const char *value)
{
    _cleanup_text_ struct text field = TEXT_INIT(65536);

    if (!value || !value[0] || ui_format_field(&field, columns - INDENT, KEY_WIDTH, key, value) < 0)
        return;
    for (const char *line = field.data; *line;) {
        size_t size = strcspn(line, "\n");

        (void)text_appendf(out, "%*s%.*s\n", INDENT, "", (int)size, line);
        line += size + (line[size] == '\n');
    }
}

static void add_evidence(struct text *out, const struct finding *f)
{
    const char *line = f->evidence;

    /* As it is in the file: not wrapped, so that it can be searched for. */
    while (line && *line) {
        size_t size = strcspn(line, "\n");

        (void)text_appendf(out, "%*s%.*s\n", 2 * INDENT, "", (int)size, line);
        line += size + (line[size] == '\n');
    }
}

static void add_remedy(struct text *out, unsigned columns, const struct examine_subject *s,
                       const struct finding *f)
{
    char text[1200];

    if (finding_is_repairable(f)) {
        snprintf(text, sizeof text, "%s (%s risk)", f->remedy, fault_risk_name(f->risk));
        add_field(out, columns, "remedy", text);
    } else {
        add_field(out, columns, "remedy", f->remedy);
    }
    if (f->command) {
        add_field(out, columns, "command", f->command);
    } else if (finding_is_repairable(f)) {
        snprintf(text, sizeof text, "unbrick repair %s %s", s->targets, f->fault->id);
        add_field(out, columns, "command", text);
    }
}

static void add_finding(struct text *out, unsigned columns, bool color,
                        const struct examine_subject *s, const struct finding *f)
{
    (void)text_appendf(out, "\n%s%s%s  %s\n", color ? marks[f->severity].color : "",
                       marks[f->severity].word, color ? "\033[0m" : "", f->fault->id);
    (void)text_appendf(out, "%*s", INDENT, "");
    (void)wrap_append(out, f->what, columns, INDENT, INDENT);
    (void)text_append(out, "\n", 1);
    add_evidence(out, f);
    add_field(out, columns, "because", f->expected);
    add_field(out, columns, "at boot", f->why ? f->why : f->fault->why);
    add_remedy(out, columns, s, f);
}

struct history_writer {
    struct text *out;
    unsigned columns;
    bool begun;
};

static void add_history_line(void *userdata, const char *key, const char *value)
{
    struct history_writer *w = userdata;

    if (!w->begun)
        (void)text_append(w->out, "\n", 1);
    w->begun = true;
    add_field(w->out, w->columns, key, value);
}

int examine_text(const struct report *r, const struct examine_subject *s, unsigned columns,
                 bool color, struct text *out)
{
    char headline[1024];

    (void)wrap_append(out, examine_headline(r, headline, sizeof headline), columns, 0, 2);
    (void)text_append(out, "\n", 1);
    if (!text_is_empty(s->not_checked)) {
        (void)wrap_append(out, s->not_checked, columns, 0, 0);
        (void)text_append(out, "\n", 1);
    }
    examine_history(s, add_history_line, &(struct history_writer){.out = out, .columns = columns});
    for (unsigned i = 0; i < r->count; i++)
        add_finding(out, columns, color, s, &r->findings[i]);
    return out->failed;
}
