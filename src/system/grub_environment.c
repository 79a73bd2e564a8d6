/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/grub_environment.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char signature[] = "# GRUB Environment Block\n";

bool grub_environment_is_valid(const char *data, size_t size, char *why, size_t why_size)
{
    const char *problem = NULL;
    char text[64];

    if (size != GRUB_ENVIRONMENT_SIZE) {
        /* grub_envblk_open() takes any size, but GRUB itself can only write back what fills whole
         * sectors (commands/loadenv.c), and grub-editenv makes 1024 bytes. */
        snprintf(text, sizeof text, "it has %zu bytes instead of %d", size, GRUB_ENVIRONMENT_SIZE);
        problem = text;
    }
    if (size < sizeof signature - 1 || memcmp(data, signature, sizeof signature - 1) != 0)
        problem = "it does not begin with \"# GRUB Environment Block\"";
    if (problem && why)
        snprintf(why, why_size, "%s", problem);
    return !problem;
}

/* The line at @at without its newline, and where the next one begins. A backslash before a newline
 * or a backslash is an escape (lib/envblk.c). */
static size_t line_end(const struct grub_environment *env, size_t at)
{
    while (at < env->size && env->data[at] != '\n')
        at += env->data[at] == '\\' && at + 1 < env->size ? 2 : 1;
    return at < env->size ? at : env->size;
}

static void unescape(const char *from, size_t size, char *ret, size_t ret_size)
{
    size_t used = 0;

    for (size_t i = 0; i < size && used + 1 < ret_size; i++) {
        if (from[i] == '\\' && i + 1 < size)
            i++;
        if (from[i] && from[i] != '\n')
            ret[used++] = from[i];
    }
    ret[used] = '\0';
}

bool grub_environment_next(const struct grub_environment *env, size_t *at, char *ret_name,
                           size_t name_size, char *ret_value, size_t value_size)
{
    while (*at < env->size) {
        const char *line = env->data + *at;
        size_t end = line_end(env, *at), length = end - *at;
        const char *equals = memchr(line, '=', length);

        *at = end + 1;
        if (length == 0 || *line == '#' || !equals || (size_t)(equals - line) >= name_size)
            continue;
        memcpy(ret_name, line, (size_t)(equals - line));
        ret_name[equals - line] = '\0';
        if (memchr(ret_name, '\0', (size_t)(equals - line)))
            continue;
        unescape(equals + 1, length - (size_t)(equals + 1 - line), ret_value, value_size);
        return true;
    }
    return false;
}

int grub_environment_get(const struct grub_environment *env, const char *name, char *ret,
                         size_t ret_size)
{
    char found[64], value[GRUB_ENVIRONMENT_SIZE + 1];
    size_t at = 0;
    int r = -ENOENT;

    while (grub_environment_next(env, &at, found, sizeof found, value, sizeof value)) {
        if (strcmp(found, name) != 0)
            continue;
        if (strlen(value) >= ret_size)
            return -ENAMETOOLONG;
        snprintf(ret, ret_size, "%s", value);
        r = 0;
    }
    return r;
}

static void put_line(struct text *t, const char *name, const char *value)
{
    (void)text_appendf(t, "%s=", name);
    for (; *value; value++) {
        if (*value == '\\')
            (void)text_append(t, "\\", 1);
        (void)text_append(t, value, 1);
    }
    (void)text_append(t, "\n", 1);
}

int grub_environment_write(const struct grub_environment *env, const char *name, const char *value,
                           char ret[static GRUB_ENVIRONMENT_SIZE])
{
    _cleanup_text_ struct text t = TEXT_INIT(GRUB_ENVIRONMENT_SIZE);
    char found[64], old[GRUB_ENVIRONMENT_SIZE + 1];
    bool written = false;
    size_t at = 0;

    (void)text_appendf(&t, "%s", signature);
    while (grub_environment_next(env, &at, found, sizeof found, old, sizeof old)) {
        bool same = name && strcmp(found, name) == 0;

        if (!same)
            put_line(&t, found, old);
        else if (value && !written)
            put_line(&t, found, value);
        written |= same;
    }
    if (name && value && !written)
        put_line(&t, name, value);
    if (t.failed)
        return t.failed == -E2BIG ? -ENOSPC : t.failed;
    memset(ret, '#', GRUB_ENVIRONMENT_SIZE);
    memcpy(ret, t.data, t.size);
    return 0;
}
