/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is started, as whom, with which names and on which terminal. */

#include "commands/spawn_take.h"

#include "base/fd.h"
#include "base/text.h"
#include "commands/spawn_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int spawn_bad_value(struct reader *r, const char *name, const char *value, const char *wanted)
{
    return error_set(r->e, ERROR_USAGE, -EINVAL, "usage", "--%s takes %s, not \"%s\"", name, wanted,
                     text_safe(value));
}

int spawn_out_of_memory(struct reader *r)
{
    return error_errno(r->e, -ENOMEM, "cannot plan the container");
}

int spawn_take_directory(struct reader *r, const char *name, const char *value)
{
    if (!*value)
        return spawn_bad_value(r, name, value, "a directory");
    r->o->directory = value;
    return 0;
}

int spawn_take_image(struct reader *r, const char *name, const char *value)
{
    if (!*value)
        return spawn_bad_value(r, name, value, "a disk, a partition or an image file");
    if (r->o->image_count == PATIENT_TARGETS_MAX)
        return error_set(r->e, ERROR_USAGE, -E2BIG, "usage", "a machine of more than %d disks",
                         PATIENT_TARGETS_MAX);
    r->o->images[r->o->image_count++] = value;
    return 0;
}

int spawn_take_boot(struct reader *r, const char *name, const char *value)
{
    r->o->boot = true;
    return 0;
}

int spawn_take_as_pid2(struct reader *r, const char *name, const char *value)
{
    r->o->as_pid2 = true;
    return 0;
}

int spawn_take_quiet(struct reader *r, const char *name, const char *value)
{
    r->o->quiet = true;
    return 0;
}

int spawn_take_keep_unit(struct reader *r, const char *name, const char *value)
{
    r->o->keep_unit = true;
    return 0;
}

int spawn_take_notify_ready(struct reader *r, const char *name, const char *value)
{
    if (spawn_read_bool(value, &r->o->notify_ready) < 0)
        return spawn_bad_value(r, name, value, "yes or no");
    return 0;
}

int spawn_take_help(struct reader *r, const char *name, const char *value)
{
    r->o->help = true;
    return 0;
}

int spawn_take_version(struct reader *r, const char *name, const char *value)
{
    r->o->version = true;
    return 0;
}

int spawn_take_cleanup(struct reader *r, const char *name, const char *value)
{
    r->o->cleanup = true;
    return 0;
}

int spawn_take_no_ask_password(struct reader *r, const char *name, const char *value)
{
    r->o->no_passphrase = true;
    return 0;
}

int spawn_take_dry_run(struct reader *r, const char *name, const char *value)
{
    r->o->dry_run = true;
    return 0;
}

int spawn_take_machine(struct reader *r, const char *name, const char *value)
{
    if (!spawn_is_hostname(value))
        return spawn_bad_value(r, name, value, "a machine name (letters, digits, - and .)");
    snprintf(r->plan->name, sizeof r->plan->name, "%s", value);
    return 0;
}

int spawn_take_hostname(struct reader *r, const char *name, const char *value)
{
    if (!spawn_is_hostname(value))
        return spawn_bad_value(r, name, value, "a host name (letters, digits, - and .)");
    snprintf(r->plan->hostname, sizeof r->plan->hostname, "%s", value);
    return 0;
}

int spawn_take_uuid(struct reader *r, const char *name, const char *value)
{
    if (spawn_read_uuid(value, r->plan->uuid) < 0)
        return spawn_bad_value(r, name, value, "a UUID");
    return container_plan_set_env(r->plan, "container_uuid", r->plan->uuid) < 0
               ? spawn_out_of_memory(r)
               : 0;
}

int spawn_take_setenv(struct reader *r, const char *name, const char *value)
{
    const char *equals = strchrnul(value, '=');
    _cleanup_free_ char *variable = strndup(value, (size_t)(equals - value));
    const char *content;

    if (!variable)
        return spawn_out_of_memory(r);
    if (!*variable || isdigit((unsigned char)*variable))
        return spawn_bad_value(r, name, value, "NAME=VALUE");
    for (const char *c = variable; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return spawn_bad_value(r, name, value, "NAME=VALUE");
    content = *equals ? equals + 1 : getenv(variable);
    if (content && container_plan_set_env(r->plan, variable, content) < 0)
        return spawn_out_of_memory(r);
    return 0;
}

int spawn_take_chdir(struct reader *r, const char *name, const char *value)
{
    if (value[0] != '/')
        return spawn_bad_value(r, name, value, "an absolute path");
    free(r->plan->chdir);
    r->plan->chdir = strdup(value);
    return r->plan->chdir ? 0 : spawn_out_of_memory(r);
}

int spawn_take_user(struct reader *r, const char *name, const char *value)
{
    if (!*value || strpbrk(value, ":/\n"))
        return spawn_bad_value(r, name, value, "a user of the container");
    r->o->user = value;
    return 0;
}

int spawn_take_kill_signal(struct reader *r, const char *name, const char *value)
{
    int signal = spawn_signal_from_name(value);

    if (signal < 0)
        return spawn_bad_value(r, name, value, "a signal");
    r->o->kill_signal = signal;
    return 0;
}

int spawn_take_pipe(struct reader *r, const char *name, const char *value)
{
    r->o->console = SPAWN_CONSOLE_PIPE;
    return 0;
}

int spawn_take_console(struct reader *r, const char *name, const char *value)
{
    static const struct {
        const char *word;
        enum spawn_console console;
    } modes[] = {{"interactive", SPAWN_CONSOLE_INTERACTIVE},
                 {"read-only", SPAWN_CONSOLE_READ_ONLY},
                 {"passive", SPAWN_CONSOLE_PASSIVE},
                 {"pipe", SPAWN_CONSOLE_PIPE},
                 {"autopipe", SPAWN_CONSOLE_AUTOPIPE}};

    if (strcmp(value, "raw") == 0) {
        r->o->raw_console = true;
        return 0;
    }
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(value, modes[i].word) == 0) {
            r->o->console = modes[i].console;
            return 0;
        }
    return spawn_bad_value(r, name, value,
                           "interactive, read-only, passive, pipe, autopipe or raw");
}

