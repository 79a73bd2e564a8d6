/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* status, cleanup: what is open on this host, and what a crash left. */

#include "base/shell_word.h"
#include "base/text.h"
#include "commands/commands.h"
#include "session/client.h"
#include "session/journal.h"
#include "terminal/ui.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SESSIONS_MAX 256

static const char *state_of(const struct journal_session *s)
{
    if (s->alive)
        return "open";
    return s->kept ? "mounted" : "left by a crash";
}

/* What a session says about itself, or nothing: while it is opened or closed it is too busy. */
static bool ask(const struct journal_session *s, struct session_state *ret)
{
    return s->alive && client_state(s, ret) == 0;
}

static const char *const terminal_words[] = {
    [SESSION_NO_TERMINAL] = "none",
    [SESSION_ATTACHED] = "attached",
    [SESSION_LOST] = "lost",
};

static int get_sessions(struct journal_session *sessions, struct error *e)
{
    int count = journal_sessions(sessions, SESSIONS_MAX);

    if (count < 0)
        return error_set(e, ERROR_HOST, count, "no-root", "cannot read %s: %s%s", JOURNAL_DIR,
                         strerror(-count), count == -EACCES ? "; run it with sudo" : "");
    return count;
}

static json_t *visitors_to_json(const struct session_state *state)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < state->visitor_count && i < PROTOCOL_VISITORS_MAX; i++) {
        const struct session_visitor *v = &state->visitors[i];
        json_t *item = json_object();

        json_object_set_new(item, "pid", json_integer(v->pid));
        json_object_set_new(item, "command", json_string(text_safe(v->command)));
        if (v->from[0])
            json_object_set_new(item, "from", json_string(text_safe(v->from)));
        json_object_set_new(item, "since", json_integer(v->since));
        json_array_append_new(list, item);
    }
    return list;
}

static void add_state_to_json(json_t *item, const struct session_state *state)
{
    json_object_set_new(item, "terminal", json_string(terminal_words[state->terminal]));
    json_object_set_new(item, "ending", json_boolean(state->stopping));
    if (state->terminal == SESSION_LOST || state->stopping)
        json_object_set_new(item, "seconds_left", json_integer(state->seconds_left));
    json_object_set_new(item, "inside", visitors_to_json(state));
}

static void print_json(const struct journal_session *sessions, int count)
{
    json_t *document = json_object(), *list = json_array();

    for (int i = 0; i < count; i++) {
        json_t *item = json_object();
        struct session_state state;

        json_object_set_new(item, "id", json_string(sessions[i].id));
        json_object_set_new(item, "pid", json_integer(sessions[i].pid));
        json_object_set_new(item, "name", json_string(text_safe(sessions[i].name)));
        json_object_set_new(item, "target", json_string(text_safe(sessions[i].target)));
        json_object_set_new(item, "state", json_string(state_of(&sessions[i])));
        if (sessions[i].mount[0])
            json_object_set_new(item, "mount", json_string(text_safe(sessions[i].mount)));
        if (ask(&sessions[i], &state))
            add_state_to_json(item, &state);
        json_array_append_new(list, item);
    }
    json_object_set_new(document, "schema", json_string("unbrick.status/1"));
    json_object_set_new(document, "sessions", list);
    (void)json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
}

static void print_state(const struct journal_session *s, const struct session_state *state)
{
    char left[24];

    (void)text_duration(state->seconds_left, left);
    if (state->stopping)
        printf("  it is ending, and killed in %s\n", left);
    else if (state->terminal == SESSION_LOST)
        printf("  its terminal is lost: it ends in %s, unless `unbrick enter %s` takes it up\n",
               left, shell_word(s->name[0] ? s->name : s->id));
    for (unsigned i = 0; i < state->visitor_count && i < PROTOCOL_VISITORS_MAX; i++) {
        const struct session_visitor *v = &state->visitors[i];
        time_t since = (time_t)v->since;
        char date[32] = "";
        struct tm tm;

        if (localtime_r(&since, &tm))
            (void)strftime(date, sizeof date, "%H:%M", &tm);
        printf("  inside: %s%s%s since %s, process %d\n", text_safe(v->command),
               v->from[0] ? " from " : "", v->from[0] ? text_safe(v->from) : "", date, (int)v->pid);
    }
    if (state->visitor_count > PROTOCOL_VISITORS_MAX)
        printf("  and %u more\n", state->visitor_count - PROTOCOL_VISITORS_MAX);
}

/* Who names a session means that one, and all are looked at. */
static int no_argument(const char *command, struct error *e)
{
    (void)error_set(e, ERROR_USAGE, -EINVAL, "usage",
                    "%s takes no argument: it is for all sessions", command);
    return ERROR_USAGE;
}

int command_status(const struct options *o, struct error *e)
{
    static struct journal_session sessions[SESSIONS_MAX];
    int count;

    if (o->target_count)
        return no_argument("status", e);
    count = get_sessions(sessions, e);
    if (count < 0)
        return e->kind;
    if (o->ui.json) {
        print_json(sessions, count);
        return 0;
    }
    if (count == 0)
        printf("Nothing is open.\n");
    for (int i = 0; i < count; i++) {
        struct session_state state;

        printf("%s: %s, %s", text_safe(sessions[i].name[0] ? sessions[i].name : sessions[i].id),
               state_of(&sessions[i]), text_safe(sessions[i].target));
        if (sessions[i].mount[0])
            printf(", on %s", text_safe(sessions[i].mount));
        if (sessions[i].alive)
            printf(", number %s", sessions[i].id);
        putchar('\n');
        if (ask(&sessions[i], &state))
            print_state(&sessions[i], &state);
    }
    return 0;
}

int command_cleanup(const struct options *o, struct error *e)
{
    static struct journal_session sessions[SESSIONS_MAX];
    int count, cleaned = 0, failed = 0;

    if (o->target_count)
        return no_argument("cleanup", e);
    count = get_sessions(sessions, e);
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
