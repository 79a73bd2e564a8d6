/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the payload may do: network, capabilities, system calls; and its secrets. */

#include "commands/spawn_take.h"

#include "base/fd.h"
#include "base/text.h"
#include "commands/spawn_values.h"
#include "container/capabilities.h"
#include "container/seccomp.h"
#include "container/selinux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/personality.h>

/* systemd's own limit for all of them together (https://systemd.io/CREDENTIALS). */
#define CREDENTIAL_MAX ((size_t)1 << 20)

int spawn_take_untrusted(struct reader *r, const char *name, const char *value)
{
    r->plan->untrusted = true; /* the rest when all options are read */
    return 0;
}

int spawn_take_private_network(struct reader *r, const char *name, const char *value)
{
    r->plan->private_network = true;
    return 0;
}

int spawn_take_network_namespace(struct reader *r, const char *name, const char *value)
{
    if (value[0] != '/')
        return spawn_bad_value(r, name, value, "the absolute path of a network namespace");
    free(r->plan->network_namespace);
    r->plan->network_namespace = strdup(value);
    return r->plan->network_namespace ? 0 : spawn_out_of_memory(r);
}

static int take_label(struct reader *r, const char *value, char **label)
{
    int result = selinux_check_context(value, r->e);

    if (result < 0)
        return result;
    free(*label);
    *label = strdup(value);
    return *label ? 0 : spawn_out_of_memory(r);
}

int spawn_take_selinux_context(struct reader *r, const char *name, const char *value)
{
    return take_label(r, value, &r->plan->label);
}

int spawn_take_selinux_apifs_context(struct reader *r, const char *name, const char *value)
{
    return take_label(r, value, &r->plan->label_of_files);
}

static int change_capabilities(struct reader *r, const char *name, const char *value, bool keep)
{
    _cleanup_free_ char *copy = strdup(value);
    char *rest = copy, *word;

    if (!copy)
        return spawn_out_of_memory(r);
    if (strcmp(value, "help") == 0) {
        r->o->list_capabilities = true;
        return 0;
    }
    while ((word = strsep(&rest, ","))) {
        int cap = strcasecmp(word, "all") == 0 ? -1 : capability_from_name(word);
        uint64_t bits = cap < 0 ? UINT64_MAX : CAPABILITY_BIT((unsigned)cap);

        if (cap == -EINVAL)
            return spawn_bad_value(r, name, word, "names of capabilities, such as CAP_NET_ADMIN");
        if (keep)
            r->plan->capabilities |= bits;
        else
            r->plan->capabilities &= ~bits;
    }
    return 0;
}

int spawn_take_capability(struct reader *r, const char *name, const char *value)
{
    return change_capabilities(r, name, value, true);
}

int spawn_take_drop_capability(struct reader *r, const char *name, const char *value)
{
    return change_capabilities(r, name, value, false);
}

/* A list of calls and groups that are allowed too, or with ~ before it, refused. */
int spawn_take_system_call_filter(struct reader *r, const char *name, const char *value)
{
    bool refuse = value[0] == '~';
    _cleanup_free_ char *copy = strdup(value + refuse);
    char *rest = copy, *word;
    bool any = false;

    if (!copy)
        return spawn_out_of_memory(r);
    while ((word = strsep(&rest, " "))) {
        if (!*word)
            continue;
        if (!seccomp_is_known(word))
            return spawn_bad_value(r, name, word, "system calls and groups such as @mount");
        if (container_plan_add_word(refuse ? &r->plan->closed_calls : &r->plan->open_calls, word) <
            0)
            return spawn_out_of_memory(r);
        any = true;
    }
    return any ? 0 : spawn_bad_value(r, name, value, "system calls and groups such as @mount");
}

#if defined __x86_64__
#define WORD_32 "x86"
#define WORD_64 "x86-64"
#elif defined __aarch64__
#define WORD_32 "arm"
#define WORD_64 "arm64"
#endif

int spawn_take_personality(struct reader *r, const char *name, const char *value)
{
    r->o->personality_chosen = true;
    if (strcmp(value, WORD_32) == 0)
        r->plan->personality = PER_LINUX32;
    else if (strcmp(value, WORD_64) == 0)
        r->plan->personality = PER_LINUX;
    else
        return error_set(r->e, ERROR_USAGE, -EINVAL, "usage",
                         "--%s takes " WORD_32 " or " WORD_64 " here, not \"%s\"", name,
                         text_safe(value));
    return 0;
}

/* The part before the colon: a file name. */
static char *credential_name(const char *value)
{
    size_t length = strcspn(value, ":");
    char *name;

    if (!value[length] || length == 0 || length > 255 || memchr(value, '/', length) ||
        (value[0] == '.' && (length == 1 || (length == 2 && value[1] == '.'))))
        return NULL;
    name = strndup(value, length);
    return name;
}

static int add_credential(struct reader *r, const char *id, const void *data, size_t size)
{
    return container_plan_add_credential(r->plan, id, data, size) < 0 ? spawn_out_of_memory(r) : 0;
}

int spawn_take_set_credential(struct reader *r, const char *name, const char *value)
{
    _cleanup_free_ char *id = credential_name(value), *text = id ? strdup(value) : NULL;
    ssize_t size;

    if (!text)
        return spawn_bad_value(r, name, value, "ID:VALUE");
    size = spawn_unescape(text + strlen(id) + 1);
    if (size < 0)
        return spawn_bad_value(r, name, value, "ID:VALUE, with C's escapes");
    return add_credential(r, id, text + strlen(id) + 1, (size_t)size);
}

/* An absolute path, or the name of a credential of our own. */
int spawn_take_load_credential(struct reader *r, const char *name, const char *value)
{
    _cleanup_free_ char *id = credential_name(value), *data = NULL;
    const char *path = id ? value + strlen(id) + 1 : "",
               *directory = getenv("CREDENTIALS_DIRECTORY");
    char own[4096];
    size_t size;
    int error;

    if (!*path || (path[0] != '/' && (!directory || strchr(path, '/'))))
        return spawn_bad_value(r, name, value, "ID:PATH with an absolute path");
    if (path[0] != '/') {
        snprintf(own, sizeof own, "%s/%s", directory, path);
        path = own;
    }
    error = file_read(path, CREDENTIAL_MAX, &data, &size);
    if (error < 0)
        return error_set(r->e, ERROR_USAGE, -EINVAL, "usage", "cannot read the credential %s: %s",
                         text_safe(path), strerror(-error));
    return add_credential(r, id, data, size);
}