static int take_file_mode(const char *value, enum spawn_file_mode *ret)
{
    static const struct {
        const char *word;
        enum spawn_file_mode mode;
    } modes[] = {{"auto", SPAWN_FILE_DEFAULT}, {"off", SPAWN_FILE_OFF},
                 {"bind", SPAWN_FILE_BIND},    {"copy", SPAWN_FILE_COPY},
                 {"symlink", SPAWN_FILE_LINK}, {"delete", SPAWN_FILE_DELETE}};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(value, modes[i].word) == 0) {
            *ret = modes[i].mode;
            return 0;
        }
    return -EINVAL;
}

/* off, delete, auto, or a way and a source: "bind-stub". */
int spawn_take_resolv_conf(struct reader *r, const char *name, const char *value)
{
    static const struct {
        const char *word;
        enum spawn_file_mode mode;
    } ways[] = {
        {"copy-", SPAWN_FILE_COPY}, {"replace-", SPAWN_FILE_REPLACE}, {"bind-", SPAWN_FILE_BIND}};
    static const struct {
        const char *word, *path; /* systemd-resolved(8), /ETC/RESOLV.CONF */
    } sources[] = {{"host", "/etc/resolv.conf"},
                   {"static", "/usr/lib/systemd/resolv.conf"},
                   {"uplink", "/run/systemd/resolve/resolv.conf"},
                   {"stub", "/run/systemd/resolve/stub-resolv.conf"}};
    struct spawn_file *file = &r->o->resolv_conf;

    file->source = sources[0].path;
    if (strcmp(value, "off") == 0 || strcmp(value, "auto") == 0 || strcmp(value, "delete") == 0)
        return take_file_mode(value, &file->mode);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        for (size_t j = 0; j < sizeof sources / sizeof sources[0]; j++)
            if (text_starts_with(value, ways[i].word) &&
                strcmp(value + strlen(ways[i].word), sources[j].word) == 0) {
                *file = (struct spawn_file){ways[i].mode, sources[j].path};
                return 0;
            }
    return spawn_bad_value(r, name, value,
                           "off, auto, delete, or copy, replace or bind with -host, -static, "
                           "-uplink or -stub");
}

int spawn_take_timezone(struct reader *r, const char *name, const char *value)
{
    if (take_file_mode(value, &r->o->timezone.mode) == 0) {
        /* There is a link as a rule, which a copy takes the place of. */
        if (r->o->timezone.mode == SPAWN_FILE_COPY)
            r->o->timezone.mode = SPAWN_FILE_REPLACE;
        return 0;
    }
    return spawn_bad_value(r, name, value, "off, auto, bind, copy, symlink or delete");
}

/*
 * nspawn's options for something that is not there: what they may say, and what to use instead of
 * the rest. A boolean's "no" is taken for those that nspawn reads a boolean for; the words are
 * others of nspawn's that leave it open, so that nothing is missed when it does not happen.
 */
static const struct no_row {
    const char *name;
    bool boolean;
    const char *words[4]; /* NULL-ended */
    const char *instead;
} no_rows[] = {
    {"register", true, {"auto"}, "use `unbrick status`, which shows what runs"},
    {"settings", true, {NULL}, "use its options themselves, no file beside a disk is believed"},
    /* No boolean: nspawn takes these words alone. */
    {"link-journal",
     false,
     {"no", "auto", "try-guest", "try-host"},
     "use --bind=/var/log/journal/ID, or journalctl inside"},
    {"private-users", true, {NULL}, "use --untrusted: root inside is nobody outside"},
    {"no-new-privileges", true, {NULL}, "use `setpriv --no-new-privs` inside"},
    {"suppress-sync", true, {NULL}, "use --ephemeral, which writes to memory only"},
};

static bool says_no(const struct no_row *row, const char *value)
{
    bool wanted = true;

    for (size_t i = 0; i < sizeof row->words / sizeof row->words[0] && row->words[i]; i++)
        if (strcmp(value, row->words[i]) == 0)
            return true;
    return row->boolean && spawn_read_bool(value, &wanted) == 0 && !wanted;
}

/* An option without a value is "on" for nspawn. */
int spawn_take_no(struct reader *r, const char *name, const char *value)
{
    const struct no_row *row = no_rows;

    while (strcmp(row->name, name) != 0)
        row++;
    if (value && says_no(row, value))
        return 0;
    return error_set(r->e, ERROR_USAGE, -EINVAL, "usage", "--%s takes only no here: %s", name,
                     row->instead);
}

int spawn_take_nothing(struct reader *r, const char *name, const char *value)
{
    return 0;
}
