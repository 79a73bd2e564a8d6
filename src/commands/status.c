/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* status, cleanup: what is open on this host, and what a crash left. */

#include "base/text.h"
#include "commands/commands.h"
#include "session/journal.h"
#include "terminal/ui.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define SESSIONS_MAX 256

static const char *state_of(const struct journal_session *s)
{
    if (s->alive)
        return "open";
    return s->kept ? "mounted" : "left by a crash";
}

static int get_sessions(struct journal_session *sessions, struct error *e)
{
    int count = journal_sessions(sessions, SESSIONS_MAX);

    if (count < 0)
        return error_set(e, ERROR_HOST, count, "no-root", "cannot read %s: %s%s", JOURNAL_DIR,
                         strerror(-count), count == -EACCES ? "; run it with sudo" : "");
    return count;
}

static void print_json(const struct journal_session *sessions, int count)
{
    json_t *document = json_object(), *list = json_array();

    for (int i = 0; i < count; i++) {
        json_t *item = json_object();

        json_object_set_new(item, "id", json_string(sessions[i].id));
        json_object_set_new(item, "pid", json_integer(sessions[i].pid));
        json_object_set_new(item, "name", json_string(text_safe(sessions[i].name)));
        json_object_set_new(item, "target", json_string(text_safe(sessions[i].target)));
        json_object_set_new(item, "state", json_string(state_of(&sessions[i])));
        if (sessions[i].mount[0])
            json_object_set_new(item, "mount", json_string(text_safe(sessions[i].mount)));
        json_array_append_new(list, item);
    }
    json_object_set_new(document, "schema", json_string("unbrick.status/1"));
    json_object_set_new(document, "sessions", list);
    (void)json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
}

int command_status(const struct options *o, struct error *e)
{
    static struct journal_session sessions[SESSIONS_MAX];
    int count = get_sessions(sessions, e);

    if (count < 0)
        return e->kind;
    if (o->ui.json) {
        print_json(sessions, count);
        return 0;
    }
    if (count == 0)
        printf("Nothing is open.\n");
    for (int i = 0; i < count; i++) {
        printf("%s: %s, %s", text_safe(sessions[i].name[0] ? sessions[i].name : sessions[i].id),
               state_of(&sessions[i]), text_safe(sessions[i].target));
        if (sessions[i].mount[0])
            printf(", on %s", text_safe(sessions[i].mount));
        if (sessions[i].alive)
            printf(", process %d", (int)sessions[i].pid);
        putchar('\n');
    }
    return 0;
}

int command_cleanup(const struct options *o, struct error *e)
{
    static struct journal_session sessions[SESSIONS_MAX];
    int count = get_sessions(sessions, e), cleaned = 0, failed = 0;

    (void)o;
    for (int i = 0; i < count; i++) {
        if (sessions[i].alive || sessions[i].kept)
            continue;
        if (journal_undo(sessions[i].id, failed ? NULL : e) < 0)
            failed = e->kind;
        else
            cleaned++;
    }
    if (count < 0)
        return e->kind;
    if (!failed)
        ui_note(cleaned ? "What %d dead session%s left is taken down." : "Nothing was left behind.",
                cleaned, cleaned == 1 ? "" : "s");
    return failed;
}
