/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The report as one page, to be attached to a ticket. All text is escaped; nothing is loaded. */

#include "base/text.h"
#include "commands/examine.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* "default-src 'none'": should anything have got through, it may not load or run. */
static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\n"
    ":root { color-scheme: light dark; --line: #8884; --stop: #b3261e; --degrade: #8a5a00;\n"
    "        --notice: #00639b; }\n"
    "@media (prefers-color-scheme: dark) { :root { --stop: #ff8a80; --degrade: #ffc46b;\n"
    "        --notice: #7cc4ff; } }\n"
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto;\n"
    "       padding: 0 1rem; }\n"
    "h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.25rem 0 1rem; }\n"
    "h2 { font-size: 1.1rem; margin: 0.25rem 0 0.5rem; }\n"
    "section { border: 1px solid var(--line); border-left-width: 0.4rem; border-radius: 0.3rem;\n"
    "          margin: 1rem 0; padding: 0.75rem 1rem; overflow-wrap: anywhere; }\n"
    ".stops-boot { border-left-color: var(--stop); }\n"
    ".degrades { border-left-color: var(--degrade); }\n"
    ".notice { border-left-color: var(--notice); }\n"
    ".mark { font-size: 0.8rem; font-weight: 600; letter-spacing: 0.04em; }\n"
    ".stops-boot .mark { color: var(--stop); }\n"
    ".degrades .mark { color: var(--degrade); }\n"
    ".notice .mark { color: var(--notice); }\n"
    "code, pre { font: 0.875rem/1.4 ui-monospace, monospace; }\n"
    "pre { white-space: pre-wrap; margin: 0.5rem 0; padding: 0.5rem 0.75rem; background: #8881;\n"
    "      border-radius: 0.25rem; }\n"
    "dl { display: grid; grid-template-columns: 5rem 1fr; gap: 0.25rem 1rem; margin: 0; }\n"
    "dt { opacity: 0.7; } dd { margin: 0; }\n"
    "@media (max-width: 30rem) { body { margin-top: 1rem; padding: 0 0.5rem; }\n"
    "        section { padding: 0.75rem; } dl { display: block; } dt { margin-top: 0.5rem; } }\n"
    "p.about, footer { opacity: 0.75; }\n"
    "</style>\n";

static void add(struct text *out, const char *s)
{
    for (; s && *s; s++) {
        static const struct {
            char c;
            const char *entity;
        } entities[] = {
            {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
        const char *entity = NULL;

        for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
            if (*s == entities[i].c)
                entity = entities[i].entity;
        if (entity)
            (void)text_append(out, entity, strlen(entity));
        else
            (void)text_append(out, s, 1);
    }
}

static void add_element(struct text *out, const char *before, const char *s, const char *after)
{
    if (text_is_empty(s))
        return;
    (void)text_appendf(out, "%s", before);
    add(out, s);
    (void)text_appendf(out, "%s\n", after);
}

static void add_row(void *userdata, const char *key, const char *value)
{
    struct text *out = userdata;

    if (text_is_empty(value))
        return;
    add_element(out, "<dt>", key, "</dt>");
    add_element(out, "<dd>", value, "</dd>");
}

static const struct {
    const char *class, *words;
} marks[] = {
    [FAULT_STOPS_BOOT] = {"stops-boot", "STOPS THE BOOT"},
    [FAULT_DEGRADES] = {"degrades", "DEGRADES"},
    [FAULT_NOTICE] = {"notice", "NOTICE"},
};

static void add_finding(struct text *out, const struct examine_subject *s, const struct finding *f)
{
    char text[1200];

    (void)text_appendf(out,
                       "<section class=\"%s\">\n<span class=\"mark\">%s</span> <code>%s</code>\n",
                       marks[f->severity].class, marks[f->severity].words, f->fault->id);
    add_element(out, "<h2>", f->what, "</h2>");
    add_element(out, "<pre>", f->evidence, "</pre>");
    (void)text_appendf(out, "<dl>\n");
    add_row(out, "because", f->expected);
    add_row(out, "at boot", f->why ? f->why : f->fault->why);
    snprintf(text, sizeof text, "%s (%s risk)", f->remedy, fault_risk_name(f->risk));
    if (finding_is_repairable(f))
        add_row(out, "remedy", text);
    else
        add_row(out, "remedy", f->remedy);
    snprintf(text, sizeof text, "unbrick repair %s %s", s->targets, f->fault->id);
    if (f->command || finding_is_repairable(f)) {
        (void)text_appendf(out, "<dt>command</dt>\n");
        add_element(out, "<dd><code>", f->command ? f->command : text, "</code></dd>");
    }
    add_row(out, "see", f->fault->reference);
    (void)text_appendf(out, "</dl>\n</section>\n");
}

int examine_html(const struct report *r, const struct examine_subject *s, struct text *out)
{
    char headline[1024], date[64] = "";
    time_t now = time(NULL);
    struct tm tm;

    if (localtime_r(&now, &tm))
        (void)strftime(date, sizeof date, "%e %b %Y, %H:%M %Z", &tm);
    (void)text_appendf(out, "%s", head);
    add_element(out, "<title>", s->name, ": why it does not boot</title>\n</head>\n<body>");
    (void)text_appendf(out, "<p class=\"about\">");
    add(out, s->name);
    (void)text_appendf(out, ", ");
    add(out, s->system);
    add_element(out, ", ", s->targets, "</p>");
    add_element(out, "<h1>", examine_headline(r, headline, sizeof headline), ".</h1>");
    add_element(out, "<p>", s->not_checked, "</p>");
    (void)text_appendf(out, "<dl>\n");
    examine_history(s, add_row, out);
    (void)text_appendf(out, "</dl>\n");
    for (unsigned i = 0; i < r->count; i++)
        add_finding(out, s, &r->findings[i]);
    (void)text_appendf(out, "<footer>unbrick %s, %s</footer>\n</body>\n</html>\n", UNBRICK_VERSION,
                       date + strspn(date, " "));
    return out->failed;
}
