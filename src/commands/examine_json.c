/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The schema "unbrick.examine/1", described in docs/json.md. */

#include "base/text.h"
#include "commands/examine.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

static void set_text(json_t *object, const char *key, const char *value)
{
    if (!text_is_empty(value))
        json_object_set_new(object, key, json_string(value));
}

const char *examine_severity_word(enum fault_severity s)
{
    static const char *const words[] = {
        [FAULT_STOPS_BOOT] = "stops-boot",
        [FAULT_DEGRADES] = "degrades",
        [FAULT_NOTICE] = "notice",
    };

    return words[s];
}

static json_t *finding_to_json(const struct finding *f)
{
    json_t *item = json_object();

    set_text(item, "id", f->fault->id);
    set_text(item, "severity", examine_severity_word(f->severity));
    set_text(item, "what", f->what);
    set_text(item, "file", f->file ? text_safe(f->file) : NULL);
    if (f->line)
        json_object_set_new(item, "line", json_integer(f->line));
    set_text(item, "evidence", f->evidence);
    set_text(item, "because", f->expected);
    set_text(item, "why", f->why ? f->why : f->fault->why);
    set_text(item, "remedy", f->remedy);
    set_text(item, "risk", fault_risk_name(f->risk));
    json_object_set_new(item, "repairable", json_boolean(finding_is_repairable(f)));
    set_text(item, "command", f->command);
    set_text(item, "reference", f->fault->reference);
    return item;
}

static json_t *boot_to_json(const struct history_boot *b)
{
    json_t *item = json_object();

    json_object_set_new(item, "time", json_integer(b->when));
    set_text(item, "kernel", b->kernel[0] ? text_safe(b->kernel) : NULL);
    return item;
}

static json_t *history_to_json(const struct history *h)
{
    json_t *item = json_object(), *failed = json_array(), *events = json_array();

    set_text(item, "source", h->source);
    if (h->good.when)
        json_object_set_new(item, "good_boot", boot_to_json(&h->good));
    if (h->last.when)
        json_object_set_new(item, "failed_boot", boot_to_json(&h->last));
    set_text(item, "last_message", h->stopped[0] ? text_safe(h->stopped) : NULL);
    for (unsigned i = 0; i < h->failed_count; i++)
        json_array_append_new(failed, json_string(text_safe(h->failed[i])));
    json_object_set_new(item, "failed_units", failed);
    for (unsigned i = 0; i < h->event_count; i++) {
        json_t *event = json_object();

        json_object_set_new(event, "time", json_integer(h->events[i].when));
        set_text(event, "what", h->events[i].what);
        json_array_append_new(events, event);
    }
    json_object_set_new(item, "changes", events);
    return item;
}

static json_t *ways_back_to_json(const struct examine_subject *s)
{
    json_t *ways = json_array();

    for (unsigned i = 0; i < s->back->count; i++) {
        const struct way_back *way = &s->back->items[i];
        json_t *item = json_object();
        char command[1024];

        set_text(item, "kind", way_back_kind_name(way->kind));
        set_text(item, "what", way->what);
        if (way->when)
            json_object_set_new(item, "time", json_integer(way->when));
        json_object_set_new(item, "before_changes", json_boolean(way->before_changes));
        set_text(item, "system", way->system);
        set_text(item, "command", examine_way_back_command(s, way, command, sizeof command));
        set_text(item, "how", way->how);
        json_array_append_new(ways, item);
    }
    return ways;
}

int examine_json(const struct report *r, const struct examine_subject *s, struct error *e)
{
    json_t *document = json_object(), *findings = json_array();
    char headline[1024];
    int failed;

    json_object_set_new(document, "schema", json_string("unbrick.examine/1"));
    set_text(document, "name", s->name);
    set_text(document, "system", s->system);
    set_text(document, "not_checked", s->not_checked);
    set_text(document, "headline", examine_headline(r, headline, sizeof headline));
    json_object_set_new(document, "boots", json_boolean(!report_count(r, FAULT_STOPS_BOOT)));
    json_object_set_new(document, "stopped", json_boolean(r->stopped));
    if (s->history)
        json_object_set_new(document, "history", history_to_json(s->history));
    if (s->back)
        json_object_set_new(document, "go_back", ways_back_to_json(s));
    for (unsigned i = 0; i < r->count; i++)
        json_array_append_new(findings, finding_to_json(&r->findings[i]));
    json_object_set_new(document, "findings", findings);
    failed = json_dumpf(document, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF;
    json_decref(document);
    /* What could not be written, main() tells: ui_flush_output(). */
    return failed && !ferror(stdout) ? error_errno(e, -ENOMEM, "making the report") : 0;
}
