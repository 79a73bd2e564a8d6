/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/repair_json.h"

#include "base/text.h"
#include "commands/examine.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

static json_t *findings_of(const struct report *r)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < r->count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "id", r->findings[i].fault->id,
                                        "severity", examine_severity_word(r->findings[i].severity),
                                        "what", r->findings[i].what));
    return list;
}

int repair_json(const struct repair_plan *plan, const char *name, const char *shown, bool applied,
                const char *stamp, struct error *e)
{
    json_t *document = json_object();
    char headline[1024];
    int r;

    json_object_set_new(document, "schema", json_string("unbrick.repair/1"));
    json_object_set_new(document, "name", json_string(name));
    json_object_set_new(document, "changes", json_string(shown));
    json_object_set_new(document, "applied", json_boolean(applied));
    if (stamp[0])
        json_object_set_new(document, "copies", json_string(stamp));
    json_object_set_new(document, "headline",
                        json_string(examine_headline(&plan->report, headline, sizeof headline)));
    json_object_set_new(document, "findings", findings_of(&plan->report));
    r = json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
    /* What could not be written, main() tells: ui_flush_output(). */
    return r < 0 && !ferror(stdout) ? error_errno(e, -ENOMEM, "making the document") : 0;
}
